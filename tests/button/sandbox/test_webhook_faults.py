"""Webhooks that go wrong on demand, as their receiver sees it."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from rewards_site.button.sandbox.faults import Fault, FaultKind
from tests.button.sandbox.caller import ALL
from tests.button.sandbox.receiver import Received
from tests.button.sandbox.stage import SECRET, Stage, on_stage


def is_signed(told: Received) -> bool:
    expected = hmac.new(SECRET.encode(), told.body, hashlib.sha256).hexdigest()
    return told.headers["X-Button-Signature"] == expected


def fault(stage: Stage, kind: str, **more: Any) -> None:
    stage.caller.control("faults", kind=kind, **more)


def test_an_event_comes_twice_with_another_attempt_id() -> None:
    with on_stage() as stage:
        fault(stage, "duplicate", count=1)
        stage.order(amount=1)
        stage.order(amount=2)
        first, second, other = stage.receiver.received

    assert first.event["id"] == second.event["id"]
    assert first.event["request_id"] != second.event["request_id"]
    assert first.event["data"] == second.event["data"]
    assert (first.amount, other.amount) == (1, 2)


def test_an_event_comes_after_the_later_ones_of_its_order() -> None:
    with on_stage() as stage:
        fault(stage, "reordered")
        order = stage.order(amount=1)
        stage.order(amount=9)
        stage.move(order, "adjust", amount=2)

    assert stage.told() == [("tx-pending", 9), ("tx-pending", 2), ("tx-pending", 1)]


def test_what_nothing_follows_is_held_back_for_an_hour() -> None:
    with on_stage() as stage:
        fault(stage, "reordered")
        stage.order(amount=1)
        stage.advance(minutes=59)
        assert stage.told() == []

        stage.advance(minutes=1)

        assert stage.told() == [("tx-pending", 1)]


def test_a_late_event_is_older_than_what_the_api_shows_by_then() -> None:
    with on_stage() as stage:
        fault(stage, "late", seconds=7200)
        order = stage.order(amount=1)
        stage.advance(minutes=90)
        stage.move(order, "validate", amount=3)
        (row,) = stage.caller.objects(ALL)
        assert stage.told() == [("tx-validated", 3)]

        stage.advance(minutes=30)

        assert stage.told() == [("tx-validated", 3), ("tx-pending", 1)]
        late = stage.receiver.received[-1].event["data"]
        assert late["modified_date"] < row["modified_date"]


def test_a_wrong_signature_is_followed_by_a_right_one() -> None:
    with on_stage(lambda told: 200 if is_signed(told) else 401) as stage:
        fault(stage, "wrong-signature", count=2)
        stage.order()
        stage.advance(minutes=3)

        assert [is_signed(told) for told in stage.receiver.received] == [False, False, True]
        assert stage.states() == ["acknowledged"]


def test_a_lost_event_is_left_to_the_api() -> None:
    with on_stage() as stage:
        fault(stage, "lost")
        order = stage.order(amount=1)
        stage.move(order, "adjust", amount=2)

        assert stage.told() == [("tx-pending", 2)]
        assert stage.states() == ["lost", "acknowledged"]


def test_an_order_of_a_user_nobody_knows() -> None:
    with on_stage() as stage:
        fault(stage, "unknown-user")
        stage.order(customer="member-1")
        stage.order(customer="member-1")
        told = [one.event["data"]["publisher_customer_id"] for one in stage.receiver.received]
        shown = [row["publisher_customer_id"] for row in stage.caller.objects(ALL)]

    assert told[0].startswith("nobody-")
    assert told[1] == "member-1"
    assert sorted(shown) == sorted(told)


def test_a_checkout_goes_before_its_order_and_is_no_money() -> None:
    with on_stage() as stage:
        fault(stage, "order-checkout")
        order = stage.order(customer="member-1", purchased_at="2026-11-20T11:59:00Z")
        told = {one.event["event_type"]: one.event["data"] for one in stage.receiver.received}

    assert set(told) == {"order-checkout", "tx-pending"}
    assert told["order-checkout"] == {
        "event_date": "2026-11-20T11:59:00.000Z",
        "merchant_organization": order["merchant"],
        "thirdparty_id": "member-1",
        "btn_ref": order["btn_ref"],
    }


def test_a_checkout_can_be_sent_by_itself() -> None:
    with on_stage() as stage:
        tap = stage.caller.control("taps", customer="member-1", merchant="Kitsune Games")
        stage.caller.control("checkouts", btn_ref=tap["btn_ref"])
        stage.send()
        (told,) = stage.receiver.received

    assert is_signed(told)
    assert told.event["event_type"] == "order-checkout"
    assert told.event["data"]["thirdparty_id"] == "member-1"
    assert told.event["data"]["merchant_organization"] == tap["merchant"]
    assert "amount" not in told.event["data"]


def test_any_event_at_all_can_be_sent() -> None:
    with on_stage() as stage:
        sent = stage.caller.control("webhooks/events", event_type="tx-odd", data={"id": 1, "x": []})
        stage.send()
        (told,) = stage.receiver.received

    assert told.event["event_type"] == "tx-odd"
    assert told.event["data"] == {"id": 1, "x": []}
    assert told.event["id"] == sent["hook_id"]
    assert is_signed(told)


def test_a_share_of_all_events_can_be_met_for_good() -> None:
    standing = (
        Fault(kind=FaultKind.DUPLICATE, percent=30),
        Fault(kind=FaultKind.LOST, percent=20),
    )
    with on_stage(standing_faults=standing) as stage:
        for number in range(100):
            stage.order(amount=number)
        states = stage.states()
        ids = [told.event["id"] for told in stage.receiver.received]

    lost = states.count("lost")
    twice = len(ids) - len(set(ids))
    assert 10 <= lost <= 30
    assert len(set(ids)) == 100 - lost
    assert 14 <= twice <= 36


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "late", "path": "/v1/"}, "path: only the API has paths"),
        ({"kind": "500", "count": 1, "percent": 5}, "count or percent: one of the two"),
        ({"kind": "500", "percent": 101}, "percent: not a number from 0 to 100"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(body: dict[str, object], message: str) -> None:
    with on_stage() as stage:
        answer = stage.caller.post("faults", **body)
        listed = stage.caller.session.get(f"{stage.caller.url}/control/faults", timeout=10).json()

    assert (answer.status_code, answer.json()) == (400, {"error": {"message": message}})
    assert listed == {"faults": []}
