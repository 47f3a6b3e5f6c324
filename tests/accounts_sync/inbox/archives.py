"""A world in which bodies are old enough to be archived."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.utils import timezone

from accounts_sync.inbox import archive_files
from accounts_sync.inbox.archive import ArchiveReport, archive_bodies
from accounts_sync.inbox.archive_choice import months_before
from accounts_sync.inbox.models import BodyArchive, WebhookEvent
from tests.accounts_sync.inbox.deliveries import deliver, wire_event

LATER = timezone.now() + timedelta(days=100)
"""When what was delivered just now is three months old."""
OLD = datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


def archive(
    directory: Path, *, at: datetime = LATER, is_over: Callable[[], bool] = lambda: False
) -> ArchiveReport:
    """All that is old enough, as it stands at `at`."""
    before = months_before(at, 1)
    return archive_bodies(directory=directory, before=before, at=at, is_over=is_over)


def deliver_many(count: int) -> None:
    """Events hook-1, hook-2, …, each of an order of its own, in cents of their number."""
    for number in range(1, count + 1):
        deliver(wire_event(f"hook-{number}", tx_id=f"tx-{number}", amount=100 * number))


def bodies(directory: Path) -> dict[str | None, bytes]:
    """Every body, from wherever it is."""
    archived = {
        kept.event_id: kept.body
        for archive in BodyArchive.objects.all()
        for kept in archive_files.read(directory / archive.name, sha256=archive.sha256)
    }
    return {
        event.hook_id or f"event {event.pk}": bytes(event.body)
        if event.archived_in_id is None
        else archived[event.pk]
        for event in WebhookEvent.objects.order_by("pk")
    }


def in_database() -> list[str | None]:
    """The ids of events whose body is still in their row."""
    there = WebhookEvent.objects.filter(archived_in=None).order_by("pk")
    return list(there.values_list("hook_id", flat=True))
