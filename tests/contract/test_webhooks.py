"""Section 3 of the contract: what is answered with 200, and 503."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts_sync.inbox.models import WebhookEvent
from tests.accounts_sync.inbox.deliveries import (
    SANDBOX,
    answered,
    database_locked,
    deliver,
    only_event,
    problem,
    wire_event,
    wire_transaction,
)
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, MEMBER, balances
from transactions.ledger.models import Entry
from transactions.models import Transaction, TransactionRevision

# 200 processed ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/webhooks/button/", "/webhooks/button"])
def test_processed_with_and_without_the_last_slash(db: None, path: str) -> None:
    answer = deliver(wire_event(), path=path)

    assert answered(answer) == (200, {"status": "processed"})
    assert balances() == {"pending": 500}


def test_processed_keeps_the_event_and_its_raw_body(db: None) -> None:
    body = json.dumps(wire_event(), indent=3).encode()

    deliver(body)

    event = only_event()
    assert bytes(event.body) == body
    assert (event.hook_id, event.event_type, event.tx_id) == ("hook-1", "tx-pending", "tx-1")
    assert (event.status, event.reason, event.delivery_count) == ("processed", "", 1)
    assert event.transaction == Transaction.objects.get()
    assert not event.is_test


def test_a_life_by_webhooks_ends_in_the_available_balance(db: None) -> None:
    deliver(wire_event("hook-1"))
    deliver(wire_event("hook-2", amount=600, modified_date="2026-11-21T12:00:00Z"))
    assert balances() == {"pending": 300}

    answer = deliver(
        wire_event(
            "hook-3", status="validated", amount=600, modified_date="2026-12-20T12:00:00.000Z"
        )
    )

    assert answered(answer) == (200, {"status": "processed"})
    assert balances() == {"available": 300}


def test_a_decline_takes_the_pending_reward_back(db: None) -> None:
    deliver(wire_event("hook-1"))

    answer = deliver(wire_event("hook-2", status="declined", modified_date="2026-11-21T12:00:00Z"))

    assert answered(answer) == (200, {"status": "processed"})
    assert balances() == {}


def test_unknown_extra_fields_are_let_pass_and_kept(db: None) -> None:
    event = wire_event(advertising_id=None, something_new={"a": [1, 2]}) | {"version": 9}

    assert answered(deliver(event)) == (200, {"status": "processed"})
    assert json.loads(bytes(only_event().body)) == event


def test_a_test_secret_marks_test_money_which_touches_no_balance(
    db: None,
) -> None:
    answer = deliver(wire_event(), secret=SANDBOX)

    assert answered(answer) == (200, {"status": "processed"})
    assert only_event().is_test
    assert Transaction.objects.get().is_test
    assert balances() == {}
    assert not Entry.objects.exists()


# 200 duplicate ------------------------------------------------------------------------------------


def test_duplicate_counts_the_attempt_and_moves_nothing(db: None) -> None:
    deliver(wire_event())

    answers = [deliver(wire_event() | {"request_id": f"attempt-{n}"}) for n in range(3)]

    assert [answered(answer) for answer in answers] == [(200, {"status": "duplicate"})] * 3
    assert only_event().delivery_count == 4
    assert balances() == {"pending": 500}
    assert TransactionRevision.objects.count() == 1


def test_duplicate_with_another_body_is_kept_beside_and_flagged(
    db: None,
) -> None:
    deliver(wire_event(amount=1000))
    other = wire_event(amount=9000, modified_date="2026-11-22T12:00:00Z")

    answers = [deliver(other), deliver(other | {"request_id": "attempt-2"})]

    assert [answered(answer) for answer in answers] == [(200, {"status": "duplicate"})] * 2
    first = WebhookEvent.objects.get(hook_id="hook-1")
    beside = WebhookEvent.objects.get(status="conflicting")
    assert (first.status, first.delivery_count) == ("processed", 3)
    assert (beside.beside, beside.hook_id, beside.delivery_count) == (first, None, 2)
    assert beside.reason == "another body under an id that was already taken in"
    assert json.loads(bytes(beside.body))["data"]["amount"] == 9000
    assert balances() == {"pending": 500}


def test_one_id_signed_as_live_and_as_test_money_is_flagged(
    db: None,
) -> None:
    deliver(wire_event(), secret=SANDBOX)

    answers = [deliver(wire_event()), deliver(wire_event())]

    assert [answered(answer) for answer in answers] == [(200, {"status": "duplicate"})] * 2
    beside = WebhookEvent.objects.get(status="conflicting")
    assert (
        beside.reason == "the same id and body, signed once with a live and once with a test secret"
    )
    assert (beside.is_test, beside.delivery_count) == (False, 2)


def test_a_deferred_and_an_ignored_event_have_taken_their_ids_too(
    db: None,
) -> None:
    deferred_event = wire_event("hook-1", currency=None)
    ignored_event = {"id": "hook-2", "event_type": "order-checkout"}
    deliver(deferred_event)
    deliver(ignored_event)

    assert answered(deliver(deferred_event)) == (200, {"status": "duplicate"})
    assert answered(deliver(ignored_event)) == (200, {"status": "duplicate"})
    assert sorted(WebhookEvent.objects.values_list("status", "delivery_count")) == [
        ("deferred", 2),
        ("ignored", 2),
    ]


# 200 ignored --------------------------------------------------------------------------------------


def test_ignored_when_older_than_what_is_known(db: None) -> None:
    deliver(wire_event("hook-1", modified_date="2026-11-21T12:00:00Z"))

    status, said = answered(deliver(wire_event("hook-2", amount=7)))

    assert (status, said["status"], said.keys()) == (200, "ignored", {"status", "reason"})
    event = WebhookEvent.objects.get(hook_id="hook-2")
    assert (event.status, event.reason) == ("ignored", said["reason"])
    assert said["reason"] != ""
    assert balances() == {"pending": 500}


def test_ignored_when_already_so(db: None) -> None:
    deliver(wire_event("hook-1"))

    status, said = answered(deliver(wire_event("hook-2")))

    assert (status, said["status"]) == (200, "ignored")
    assert TransactionRevision.objects.count() == 1


@pytest.mark.parametrize(
    ("event_type", "reason"),
    [
        ("order-checkout", "`order-checkout` tells of no money"),
        ("brand-renamed", "unknown event type `brand-renamed`"),
        ("x" * 300, f"unknown event type `{'x' * 255}`"),
        ("a\0b\ud800", "unknown event type `a\ufffdb\ufffd`"),
    ],
)
def test_ignored_event_types_that_are_not_money(db: None, event_type: str, reason: str) -> None:
    data = {"thirdparty_id": MEMBER, "amount": 100000}

    answer = deliver({"id": "hook-1", "event_type": event_type, "data": data})

    assert answered(answer) == (200, {"status": "ignored", "reason": reason})
    assert (only_event().status, only_event().reason) == ("ignored", reason)
    assert not Transaction.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"hello": "world"},
        {"id": None, "event_type": ""},
        {"id": 5, "event_type": ["tx-pending"], "data": wire_transaction()},
    ],
)
def test_a_signed_object_with_neither_id_nor_event_type_is_a_ping(
    db: None, said: dict[str, Any]
) -> None:
    answers = [deliver(said | {"request_id": f"attempt-{n}"}) for n in range(2)]

    ping = {"status": "ignored", "reason": "a ping: neither `id` nor `event_type`"}
    assert [answered(answer) for answer in answers] == [(200, ping)] * 2
    event = only_event()
    assert (event.hook_id, event.status, event.delivery_count) == (None, "ignored", 2)
    assert bytes(event.body) == json.dumps(said | {"request_id": "attempt-0"}).encode()


# 503 ----------------------------------------------------------------------------------------------


def test_503_when_a_lock_is_not_had_in_time_and_the_next_attempt_succeeds(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(wire_event("hook-1"))
    adjusted = wire_event("hook-2", amount=600, modified_date="2026-11-21T12:00:00Z")

    with database_locked(monkeypatch):
        refused = deliver(adjusted)

    detail = "The database can't commit this now. Nothing was kept: send it again."
    assert answered(refused) == (503, problem(503, "Service Unavailable", detail))
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["Retry-After"] == "5"
    assert WebhookEvent.objects.count() == 1
    assert answered(deliver(adjusted)) == (200, {"status": "processed"})
    assert balances() == {"pending": 300}


# no stranger's business ---------------------------------------------------------------------------


def test_no_answer_sets_a_cookie_or_asks_for_one(db: None) -> None:
    for answer in (deliver(wire_event()), deliver(b"x"), deliver(b"{}", signature="")):
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")


def test_one_poisoned_event_leaves_its_neighbours_alone(db: None) -> None:
    statuses = [
        deliver(
            wire_event(f"hook-{n}", tx_id=f"tx-{n}", account_id=ACCOUNT, amount=amount)
        ).status_code
        for n, amount in enumerate([100, 2**70, "x", 200, None, 300])
    ]

    assert statuses == [200, 202, 202, 200, 200, 200]
    assert balances() == {"pending": 300}
