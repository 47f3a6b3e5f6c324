"""Both readings of what an adjustment does to the `tx` id (sheet, C1)."""

from __future__ import annotations

import pytest

from rewards_site.button.sandbox.records import TxIds
from rewards_site.button.sandbox.running import running_sandbox
from tests.button.sandbox.caller import ALL, Caller
from tests.button.sandbox.receiver import Receiver

DAY_1, DAY_2, DAY_3 = (f"2026-11-{day}T10:00:00Z" for day in (20, 21, 22))


def told_and_shown(tx_ids: TxIds, end: str) -> tuple[list[str], list[str]]:
    """An order of 100, adjusted to 70, then ended: the webhooks in order, and the API's rows.

    Ids are written as the order in which they were first shown: tx1, tx2.
    """
    with (
        Receiver() as receiver,
        running_sandbox(tx_ids=tx_ids, webhook_url=receiver.url, webhook_secret="s") as sandbox,
    ):
        caller = Caller(sandbox)
        assert sandbox.sender is not None
        order = caller.order(total=1000, amount=100, at=DAY_1)["button_order_id"]
        for verb, body in (("adjust", {"amount": 70, "at": DAY_2}), (end, {"at": DAY_3})):
            assert sandbox.sender.wait_until_quiet(seconds=30)
            caller.control(f"orders/{order}/{verb}", **body)
        assert sandbox.sender.wait_until_quiet(seconds=30)
        rows = caller.objects(ALL)
    assert {row["button_order_id"] for row in rows} == {order}
    names = {row["id"]: f"tx{number}" for number, row in enumerate(rows, start=1)}
    told = [
        f"{names[one.event['data']['id']]} {one.event['event_type']} {one.amount}"
        for one in receiver.acknowledged
    ]
    shown = [
        f"{names[row['id']]} {row['status']} {row['amount']} {row['modified_date'][8:10]}"
        for row in rows
    ]
    return told, shown


def test_r1_keeps_one_id_and_shows_its_latest_state() -> None:
    told, shown = told_and_shown(TxIds.SAME, "validate")

    assert told == ["tx1 tx-pending 100", "tx1 tx-pending 70", "tx1 tx-validated 70"]
    assert shown == ["tx1 validated 70 22"]


def test_r2_declines_the_old_id_and_ends_the_new_one() -> None:
    told, shown = told_and_shown(TxIds.NEW_DECLINED, "validate")

    assert told[0] == "tx1 tx-pending 100"
    # The two of the adjustment are of different transactions: they may overtake each other.
    assert sorted(told[1:3]) == ["tx1 tx-declined 100", "tx2 tx-pending 70"]
    assert told[3:] == ["tx2 tx-validated 70"]
    assert shown == ["tx1 declined 100 21", "tx2 validated 70 22"]


def test_r2_may_leave_the_old_id_pending() -> None:
    told, shown = told_and_shown(TxIds.NEW_PENDING, "decline")

    assert told == ["tx1 tx-pending 100", "tx2 tx-pending 70", "tx2 tx-declined 70"]
    assert shown == ["tx1 pending 100 20", "tx2 declined 70 22"]


@pytest.mark.parametrize("tx_ids", [TxIds.NEW_DECLINED, TxIds.NEW_PENDING])
def test_two_ids_of_one_order_never_share_a_second(tx_ids: TxIds) -> None:
    with running_sandbox(tx_ids=tx_ids) as sandbox:
        caller = Caller(sandbox)
        order = caller.order(total=1000, amount=100, at=DAY_1)["button_order_id"]
        for amount in (90, 80):
            caller.control(f"orders/{order}/adjust", amount=amount, at=DAY_1)
        rows = caller.objects(ALL)

    assert [(row["amount"], row["created_date"]) for row in rows] == [
        (100, "2026-11-20T10:00:00Z"),
        (90, "2026-11-20T10:00:01Z"),
        (80, "2026-11-20T10:00:02Z"),
    ]
