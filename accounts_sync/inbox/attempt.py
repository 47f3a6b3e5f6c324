"""One try at applying one event; the same at first delivery and at every replay."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from accounts_sync.inbox.envelope import TEXT_MAX, Event, storable_text
from accounts_sync.inbox.models import EventStatus
from rewards_site.button.reading import Unreadable, read_transaction
from rewards_site.button.schemas import ButtonStatus, TransactionObservation
from rewards_site.kernel.db import in_transaction
from transactions.apply import apply_observations
from transactions.told import Channel, Outcome, OutcomeKind, Told, deferred, ignored

log = logging.getLogger(__name__)

REASON_MAX: Final = 1000
_TRANSACTION_EVENTS: Final = {f"tx-{status.value}": status for status in ButtonStatus}
_CHECKOUT_EVENT: Final = "order-checkout"
_BACK_OFF: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
_BACK_OFF_LATER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is known about an event beside its body."""

    event_id: int
    is_test: bool
    received_at: datetime


def observe(event: Event) -> TransactionObservation | Outcome:
    """What the event tells about a transaction, or why there is nothing to apply. Never raises."""
    try:
        return _observe(event)
    except Exception as error:  # poison: kept and answered, or Button would pause the endpoint
        log.exception("webhook.internal_error", extra={"tx": event.tx_id})
        return _internal_error(error)


def _observe(event: Event) -> TransactionObservation | Outcome:
    if event.ambiguous:
        names = ", ".join(f"`{name}`" for name in event.ambiguous)
        return deferred(f"{names} stands more than once in the body, with different values")
    status = _TRANSACTION_EVENTS.get(event.event_type)
    if status is None:
        return _of_another_type(storable_text(event.event_type, TEXT_MAX))
    try:
        observation = read_transaction(event.data)
    except Unreadable as error:
        return deferred(str(error))
    if observation.status is not status:
        return deferred(
            f"`event_type` is `{event.event_type}`, but `data.status` is "
            f"`{observation.status.value}`"
        )
    return observation


def _of_another_type(event_type: str) -> Outcome:
    if event_type.startswith("tx-"):
        return deferred(f"unknown transaction event `{event_type}`")
    if event_type == _CHECKOUT_EVENT:
        return ignored(f"`{event_type}` tells of no money")
    return ignored(f"unknown event type `{event_type}`")


def try_to_apply(
    observed: TransactionObservation | Outcome, *, arrival: Arrival, at: datetime
) -> Outcome:
    """Apply in the caller's transaction: what fails leaves nothing behind (apply has savepoints).

    Raises: DatabaseUnavailable, and nothing else.
    """
    assert in_transaction()
    if isinstance(observed, Outcome):
        return observed
    told = Told(
        observation=observed,
        channel=Channel.WEBHOOK,
        read_at=arrival.received_at,
        is_test=arrival.is_test,
    )
    [outcome] = apply_observations([told], at=at)
    return outcome


def _internal_error(error: Exception) -> Outcome:
    return deferred(f"internal error: {type(error).__name__}", is_retried=True)


def marks(outcome: Outcome, *, attempt_count: int, at: datetime) -> dict[str, Any]:
    """The columns of an event after its try number `attempt_count`."""
    status = {
        OutcomeKind.APPLIED: EventStatus.PROCESSED,
        OutcomeKind.IGNORED: EventStatus.IGNORED,
        OutcomeKind.DEFERRED: EventStatus.DEFERRED,
    }[outcome.kind]
    return {
        "status": status,
        "reason": storable_text(outcome.reason, REASON_MAX),
        "attempt_count": attempt_count,
        "last_attempt_at": at,
        "not_before": at + back_off(attempt_count) if outcome.is_retried else None,
        "transaction_id": outcome.transaction_id,
    }


def back_off(attempt_count: int) -> timedelta:
    """How long to wait after try number `attempt_count`: minutes at first, in the end a day."""
    assert attempt_count > 0
    if attempt_count > len(_BACK_OFF):
        return _BACK_OFF_LATER
    return _BACK_OFF[attempt_count - 1]
