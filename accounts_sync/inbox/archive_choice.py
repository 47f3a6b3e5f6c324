"""Which bodies of webhook events may be archived, in what portions. Only reads.

A body is still needed, and stays in the row, while its event is deferred, rejected or conflicting,
when another body stands beside it under the same id, when staff ever decided about it, and while it
is too young. guards.py says the same to the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar

from django.db.models.functions import Length

from accounts_sync.inbox.archive_files import Kept
from accounts_sync.inbox.models import SETTLED, DeferredDecision, WebhookEvent

T = TypeVar("T")

EVENTS_MAX: Final = 20_000
"""Of one file: small enough to be written within a task's time, and to be searched."""
BYTES_MAX: Final = 64 * 1024 * 1024
_BATCH_EVENTS: Final = 500
_BATCH_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """An event whose body may go."""

    event_id: int
    received_at: datetime
    body_bytes: int


def months_before(at: datetime, months: int) -> datetime:
    """The start of the month that lies `months` whole months before the one of `at`, in UTC."""
    at = at.astimezone(UTC)
    count = max(at.year * 12 + at.month - 1 - months, 12)
    return datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC)


def next_file(*, after: int, before: datetime, at: datetime) -> list[Chosen]:
    """The next events after the id `after` whose bodies may go, as many as one file takes."""
    taken: list[Chosen] = []
    size = 0
    for chosen in _in_order(after=after, before=before, at=at):
        taken.append(chosen)
        size += chosen.body_bytes
        if len(taken) >= EVENTS_MAX or size >= BYTES_MAX:
            break
    return taken


def _in_order(*, after: int, before: datetime, at: datetime) -> Iterator[Chosen]:
    """Settled events after the id `after`, in order, up to the first that is too young.

    By the primary key alone, so that nothing is read twice and no index is kept for it. What is not
    settled is passed by and keeps its body for good. Events dated after `at`, by a clock that was
    wrong, hold up nobody.
    """
    fields = ("pk", "received_at", "status", "body_bytes", "archived_in_id")
    events = WebhookEvent.objects.annotate(body_bytes=Length("body")).order_by("pk")
    while found := list(events.filter(pk__gt=after).values_list(*fields)[:_BATCH_EVENTS]):
        needed = disputed([row[0] for row in found])
        for event_id, received_at, status, body_bytes, archived_in in found:
            if before <= received_at <= at:
                return
            is_there = archived_in is None and body_bytes
            is_settled = status in SETTLED and event_id not in needed
            if is_there and is_settled and received_at < before:
                yield Chosen(event_id=event_id, received_at=received_at, body_bytes=body_bytes)
        after = found[-1][0]


def disputed(event_ids: list[int]) -> set[int]:
    """Of these events: those with another body beside theirs, and those that staff decided on."""
    beside = WebhookEvent.objects.filter(beside__in=event_ids).values_list("beside_id", flat=True)
    decided = DeferredDecision.objects.filter(event__in=event_ids)
    return {*beside, *decided.values_list("event_id", flat=True)}


def bodies(taken: list[Chosen]) -> Iterator[Kept]:
    """The chosen events as their file has them."""
    fields = ("pk", "hook_id", "received_at", "body_digest", "body")
    for batch in batches(taken, size_of=lambda chosen: chosen.body_bytes):
        ids = [chosen.event_id for chosen in batch]
        events = WebhookEvent.objects.filter(pk__in=ids).order_by("pk")
        for event_id, hook_id, received_at, body_digest, body in events.values_list(*fields):
            yield Kept(
                event_id=event_id,
                hook_id=hook_id,
                received_at=received_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                body_digest=body_digest,
                body=bytes(body),
            )


def batches(items: Iterable[T], *, size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """`items` in portions for one statement: bounded in number and in bytes."""
    batch: list[T] = []
    size = 0
    for item in items:
        if batch and (len(batch) >= _BATCH_EVENTS or size + size_of(item) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += size_of(item)
    if batch:
        yield batch
