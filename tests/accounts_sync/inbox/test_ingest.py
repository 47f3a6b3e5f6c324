"""Many deliveries at once, and a database that fails at the worst instant."""

from __future__ import annotations

import logging
from collections import Counter

import pytest
from django.db import connection
from pytest_django import Settings

from accounts_sync.inbox.models import WebhookEvent
from tests.accounts_sync.inbox.deliveries import (
    answered,
    deliver,
    only_event,
    status_of,
    wire_event,
)
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase
from tests.factories import balances
from transactions.models import Transaction, TransactionRevision

PROCESSED = "200 processed"
DUPLICATE = "200 duplicate"


def words(said: object) -> str:
    status, answer = answered(deliver(said))
    return f"{status} {answer.get('status')}"


def test_fifty_deliveries_of_one_id_at_once_are_one_event(committed_db: CommittedDatabase) -> None:
    attempts = [wire_event() | {"request_id": f"attempt-{number}"} for number in range(50)]

    results = at_once(50, lambda number: words(attempts[number]))

    assert Counter(results) == {PROCESSED: 1, DUPLICATE: 49}
    event = only_event()
    assert (event.status, event.delivery_count) == ("processed", 50)
    assert TransactionRevision.objects.count() == 1
    assert balances() == {"pending": 500}


@pytest.mark.postgres
def test_control_without_the_unique_id_several_take_it(committed_db: CommittedDatabase) -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "inbox_webhookevent")
        [name] = [
            name
            for name, found in constraints.items()
            if found["unique"] and found["columns"] == ["hook_id"]
        ]
        cursor.execute(f'ALTER TABLE inbox_webhookevent DROP CONSTRAINT "{name}"')

    at_once(20, lambda _: words(wire_event()))

    assert WebhookEvent.objects.count() > 1


def test_twenty_bodies_under_one_id_at_once_are_one_event_and_its_conflicts(
    committed_db: CommittedDatabase,
) -> None:
    bodies = [wire_event(amount=100 * (1 + number % 4)) for number in range(20)]

    results = at_once(20, lambda number: words(bodies[number]))

    assert Counter(results) == {PROCESSED: 1, DUPLICATE: 19}
    conflicting = WebhookEvent.objects.filter(status="conflicting")
    assert sorted(conflicting.values_list("delivery_count", flat=True)) == [5, 5, 5]
    assert WebhookEvent.objects.get(hook_id="hook-1").delivery_count == 20


def test_different_events_of_one_order_at_once_end_as_in_order(
    committed_db: CommittedDatabase,
) -> None:
    events = [
        wire_event(f"hook-{n}", amount=100 * n, modified_date=f"2026-11-21T12:00:{n:02}Z")
        for n in range(1, 21)
    ]

    results = at_once(20, lambda number: words(events[number]))

    assert set(results) <= {PROCESSED, "200 ignored"}
    assert WebhookEvent.objects.count() == 20
    assert balances() == {"pending": 1000}


def test_pings_and_rejected_bodies_at_once_are_all_answered(
    committed_db: CommittedDatabase,
) -> None:
    results = at_once(20, lambda number: words({} if number % 2 else {"id": "hook-1"}))

    assert Counter(results) == {"200 ignored": 10, "400 400": 10}
    counts: Counter[str] = Counter()
    for status, count in WebhookEvent.objects.values_list("status", "delivery_count"):
        counts[status] += count
    assert counts == {"ignored": 10, "rejected": 10}


LOSE_THE_CONNECTION = """
CREATE FUNCTION lose_the_connection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION lose_the_connection()
"""


@pytest.mark.postgres
@pytest.mark.parametrize("table", ["inbox_webhookevent", "transactions_transactionrevision"])
@pytest.mark.parametrize("said", [{}, wire_event()])
def test_503_and_nothing_kept_when_the_connection_is_lost_in_the_commit(
    committed_db: CommittedDatabase, table: str, said: dict[str, object]
) -> None:
    if not said and table != "inbox_webhookevent":
        pytest.skip("a ping makes no revision")
    with connection.cursor() as cursor:
        cursor.execute(LOSE_THE_CONNECTION.format(table=table))

    refused = deliver(said)
    connection.close()

    assert refused.status_code == 503
    assert WebhookEvent.objects.count() == Transaction.objects.count() == 0
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER at_commit ON {table}")
    assert deliver(said).status_code == 200
    assert WebhookEvent.objects.count() == 1


@pytest.mark.postgres
def test_a_database_that_takes_no_writes_is_503(committed_db: CommittedDatabase) -> None:
    with connection.cursor() as cursor:  # as after a fail-over to a standby
        cursor.execute("SET default_transaction_read_only = on")

    refused = deliver(wire_event())

    assert (refused.status_code, refused["Retry-After"]) == (503, "5")


def test_a_fault_of_ours_is_deferred_with_its_evidence_and_logged(
    db: None, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REWARD_DEFAULT_SHARE_BPS = None  # what no configuration can be: any bug would do

    answer = deliver(wire_event())

    reason = "internal error: TypeError"
    assert answered(answer) == (202, {"status": "deferred", "reason": reason})
    event = only_event()
    assert (event.status, event.reason, event.attempt_count) == ("deferred", reason, 1)
    assert event.not_before is not None
    assert not Transaction.objects.exists()
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (record.message, record.exc_info is not None) == ("apply.internal_error", True)


def test_a_database_that_refuses_one_event_leaves_it_deferred_and_the_next_processed(
    db: None,
) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "ALTER TABLE transactions_transactionchild "
                "ADD CONSTRAINT no_thirteen CHECK (amount_minor <> 13)"
            )
        else:
            cursor.execute(
                "CREATE TRIGGER no_thirteen BEFORE INSERT ON transactions_transactionchild "
                "WHEN NEW.amount_minor = 13 BEGIN SELECT RAISE(ABORT, 'no_thirteen'); END"
            )

    status, said = answered(deliver(wire_event("hook-1", tx_id="tx-1", amount=13)))

    assert (status, said["status"]) == (202, "deferred")
    assert "no_thirteen" in said["reason"]
    assert words(wire_event("hook-2", tx_id="tx-2", amount=14)) == PROCESSED
    assert (status_of("hook-1"), status_of("hook-2")) == ("deferred", "processed")
    assert balances() == {"pending": 7}
