"""What Button sent stays as it came, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts_sync.inbox import guards
from accounts_sync.inbox.models import WebhookEvent
from rewards_site.kernel.db import atomic
from tests.accounts_sync.inbox.deliveries import deliver, only_event, wire_event
from tests.conftest import CommittedDatabase

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


def test_the_guards_go_and_come_with_their_migration(committed_db: CommittedDatabase) -> None:
    deliver(b"{}")
    call_command("migrate", "inbox", "0001", verbosity=0)
    WebhookEvent.objects.update(tx_id="tx-9")

    call_command("migrate", "inbox", verbosity=0)

    with pytest.raises(IntegrityError, match="append-only"):
        execute("UPDATE inbox_webhookevent SET tx_id = 'tx-8'")
    with pytest.raises(IntegrityError, match="append-only"):
        execute("DELETE FROM inbox_webhookevent")
