"""Section 3 of the contract: what is signed and cannot be applied now is answered with 202."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts_sync.inbox.models import WebhookEvent
from tests.accounts_sync.inbox.deliveries import (
    answered,
    deliver,
    only_event,
    wire_event,
)
from tests.factories import balances
from transactions.models import Transaction

NEEDED = ["id", "status", "category", "account_id", "modified_date", "currency"]


@pytest.mark.parametrize("value", [None, "", 7, True, ["x"], {"x": 1}])
@pytest.mark.parametrize("field", NEEDED)
def test_deferred_when_a_needed_field_is_missing_or_mistyped(
    db: None, field: str, value: object
) -> None:
    event = wire_event()
    event["data"][field] = value

    status, said = answered(deliver(event))

    assert (status, said["status"], said.keys()) == (202, "deferred", {"status", "reason"})
    assert said["reason"].startswith(f"`{field}` is ")
    assert (only_event().status, only_event().reason) == ("deferred", said["reason"])
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("field", NEEDED)
def test_deferred_when_a_needed_field_is_absent(db: None, field: str) -> None:
    event = wire_event()
    del event["data"][field]

    answer = deliver(event)

    reason = f"`{field}` is missing"
    assert answered(answer) == (202, {"status": "deferred", "reason": reason})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "`data` is missing"),
        ([], "`data` is not an object"),
        ("x", "`data` is not an object"),
    ],
)
def test_deferred_without_a_transaction(db: None, data: object, reason: str) -> None:
    answer = deliver({"id": "hook-1", "event_type": "tx-pending", "data": data})

    assert answered(answer) == (202, {"status": "deferred", "reason": reason})


@pytest.mark.parametrize(
    "literal", ["true", "false", "250.0", "2.5e2", '"250"', "[250]", "{}", "1e999999999"]
)
def test_deferred_when_the_amount_is_no_integer(db: None, literal: str) -> None:
    body = json.dumps(wire_event(amount="HERE")).replace('"HERE"', literal).encode()

    answer = deliver(body)

    reason = "`amount` is not an integer"
    assert answered(answer) == (202, {"status": "deferred", "reason": reason})
    assert bytes(only_event().body) == body
    assert not Transaction.objects.exists()


@pytest.mark.parametrize("literal", [str(2**63), str(-(2**64)), "9" * 4999])
def test_deferred_when_the_amount_is_past_what_the_books_hold(db: None, literal: str) -> None:
    answer = deliver(json.dumps(wire_event(amount="HERE")).replace('"HERE"', literal).encode())

    reason = "`amount` is an amount the books refuse: past 64 bits"
    assert answered(answer) == (202, {"status": "deferred", "reason": reason})


def test_deferred_when_the_amount_is_more_than_the_books_take(db: None) -> None:
    deliver(wire_event("hook-1", tx_id="tx-1", amount=10**15))

    status, said = answered(deliver(wire_event("hook-2", tx_id="tx-2", amount=2**63 - 1)))

    assert (status, said["status"]) == (202, "deferred")
    assert said["reason"].startswith("the books refuse it")
    assert balances() == {"pending": 10**15 // 2}
    assert Transaction.objects.count() == 1


@pytest.mark.parametrize("amount", [None, "absent"])
def test_an_amount_of_null_or_none_is_zero(db: None, amount: str | None) -> None:
    event = wire_event(amount=None)
    if amount == "absent":
        del event["data"]["amount"]

    assert answered(deliver(event)) == (200, {"status": "processed"})
    assert Transaction.objects.get().commission_minor == 0


@pytest.mark.parametrize(
    ("event_type", "status"),
    [
        ("tx-pending", "validated"),
        ("tx-validated", "pending"),
        ("tx-declined", "validated"),
    ],
)
def test_deferred_when_event_type_and_status_differ(db: None, event_type: str, status: str) -> None:
    answer = deliver(wire_event(status=status) | {"event_type": event_type})

    reason = f"`event_type` is `{event_type}`, but `data.status` is `{status}`"
    assert answered(answer) == (202, {"status": "deferred", "reason": reason})
    assert balances() == {}


def test_deferred_transaction_events_that_nobody_knows(db: None) -> None:
    answer = deliver(wire_event() | {"event_type": "tx-reopened"})

    reason = "unknown transaction event `tx-reopened`"
    assert answered(answer) == (202, {"status": "deferred", "reason": reason})


@pytest.mark.parametrize(
    "changes",
    [
        {"category": "gift-card"},
        {"currency": "PTS"},
        {"currency": "XXX"},
        {"account_id": "acc-gbp", "currency": "EUR"},
    ],
)
def test_deferred_for_what_section_4_defers(db: None, changes: dict[str, Any]) -> None:
    deliver(wire_event("hook-0", tx_id="tx-0", account_id="acc-gbp", currency="GBP"))

    status, said = answered(deliver(wire_event(**changes)))

    assert (status, said["status"]) == (202, "deferred")
    assert WebhookEvent.objects.get(hook_id="hook-1").reason == said["reason"]
    assert balances() == {}


def test_deferred_when_a_final_state_is_contradicted(db: None) -> None:
    deliver(wire_event("hook-1", status="validated"))

    status, said = answered(
        deliver(wire_event("hook-2", status="declined", modified_date="2026-12-01T00:00:00Z"))
    )

    assert (status, said["status"]) == (202, "deferred")
    event = WebhookEvent.objects.get(hook_id="hook-2")
    assert event.transaction == Transaction.objects.get()
    assert balances() == {"available": 500}


@pytest.mark.parametrize(
    ("key", "again"),
    [("id", '"hook-2"'), ("event_type", '"tx-validated"'), ("data", '{"id": "tx-9"}')],
)
def test_deferred_when_the_root_says_a_key_twice(db: None, key: str, again: str) -> None:
    body = json.dumps(wire_event()).removesuffix("}") + f', "{key}": {again}}}'

    answer = deliver(body.encode())

    reason = f"`{key}` stands more than once in the body, with different values"
    assert answered(answer) == (202, {"status": "deferred", "reason": reason})
    assert not Transaction.objects.exists()


def test_deferred_when_the_amount_is_said_twice(db: None) -> None:
    body = json.dumps(wire_event()).replace('"amount": 1000', '"amount": 1000, "amount": 9000')

    answer = deliver(body.encode())

    reason = "`amount` is told twice with different values"
    assert answered(answer) == (202, {"status": "deferred", "reason": reason})
