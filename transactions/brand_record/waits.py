"""Pure: orders of one brand → how long an order waits until it is available. An estimate.

The wait is from the purchase to the validation, by Button's own times. Three things would bias what
finished orders alone tell, and are met here (docs/decisions/0075):

- Of young orders only the quick ones are finished. So an order still pending counts as one that
  waits longer than so far (the estimator of Aalen and Johansen; without declines, Kaplan-Meier).
- A declined order has no wait. It leaves those that may still be validated at the moment it is
  declined; the quantiles are of the orders that are validated at last.
- Brands change their pace. So the shortest span of purchases counts that says enough.

Instants are whole seconds since 1970, waits are seconds; days only come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

DAY_SECONDS = 24 * 60 * 60
SPANS_DAYS = (90, 180, 365, 548)
"""Purchases of the last so many days, the shortest span first that says enough."""
VALIDATED_MIN = 30
"""Fewer validated orders tell nothing: the window stands alone."""
VALIDATED_MIN_OF_SHORTER = 100
"""As many must a span have that is not the longest."""
SEEN_SO_LONG_MIN = 10
"""As many orders must have waited at least until the high end, or 1 in 10 of a few: each of them
speaks for those that are too young to tell, and one or two would speak for hundreds."""
LOW, MEDIAN, HIGH = 0.1, 0.5, 0.9
_SLACK = 1e-9
"""Sums of fractions are a hair off: 0.1 of 10 orders is one order."""


class Fate(IntEnum):
    """Where an order stands. The order of the values is that of events at the same instant."""

    VALIDATED = 0
    DECLINED = 1
    PENDING = 2


class Seen(NamedTuple):
    """One order, as far as its wait goes."""

    bought: int
    reported: int
    """When the brand first reported it: before that nobody knew of it."""
    fate: Fate
    ended: int
    """When it became final; meaningless while pending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Whole days from purchase to available: the median, and the range of 8 orders in 10."""

    median_days: int
    low_days: int
    high_days: int
    span_days: int
    """How far back the purchases go that it rests on."""
    counts: Counts

    def holds(self, wait_seconds: int) -> bool:
        """Whether a wait fell inside the range."""
        return self.low_days * DAY_SECONDS <= wait_seconds <= self.high_days * DAY_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Orders of a span by where they stand."""

    validated: int = 0
    declined: int = 0
    pending: int = 0


def as_known(orders: Iterable[Seen], at: int) -> Iterator[Seen]:
    """The orders as they stood at `at`: what was reported by then, and final only if it was."""
    for order in orders:
        if order.reported > at or order.bought >= at:
            continue
        is_final = order.fate is not Fate.PENDING and order.ended <= at
        yield order if is_final else order._replace(fate=Fate.PENDING)


def estimate(orders: Sequence[Seen], at: int) -> Estimate | None:
    """What orders bought from `at` on may expect, from `orders` as they stand at `at`.

    None where too little is known.
    """
    for span_days in SPANS_DAYS:
        recent = [order for order in orders if order.bought >= at - span_days * DAY_SECONDS]
        found = _of_span(recent, at, span_days)
        if found is not None:
            return found
    return None


def counts_of(orders: Iterable[Seen]) -> Counts:
    """How many there are of each fate."""
    by_fate = dict.fromkeys(Fate, 0)
    for order in orders:
        by_fate[order.fate] += 1
    return Counts(
        validated=by_fate[Fate.VALIDATED],
        declined=by_fate[Fate.DECLINED],
        pending=by_fate[Fate.PENDING],
    )


def _of_span(orders: Sequence[Seen], at: int, span_days: int) -> Estimate | None:
    counts = counts_of(orders)
    is_longest = span_days == SPANS_DAYS[-1]
    if counts.validated < (VALIDATED_MIN if is_longest else VALIDATED_MIN_OF_SHORTER):
        return None
    watched = exits(orders, at)
    low, median, high = quantiles(watched, (LOW, MEDIAN, HIGH))
    if low is None or median is None or high is None:
        return None
    seen_so_long = sum(wait >= high for wait, _ in watched)
    if seen_so_long < min(SEEN_SO_LONG_MIN, len(watched) // 10):
        return None
    return Estimate(
        low_days=low // DAY_SECONDS,
        median_days=(median + DAY_SECONDS // 2) // DAY_SECONDS,
        high_days=-(-high // DAY_SECONDS),
        span_days=span_days,
        counts=counts,
    )


def exits(orders: Iterable[Seen], at: int) -> list[tuple[int, Fate]]:
    """Each order's time under watch, and how that ended; in order."""
    return sorted(
        ((at if order.fate is Fate.PENDING else order.ended) - order.bought, order.fate)
        for order in orders
    )


def quantiles(watched: Sequence[tuple[int, Fate]], shares: Sequence[float]) -> list[int | None]:
    """For each of `shares`: within which wait so many of the validated at last are validated.

    `watched` as exits() gives it. A quantile is the wait of an order, never between two. None where
    so many were not validated yet, counting of those that nobody saw the end of as many as of the
    others: what the orders do not tell is not made up.
    """
    reached, declined, left = [(0, 0.0)], 0.0, 1.0
    at_risk = len(watched)
    for wait, group in groupby(watched, key=itemgetter(0)):
        ends = [fate for _, fate in group]
        validated_now, declined_now = ends.count(Fate.VALIDATED), ends.count(Fate.DECLINED)
        if validated_now:
            reached.append((wait, reached[-1][1] + left * validated_now / at_risk))
        declined += left * declined_now / at_risk
        left *= 1 - (validated_now + declined_now) / at_risk
        at_risk -= len(ends)
    validated = reached[-1][1]
    if not validated:
        return [None] * len(shares)
    total = validated + left * validated / (validated + declined)
    return [
        next((wait for wait, so_far in reached if so_far >= share * total - _SLACK), None)
        for share in shares
    ]
