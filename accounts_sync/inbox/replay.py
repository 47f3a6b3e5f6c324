"""Deferred events, tried again: by the sweep, by the command, by staff."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractUser
from django.contrib.contenttypes.models import ContentType
from django.db import Error as DatabaseError
from django.db.models import QuerySet

from accounts_sync.inbox.attempt import Arrival, marks, observe, try_to_apply
from accounts_sync.inbox.envelope import Event, read_envelope, stored_hook_id
from accounts_sync.inbox.models import EventStatus, WebhookEvent
from accounts_sync.inbox.nameless import names_in, redacted_body
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict, NotFound
from rewards_site.members import forgotten
from transactions.told import Outcome, OutcomeKind, deferred

log = logging.getLogger(__name__)

_CHUNK: Final = 500
_UNAVAILABLE_MAX: Final = 3


@dataclass(slots=True, kw_only=True)
class ReplayReport:
    """How many deferred events came to what when they were tried again."""

    applied: int = 0
    ignored: int = 0
    deferred: int = 0
    """Still deferred; the events whose lock was not had in time among them."""
    ids: list[int] = field(default_factory=list)
    """Primary keys of the events tried, in order."""

    def count(self, kind: OutcomeKind, event_id: int) -> None:
        self.ids.append(event_id)
        match kind:
            case OutcomeKind.APPLIED:
                self.applied += 1
            case OutcomeKind.IGNORED:
                self.ignored += 1
            case OutcomeKind.DEFERRED:
                self.deferred += 1


def replay_deferred(
    *,
    hook_id: str | None = None,
    due_only: bool = False,
    at: datetime,
    progress: Callable[[ReplayReport], None] | None = None,
) -> ReplayReport:
    """Try deferred events again, oldest first, each in a transaction of its own.

    `hook_id` as Button sent it; `due_only` leaves out those whose `not_before` is not reached and
    those that wait for somebody to act. What another process is just trying is left to it.
    Raises: a database error, when three events in a row could not be tried.
    """
    report = ReplayReport()
    unavailable_count = 0
    for event_id in _deferred_ids(_wanted(hook_id=hook_id, due_before=at if due_only else None)):
        wanted = _wanted(hook_id=None, due_before=at if due_only else None).filter(pk=event_id)
        try:
            outcome = retry_deadlocks(partial(_try_unlocked, wanted, at=at))
        except DatabaseError as error:
            log.warning(
                "webhook.replay_unavailable",
                extra={"webhook_event": event_id, "error_class": type(error).__name__},
            )
            unavailable_count += 1
            if unavailable_count == _UNAVAILABLE_MAX:
                raise
            outcome = deferred("the database was not to be had")
        else:
            unavailable_count = 0
        if outcome is not None:
            report.count(outcome.kind, event_id)
        if progress:
            progress(report)
    return report


def replay_event(*, event_id: int, actor: AbstractUser, at: datetime) -> Outcome:
    """Try one deferred event again on behalf of `actor`, and write that down in its history.

    Waits for whoever is trying it just now. Raises: NotFound; Conflict when it is not deferred.
    """
    outcome = retry_deadlocks(partial(_try_for, actor, event_id=event_id, at=at))
    log.info(
        "webhook.replayed",
        extra={"webhook_event": event_id, "outcome": outcome.kind.value, "actor": actor.pk},
    )
    return outcome


def stored_body(event: WebhookEvent) -> bytes:
    """As it stands in the row; without the names of who is being forgotten just now."""
    body, listed = bytes(event.body), forgotten.current()
    if listed and names_in(body, listed.text_for):
        return redacted_body(body, listed.text_for)
    return body


def _wanted(*, hook_id: str | None, due_before: datetime | None) -> QuerySet[WebhookEvent]:
    events = WebhookEvent.objects.filter(status=EventStatus.DEFERRED)
    if hook_id is not None:
        events = events.filter(hook_id=stored_hook_id(hook_id))
    if due_before is not None:
        events = events.filter(not_before__lte=due_before)
    return events


def _deferred_ids(events: QuerySet[WebhookEvent]) -> Iterator[int]:
    """Primary keys, oldest first; ends even if each of them stays deferred."""
    last = 0
    while ids := list(
        events.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_CHUNK]
    ):
        yield from ids
        last = ids[-1]


def _try_unlocked(wanted: QuerySet[WebhookEvent], *, at: datetime) -> Outcome | None:
    """None when another process has it, or has settled it meanwhile."""
    with atomic():
        event = wanted.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
        return _try_again(event, at=at) if event else None


def _try_for(actor: AbstractUser, *, event_id: int, at: datetime) -> Outcome:
    with atomic():
        locked = WebhookEvent.objects.select_for_update(of=("self",), no_key=True)
        event = locked.filter(pk=event_id).first()
        if event is None:
            raise NotFound(f"There is no webhook event {event_id}.")
        if event.status != EventStatus.DEFERRED:
            raise Conflict(f"{event} is {event.status}; only deferred events are tried again.")
        outcome = _try_again(event, at=at)
        LogEntry.objects.create(
            user_id=actor.pk,
            content_type=ContentType.objects.get_for_model(WebhookEvent),
            object_id=str(event.pk),
            object_repr=str(event)[:200],
            action_flag=CHANGE,
            change_message=f"Tried again: {outcome.kind.value}. {outcome.reason}".strip(),
        )
        return outcome


def _try_again(event: WebhookEvent, *, at: datetime) -> Outcome:
    """`event` is locked by the caller, who commits."""
    envelope = read_envelope(stored_body(event))
    if isinstance(envelope, Event):
        arrival = Arrival(event_id=event.pk, is_test=event.is_test, received_at=event.received_at)
        outcome = try_to_apply(observe(envelope), arrival=arrival, at=at)
    else:  # it was one when it came: the reader has changed since
        outcome = deferred("the stored body is no longer read as an event")
    changes = marks(outcome, attempt_count=event.attempt_count + 1, at=at)
    WebhookEvent.objects.filter(pk=event.pk).update(**changes)
    return outcome
