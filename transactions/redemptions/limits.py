"""Pure: what the limits that finance set say about one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Velocity:
    """At most so many redemptions, and so much together, in any `days`. None: no limit."""

    days: int
    count: int | None
    sum_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """In force for one currency; by default nothing is limited. Minor units."""

    cooling_off_hours: int = 0
    member: Velocity | None = None
    destination: Velocity | None = None
    second_person_minor: int | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Past:
    """A redemption that stands: when it was asked for, and its amount in minor units."""

    at: datetime
    amount_minor: int


@dataclass(frozen=True, slots=True)
class TooFast:
    """A limit says no. `until`: when the same request may go; None: never, it is too much."""

    until: datetime | None


def too_fast(
    limit: Velocity | None, past: Sequence[Past], *, amount_minor: int, at: datetime
) -> TooFast | None:
    """What `limit` says of a request at `at`, after those of the `past`. None: nothing."""
    if limit is None:
        return None
    if limit.count == 0 or (limit.sum_minor is not None and amount_minor > limit.sum_minor):
        return TooFast(until=None)
    window = timedelta(days=limit.days)
    left = sorted((one for one in past if one.at > at - window), key=lambda one: one.at)
    until = None
    while left and not _fits(limit, left, amount_minor):
        until = left.pop(0).at + window
    return TooFast(until=until) if until is not None else None


def _fits(limit: Velocity, left: Sequence[Past], amount_minor: int) -> bool:
    if limit.count is not None and len(left) + 1 > limit.count:
        return False
    total = sum(one.amount_minor for one in left) + amount_minor
    return limit.sum_minor is None or total <= limit.sum_minor


def held_until(
    first_uses: Sequence[tuple[str, datetime]], digests: Sequence[str], *, hours: int, at: datetime
) -> datetime | None:
    """Until when a destination is too new to be approved; None: it is not.

    `first_uses`: the keyed hashes of what the member named before, and when each was first named.
    The very first destination of a member is no change.
    """
    if not hours or not first_uses:
        return None
    named = [when for digest, when in first_uses if digest in digests]
    earliest = min(when for _digest, when in first_uses)
    since = min(named, default=at)
    if since == earliest:
        return None
    until = since + timedelta(hours=hours)
    return until if until > at else None
