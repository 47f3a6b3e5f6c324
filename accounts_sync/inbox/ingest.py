"""ingest(): keep the bytes, count a repeat, apply in a savepoint, mark. One commit a webhook."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db.models import F

from accounts_sync.inbox.attempt import REASON_MAX, Arrival, marks, observe, try_to_apply
from accounts_sync.inbox.counts import count_taken
from accounts_sync.inbox.envelope import (
    TEXT_MAX,
    Event,
    NotAnEvent,
    Ping,
    read_envelope,
    storable_text,
)
from accounts_sync.inbox.models import EventStatus, WebhookEvent
from accounts_sync.inbox.nameless import names_in, redacted_body
from rewards_site.kernel.db import atomic, is_postgres, overwrite
from rewards_site.kernel.rows import insert_new_asking
from rewards_site.members import forgotten
from rewards_site.members.forgotten import EDITION_SQL, Forgotten, ListGrew, edition_now
from transactions.told import OutcomeKind

log = logging.getLogger(__name__)

PING_REASON: Final = "a ping: neither `id` nor `event_type`"


class Taken(StrEnum):
    """What became of a delivery; the words of the contract's table."""

    PROCESSED = "processed"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    DEFERRED = "deferred"
    REJECTED = "rejected"


_TAKEN: Final = {
    OutcomeKind.APPLIED: Taken.PROCESSED,
    OutcomeKind.IGNORED: Taken.IGNORED,
    OutcomeKind.DEFERRED: Taken.DEFERRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    taken: Taken
    event_id: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A signed body, and when it came."""

    body: bytes
    is_test: bool
    at: datetime


def ingest(delivery: Delivery) -> Receipt:
    """Take in one signed body: all of it in one commit, or nothing.

    Raises: a database error when the database can't answer or commit; then nothing is kept.
    """
    while True:
        listed = forgotten.known()
        try:
            return _taken_in(_without_erased(delivery, listed), listed)
        except ListGrew:  # somebody was erased since this process looked
            forgotten.refresh()


def _without_erased(delivery: Delivery, listed: Forgotten) -> Delivery:
    """No customer id that was erased is stored again, wherever in the body it stands."""
    if not listed or not names_in(delivery.body, listed.text_for):
        return delivery
    return replace(delivery, body=redacted_body(delivery.body, listed.text_for))


def _taken_in(delivery: Delivery, listed: Forgotten) -> Receipt:
    """Raises: ListGrew, then nothing is kept."""
    envelope = read_envelope(delivery.body)
    match envelope:
        case NotAnEvent():
            receipt = _keep_without_id(
                delivery, envelope.digest, EventStatus.REJECTED, envelope.reason, listed=listed
            )
        case Ping():
            receipt = _keep_without_id(
                delivery, envelope.digest, EventStatus.IGNORED, PING_REASON, listed=listed
            )
        case Event():
            receipt = _take_event(delivery, envelope, listed)
    count_taken(receipt.taken.value, envelope.event_type if isinstance(envelope, Event) else "")
    log.info(
        "webhook.taken",
        extra={"taken": receipt.taken.value, "webhook_event": receipt.event_id},
    )
    return receipt


def _keep_without_id(
    delivery: Delivery, digest: str, status: EventStatus, reason: str, *, listed: Forgotten
) -> Receipt:
    """One row per content, however often it comes; a race that makes two does no harm."""
    with atomic():
        known = (
            WebhookEvent.objects.filter(
                hook_id=None,
                beside=None,
                status=status,
                body_digest=digest,
                is_test=delivery.is_test,
            )
            .order_by("pk")
            .values_list("pk", flat=True)
            .first()
        )
        if known is not None:
            _count_delivery(known)
        else:
            known = _new_row(delivery, digest, status=status, reason=reason).pk
            listed.check(edition_now())
    taken = Taken.REJECTED if status is EventStatus.REJECTED else Taken.IGNORED
    return Receipt(taken=taken, reason=reason, event_id=known)


def _take_event(delivery: Delivery, event: Event, listed: Forgotten) -> Receipt:
    observed = observe(event)  # pure: before the database is asked for anything
    with atomic():
        # Of several first deliveries at once the unique constraint decides, and makes the others
        # wait. SQLite has one writer at a time; there a look is enough, and its guards, which
        # refuse any insert over an event that is there, are never asked.
        first = None if is_postgres() else _event_of(event.hook_id)
        row = _insert_unless_known(delivery, event, listed) if first is None else None
        if row is not None:
            arrival = Arrival(event_id=row.pk, is_test=delivery.is_test, received_at=delivery.at)
            outcome = try_to_apply(observed, arrival=arrival, at=delivery.at)
            marked = marks(outcome, attempt_count=1, at=delivery.at)
            for name, value in marked.items():
                setattr(row, name, value)
            overwrite([row], list(marked))
            return Receipt(
                taken=_TAKEN[outcome.kind],
                reason=storable_text(outcome.reason, REASON_MAX),
                event_id=row.pk,
            )
        first = first or WebhookEvent.objects.get(hook_id=event.hook_id)
        _keep_repeat(delivery, event, first)
        listed.check(edition_now())
        return Receipt(taken=Taken.DUPLICATE, event_id=first.pk)


def _event_of(hook_id: str) -> WebhookEvent | None:
    return WebhookEvent.objects.filter(hook_id=hook_id).defer("body").first()


def _insert_unless_known(
    delivery: Delivery, event: Event, listed: Forgotten
) -> WebhookEvent | None:
    """The new row, or None if the id was taken by another delivery that came at the same time."""
    row = _row(delivery, event.digest, event=event, status=EventStatus.DEFERRED)
    inserted = insert_new_asking([row], EDITION_SQL)
    if not inserted:
        return None
    row.pk, edition = inserted[0]
    listed.check(edition)
    return row


def _keep_repeat(delivery: Delivery, event: Event, first: WebhookEvent) -> None:
    """Count it; what says something else under the same id is kept beside, once per content."""
    _count_delivery(first.pk)  # its row is locked from here: the next repeat waits
    is_same_body = first.body_digest == event.digest
    if is_same_body and first.is_test == delivery.is_test:
        return
    beside = WebhookEvent.objects.filter(beside=first, body_digest=event.digest).first()
    if beside is not None:
        _count_delivery(beside.pk)
        return
    reason = (
        "the same id and body, signed once with a live and once with a test secret"
        if is_same_body
        else "another body under an id that was already taken in"
    )
    row = _new_row(
        delivery,
        event.digest,
        event=event,
        status=EventStatus.CONFLICTING,
        reason=reason,
        beside=first,
    )
    log.warning("webhook.conflicting", extra={"webhook_event": row.pk, "beside": first.pk})


def _new_row(
    delivery: Delivery,
    digest: str,
    *,
    status: EventStatus,
    reason: str = "",
    event: Event | None = None,
    beside: WebhookEvent | None = None,
) -> WebhookEvent:
    row = _row(delivery, digest, status=status, reason=reason, event=event, beside=beside)
    row.save(force_insert=True)
    return row


def _row(
    delivery: Delivery,
    digest: str,
    *,
    status: EventStatus,
    reason: str = "",
    event: Event | None = None,
    beside: WebhookEvent | None = None,
) -> WebhookEvent:
    """A row; with `event`, and not beside another, it takes the event's id."""
    return WebhookEvent(
        hook_id=event.hook_id if event and not beside else None,
        event_type=storable_text(event.event_type, TEXT_MAX) if event else "",
        tx_id=event.tx_id if event else "",
        body=delivery.body,
        body_digest=digest,
        is_test=delivery.is_test,
        received_at=delivery.at,
        status=status,
        reason=storable_text(reason, REASON_MAX),
        beside=beside,
    )


def _count_delivery(event_id: int) -> None:
    WebhookEvent.objects.filter(pk=event_id).update(delivery_count=F("delivery_count") + 1)
