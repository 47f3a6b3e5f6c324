"""A world in which bodies are old enough to be archived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.utils import timezone

from accounts_sync.inbox.archive import ArchiveReport, archive_bodies, body_of
from accounts_sync.inbox.archive_choice import months_before
from accounts_sync.inbox.models import WebhookEvent
from tests.accounts_sync.inbox.deliveries import deliver, wire_event

LATER = timezone.now() + timedelta(days=100)
"""When what was delivered just now is three months old."""
OLD = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


def archive(directory: Path, *, at: datetime = LATER) -> ArchiveReport:
    return archive_bodies(directory=directory, before=months_before(at, 1), at=at)


def deliver_many(count: int) -> None:
    """Events hook-1, hook-2, …, each of an order of its own, in cents of their number."""
    for number in range(1, count + 1):
        deliver(wire_event(f"hook-{number}", tx_id=f"tx-{number}", amount=100 * number))


def bodies() -> dict[str | None, bytes]:
    """Every body, from wherever it is."""
    events = WebhookEvent.objects.select_related("archived_in").order_by("pk")
    return {event.hook_id or f"event {event.pk}": body_of(event) for event in events}


def in_database() -> list[str | None]:
    """The ids of events whose body is still in their row."""
    there = WebhookEvent.objects.filter(archived_in=None).order_by("pk")
    return list(there.values_list("hook_id", flat=True))
