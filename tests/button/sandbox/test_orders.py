"""Control calls for orders: taps, windows that end, commissions split over accounts."""

from __future__ import annotations

from tests.button.sandbox.caller import ACCOUNTS, ALL
from tests.button.sandbox.stage import on_stage


def test_an_order_by_a_tap_is_of_whoever_tapped() -> None:
    with on_stage() as stage:
        tap = stage.caller.control(
            "taps", customer="member-1", merchant="Kitsune Games", pub_ref="c-1"
        )
        for _ in range(2):  # several orders may come of one tap
            stage.order(btn_ref=tap["btn_ref"])
        rows = stage.caller.objects(ALL)

    assert tap["btn_ref"].startswith("srctok-")
    assert len({row["button_order_id"] for row in rows}) == 2
    for row in rows:
        assert row["btn_ref"] == tap["btn_ref"]
        assert row["publisher_customer_id"] == "member-1"
        assert row["pub_ref"] == "c-1"
        assert row["commerce_organization_name"] == "Kitsune Games"


def test_a_tap_for_trying_has_a_token_of_its_own_kind() -> None:
    with on_stage() as stage:
        tap = stage.caller.control("taps", is_test=True)

    assert len(tap["btn_ref"]) == len("fakesrctok-") + 16
    assert tap["btn_ref"].startswith("fakesrctok-")


def test_an_order_is_validated_when_its_window_is_over() -> None:
    with on_stage() as stage:
        order = stage.order(finalization_minutes=60)
        gone = stage.order(finalization_minutes=60)
        stage.move(gone, "cancel")
        stage.advance(minutes=59)
        assert stage.caller.state()["orders"][0]["status"] == "pending"

        stage.advance(minutes=1)
        first, second = stage.caller.state()["orders"]

    assert order["finalizes_at"] == "2026-11-20T13:00:00.000Z"
    assert (first["status"], second["status"]) == ("validated", "declined")
    assert first["transactions"][0]["modified_at"] == "2026-11-20T13:00:00.000Z"


def test_the_clock_can_be_put_forward_to_the_end_of_an_orders_window() -> None:
    with on_stage() as stage:
        brand = stage.caller.state()["orders"] or stage.order(merchant="Kitsune Games")
        minutes = next(
            one["finalization_window_minutes"]
            for one in stage.caller.session.get(
                f"{stage.caller.url}/control/brands", timeout=10
            ).json()["brands"]
            if one["id"] == brand["merchant"]
        )
        done = stage.caller.control(f"orders/{brand['button_order_id']}/finalize")
        at = stage.caller.state()["at"]
        again = stage.caller.post(f"orders/{brand['button_order_id']}/finalize")

    assert minutes >= 24 * 60
    assert done["status"] == "validated"
    assert at.startswith(done["finalizes_at"][:19])
    assert again.status_code == 409
    assert stage.told() == [("tx-pending", 100), ("tx-validated", 100)]


def test_an_order_of_long_ago_can_be_finalized_too() -> None:
    with on_stage() as stage:
        order = stage.order(at="2026-01-01T00:00:00Z", finalization_minutes=60)
        assert stage.caller.state()["orders"][0]["status"] == "pending"
        stage.caller.control(f"orders/{order['button_order_id']}/finalize")
        (row,) = stage.caller.objects(ALL)

    assert row["validated_date"] == "2026-01-01T01:00:00Z"


def test_a_commission_is_split_over_two_accounts_under_one_order_id() -> None:
    with on_stage() as stage:
        order = stage.order(
            total=1000, amount=70, shares=[{"currency": "GBP", "amount": 30}], customer="member-1"
        )
        stage.move(order, "adjust", amount=50, shares=[{"currency": "GBP", "amount": 20}])
        stage.move(order, "validate")
        accounts = {row["id"]: row["currency"] for row in stage.caller.objects(ACCOUNTS)}
        rows = stage.caller.objects(ALL)

    assert set(accounts.values()) == {"USD", "GBP"}
    assert {row["button_order_id"] for row in rows} == {order["button_order_id"]}
    assert len({row["id"] for row in rows}) == 2
    assert {(accounts[row["account_id"]], row["amount"], row["status"]) for row in rows} == {
        ("USD", 50, "validated"),
        ("GBP", 20, "validated"),
    }
    assert {row["order_currency"] for row in rows} == {"USD"}


def test_a_share_that_cannot_be_is_refused() -> None:
    with on_stage() as stage:
        same = stage.caller.post("orders", total=1, amount=1, shares=[{"currency": "USD",
                                                                       "amount": 1}])  # fmt: skip
        twice = stage.caller.post(
            "orders", total=1, amount=1,
            shares=[{"currency": "GBP", "amount": 1}, {"currency": "GBP", "amount": 1}],
        )  # fmt: skip
        whole = stage.order()
        none = stage.caller.post(
            f"orders/{whole['button_order_id']}/adjust",
            amount=1,
            shares=[{"currency": "GBP", "amount": 1}],
        )
        (row,) = stage.caller.objects(ALL)

    assert (same.status_code, twice.status_code, none.status_code) == (400, 400, 404)
    assert row["amount"] == 100


def test_a_first_order_of_a_currency_opens_its_account() -> None:
    with on_stage() as stage:
        before = stage.caller.objects(ACCOUNTS)
        stage.order(currency="JPY")
        stage.order(currency="JPY")
        after = stage.caller.objects(ACCOUNTS)

    assert before == []
    assert [row["currency"] for row in after] == ["JPY"]


def test_zero_orders_negative_lines_and_nobodys_orders() -> None:
    with on_stage() as stage:
        stage.order(total=0, amount=0)
        stage.order(
            lines=[
                {"amount": 500, "publisher_commission": 50},
                {"amount": -900, "publisher_commission": -90},
            ],
        )
        rows = stage.caller.objects(ALL)

    told = {(row["order_total"], row["amount"], row["publisher_customer_id"]) for row in rows}
    assert told == {(0, 0, None), (-400, -40, None)}
