"""What attempts came to, written down: several at once, in one commit."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rewards_site.health import tallies
from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.outward.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    Subscription,
    SubscriptionStatus,
)
from rewards_site.outward.pauses import is_last, pause
from rewards_site.outward.sending import GONE, Answer
from rewards_site.outward.switching import hold_open, set_status

log = logging.getLogger(__name__)

_FIELDS = ["status", "claim", "not_before", "ended_at", "last_status", "last_error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One attempt, its claim, and what came of it."""

    delivery_id: int
    subscription_id: int
    claim: uuid.UUID
    number: int
    begun_at: datetime
    url: str
    """Where it went: the subscription's address as it was then."""
    answer: Answer


def record(ended: Sequence[Ended], *, at: datetime, draw: Callable[[], float]) -> None:
    """Write down what came of these. Raises: DatabaseUnavailable; then the claims run out.

    `draw` gives random numbers of 0 to 1. Who lost its claim meanwhile only leaves its attempt.
    """
    retry_deadlocks(lambda: _record(ended, at=at, draw=draw))
    outcomes = Counter("failed" if each.answer.error else "delivered" for each in ended)
    for outcome, count in outcomes.items():
        tallies.count(f"outward:{outcome}", count)


def _record(ended: Sequence[Ended], *, at: datetime, draw: Callable[[], float]) -> None:
    told = {each.delivery_id: each for each in ended}
    with atomic():
        # Subscriptions are locked before deliveries, here as in fan-out and in services
        failing = {each.subscription_id for each in ended if each.answer.error}
        locked = rows.find(Subscription, {"id": sorted(failing)}, is_locked=True) if failing else []
        gone = _gone(locked, ended, at=at)
        is_off = {row.pk for row in locked if row.status == SubscriptionStatus.OFF}
        found = rows.find(Delivery, {"id": sorted(told)}, is_locked=True)
        mine = [row for row in found if row.claim == told[row.pk].claim]
        for row in mine:
            _settle(row, told[row.pk], is_off=row.subscription_id in is_off, at=at, draw=draw())
        rows.run([*rows.overwrite(mine, _FIELDS), *rows.insert([_attempt(each) for each in ended])])
        for subscription in gone:
            hold_open(subscription, at=at)
    for each in ended:
        log.info(
            "outward.attempted",
            extra={
                "delivery": each.delivery_id,
                "subscription": each.subscription_id,
                "attempt": each.number,
                "answer": each.answer.status,
                "why": each.answer.error,
            },
        )


def _gone(
    locked: Sequence[Subscription], ended: Sequence[Ended], *, at: datetime
) -> list[Subscription]:
    """Those whose receiver said so, switched off here."""
    said = {(each.subscription_id, each.url) for each in ended if each.answer.status == GONE}
    gone = [
        row for row in locked if (row.pk, row.url) in said and row.status != SubscriptionStatus.OFF
    ]  # of the address that it has now: another one may be gone for good reason
    for row in gone:
        reason = "The receiver answered 410 Gone."
        set_status(row, SubscriptionStatus.OFF, reason=reason, at=at, is_by_receiver=True)
    return gone


def _settle(row: Delivery, ended: Ended, *, is_off: bool, at: datetime, draw: float) -> None:
    """What the attempt makes of its delivery."""
    answer = ended.answer
    row.claim = None
    row.last_status, row.last_error = answer.status, answer.error
    row.not_before = row.ended_at = at
    if not answer.error:
        row.status = DeliveryStatus.DELIVERED
    elif is_off:
        row.status = DeliveryStatus.HELD
    elif is_last(attempt=row.round_attempt_count):
        row.status = DeliveryStatus.DEAD
        log.warning("outward.given_up", extra={"delivery": row.pk})
    else:
        row.status = DeliveryStatus.DUE
        row.ended_at = None
        row.not_before = at + pause(
            attempt=row.round_attempt_count, asked_seconds=answer.retry_after_seconds, draw=draw
        )


def _attempt(ended: Ended) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=ended.delivery_id,
        number=ended.number,
        at=ended.begun_at,
        duration_ms=max(0, ended.answer.took // timedelta(milliseconds=1)),
        status=ended.answer.status,
        error=ended.answer.error,
    )
