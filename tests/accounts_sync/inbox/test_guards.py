"""What Button sent stays as it came, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts_sync.inbox import guards
from accounts_sync.inbox.models import BodyArchive, DeferredDecision, WebhookEvent
from rewards_site.kernel.db import atomic
from tests.accounts_sync.inbox.deliveries import deliver, only_event, wire_event
from tests.admin_world import make_event, make_staff
from tests.conftest import CommittedDatabase
from tests.factories import NOON

CHANGED: dict[str, Any] = {
    "id": 10**9,
    "hook_id": "hook-2",
    "event_type": "tx-declined",
    "tx_id": "tx-2",
    "body": b"{}",
    "body_digest": "0" * 64,
    "is_test": True,
    "received_at": timezone.now(),
    "beside_id": 1,
}


def execute(sql: str, *parameters: Any) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def test_every_raw_column_is_tried() -> None:
    assert CHANGED.keys() == set(guards.RAW_COLUMNS)


@pytest.mark.parametrize("column", guards.RAW_COLUMNS)
def test_what_button_sent_cannot_be_changed(db: None, column: str) -> None:
    deliver(wire_event())
    before = WebhookEvent.objects.values().get()

    with pytest.raises(IntegrityError, match="append-only"):
        execute(f"UPDATE inbox_webhookevent SET {column} = %s", CHANGED[column])

    assert WebhookEvent.objects.values().get() == before


def test_an_event_cannot_be_deleted(db: None) -> None:
    deliver(wire_event())

    with pytest.raises(IntegrityError, match="append-only"), atomic():
        only_event().delete()
    with pytest.raises(IntegrityError, match="append-only"):
        execute("DELETE FROM inbox_webhookevent")

    assert WebhookEvent.objects.count() == 1


@pytest.mark.postgres
def test_events_cannot_be_truncated(committed_db: CommittedDatabase) -> None:
    deliver(b"{}")

    with pytest.raises(IntegrityError, match="append-only"):
        execute("TRUNCATE inbox_webhookevent CASCADE")


@pytest.mark.parametrize("key", ["id", "hook_id", "beside_id"])
def test_an_event_cannot_be_replaced(db: None, key: str) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("INSERT OR REPLACE is SQLite's")
    deliver(wire_event())
    deliver(wire_event(amount=7))
    before = list(WebhookEvent.objects.order_by("pk").values())
    row: dict[str, Any] = dict(
        WebhookEvent.objects.values().get(hook_id=None if key == "beside_id" else "hook-1")
    )
    row |= {"body": b"{}"} | ({} if key == "id" else {"id": None})
    row |= {"hook_id": None} if key == "id" else {}
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))

    with pytest.raises(IntegrityError, match="append-only"):
        execute(
            f"INSERT OR REPLACE INTO inbox_webhookevent ({names}) VALUES ({marks})", *row.values()
        )

    assert list(WebhookEvent.objects.order_by("pk").values()) == before


def test_what_became_of_it_can_be_changed(db: None) -> None:
    deliver(wire_event())

    WebhookEvent.objects.update(status="deferred", reason="x", delivery_count=9, not_before=None)

    assert (only_event().status, only_event().delivery_count) == ("deferred", 9)


def empty() -> str:
    """No bytes; SQLite tells them from no text."""
    return "X''" if connection.vendor == "sqlite" else "''"


def recorded(event: WebhookEvent, **changes: Any) -> BodyArchive:
    """An archive that spans the event, as the archiver records it before it empties anything."""
    values: dict[str, Any] = {
        "number": 1,
        "name": "webhooks-000001.jsonl.gz",
        "sha256": "0" * 64,
        "file_bytes": 1,
        "event_count": 1,
        "body_bytes": 1,
        "first_event_id": event.pk,
        "last_event_id": event.pk,
        "received_first": event.received_at,
        "received_last": event.received_at,
        "archived_at": event.received_at + timedelta(days=60),
    }
    return BodyArchive.objects.create(**(values | changes))


def test_a_body_goes_only_into_an_archive(db: None) -> None:
    deliver(wire_event())
    archive = recorded(only_event())
    before = WebhookEvent.objects.values().get()
    for change in (
        "body = ''",
        "body = '', archived_in_id = NULL",
        f"body = 'x', archived_in_id = {archive.pk}",
        f"archived_in_id = {archive.pk}",
        f"body = {empty()}, archived_in_id = {archive.pk + 1}",
        f"body = {empty()}, archived_in_id = {archive.pk}, body_digest = ''",
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(f"UPDATE inbox_webhookevent SET {change}")
    assert WebhookEvent.objects.values().get() == before

    execute(f"UPDATE inbox_webhookevent SET body = {empty()}, archived_in_id = {archive.pk}")

    assert bytes(only_event().body) == b""


@pytest.mark.parametrize(
    "changes",
    [
        {"first_event_id": 10**9, "last_event_id": 10**9},
        {"received_first": NOON - timedelta(days=9), "received_last": NOON - timedelta(days=8)},
        {"emptied_at": timezone.now()},
    ],
    ids=["of other events", "of another time", "closed"],
)
def test_no_body_goes_into_an_archive_that_is(db: None, changes: dict[str, Any]) -> None:
    deliver(wire_event())
    archive = recorded(only_event(), **changes)

    with pytest.raises(IntegrityError, match="still needed"):
        execute(f"UPDATE inbox_webhookevent SET body = {empty()}, archived_in_id = {archive.pk}")


@pytest.mark.parametrize("status", ["deferred", "rejected", "conflicting"])
def test_a_body_that_is_still_needed_goes_nowhere(db: None, status: str) -> None:
    event = make_event(status=status)
    archive = recorded(event)

    with pytest.raises(IntegrityError, match="still needed"):
        execute(f"UPDATE inbox_webhookevent SET body = {empty()}, archived_in_id = {archive.pk}")


def test_nor_does_one_with_another_body_beside_it_or_a_decision(db: None) -> None:
    deliver(wire_event())
    deliver(wire_event(amount=7))
    disputed = WebhookEvent.objects.get(hook_id="hook-1")
    decided = make_event(status="processed")
    DeferredDecision.objects.create(
        event=decided,
        verdict="accepted",
        deferred_because="x",
        reason="y",
        actor=make_staff(),
        decided_at=NOON,
    )
    for number, event in enumerate((disputed, decided), start=1):
        archive = recorded(event, number=number, name=f"webhooks-{number}")
        with pytest.raises(IntegrityError, match="still needed"):
            execute(
                f"UPDATE inbox_webhookevent SET body = {empty()}, archived_in_id = {archive.pk} "
                f"WHERE id = {event.pk}"
            )


def test_an_archived_body_does_not_come_back_as_another(db: None) -> None:
    deliver(wire_event())
    archive = recorded(only_event())
    execute(f"UPDATE inbox_webhookevent SET body = {empty()}, archived_in_id = {archive.pk}")

    for change in ("body = 'forged'", "body = 'forged', archived_in_id = NULL"):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(f"UPDATE inbox_webhookevent SET {change}")
    with pytest.raises(IntegrityError, match="webhookevent_archived_is_settled"):
        execute("UPDATE inbox_webhookevent SET status = 'deferred'")
    with pytest.raises(IntegrityError, match="append-only"):
        execute("DELETE FROM inbox_webhookevent")


def test_what_an_archive_says_stays_but_for_when_it_was_closed(db: None) -> None:
    deliver(wire_event())
    archive = recorded(only_event())

    BodyArchive.objects.update(emptied_at=timezone.now())
    for column in guards.ARCHIVE_COLUMNS:
        with pytest.raises(IntegrityError, match="append-only"):
            execute(f"UPDATE inbox_bodyarchive SET {column} = {column}")
    with pytest.raises(IntegrityError, match="append-only"), atomic():
        archive.delete()


@pytest.mark.slow
def test_the_archives_go_and_come_with_their_migration(committed_db: CommittedDatabase) -> None:
    deliver(wire_event())
    call_command("migrate", "inbox", "0003", verbosity=0)
    for change in ("body = ''", "tx_id = 'tx-8'"):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(f"UPDATE inbox_webhookevent SET {change}")

    call_command("migrate", "inbox", verbosity=0)

    for change in ("body = ''", "tx_id = 'tx-8'"):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(f"UPDATE inbox_webhookevent SET {change}")
    archive = recorded(only_event())
    execute(f"UPDATE inbox_webhookevent SET body = {empty()}, archived_in_id = {archive.pk}")
    with pytest.raises(RuntimeError, match="1 archives of bodies are recorded"):
        call_command("migrate", "inbox", "0003", verbosity=0)


@pytest.mark.slow
def test_the_guards_go_and_come_with_their_migration(committed_db: CommittedDatabase) -> None:
    deliver(b"{}")
    call_command("migrate", "inbox", "0001", verbosity=0)
    WebhookEvent.objects.update(tx_id="tx-9")

    call_command("migrate", "inbox", verbosity=0)

    with pytest.raises(IntegrityError, match="append-only"):
        execute("UPDATE inbox_webhookevent SET tx_id = 'tx-8'")
    with pytest.raises(IntegrityError, match="append-only"):
        execute("DELETE FROM inbox_webhookevent")
