"""Pure: how often reality fell inside the range that was expected, on orders not used to make it.

For each month of purchases the estimate is made again as it would have been made when the month
began, of what was known then and nothing else. It is judged by the orders bought in that month,
each as soon as it is older than the high end, so that each has an answer: validated within the
range, sooner, or later. To judge earlier would count the quick ones only. An order still pending
beyond the high end is late. A declined order had no wait, and is not judged (docs/decisions/0076).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transactions.brand_record.waits import (
    DAY_SECONDS,
    Estimate,
    Fate,
    Seen,
    as_known,
    estimate,
)

PROMISED = 0.8
"""The share of orders that a range is made for."""
ALARMING = 0.7
"""A share inside that is surely below this is an alarm; between the two lies luck."""
JUDGED_MIN = 50
"""Fewer orders than this raise no alarm."""
MONTHS_POOLED_MAX = 3
"""Where one month has fewer than JUDGED_MIN, it is judged with those before it."""
RECENT_DAYS = 100
"""A month that began longer ago than this and its range tells nothing of today."""
_Z = 1.959964
"""Of the normal distribution, for an interval of 95 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How the estimate made before a month held for the orders bought in it."""

    begin: int
    """The month's first second; the estimate is of what was known then."""
    told: Estimate
    inside: int = 0
    early: int = 0
    late: int = 0
    undecided: int = 0
    """Not older than the high end yet."""

    @property
    def count(self) -> int:
        return self.inside + self.early + self.late


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The newest months that tell enough, together."""

    judged: int = 0
    inside: int = 0
    is_drifting: bool = False


def judge_months(orders: Sequence[Seen], begins: Sequence[int], at: int) -> list[Judged]:
    """A judgement for each month of `begins` (first seconds, oldest first; the last one runs until
    `at`) that had an estimate when it began; oldest first."""
    judged = []
    for begin, end in zip(begins, [*begins[1:], at], strict=True):
        told = estimate(list(as_known(orders, begin)), begin)
        if told is not None:
            bought_then = [order for order in orders if begin <= order.bought < end]
            judged.append(_judge(bought_then, told, begin, at))
    return judged


def _judge(orders: Iterable[Seen], told: Estimate, begin: int, at: int) -> Judged:
    inside = early = late = undecided = 0
    for order in orders:
        if order.fate is Fate.DECLINED:
            continue
        if at - order.bought <= told.high_days * DAY_SECONDS:
            undecided += 1
        elif order.fate is Fate.PENDING:
            late += 1
        elif told.holds(order.ended - order.bought):
            inside += 1
        elif order.ended - order.bought < told.low_days * DAY_SECONDS:
            early += 1
        else:
            late += 1
    return Judged(
        begin=begin, told=told, inside=inside, early=early, late=late, undecided=undecided
    )


def coverage_of(
    months: Sequence[Judged], orders: Sequence[Seen], now: Estimate | None, at: int
) -> Coverage:
    """The newest months together, and whether what is told *now* is wrong by them.

    Drifting is a brand only until an estimate is in force that fits those orders: one that has
    caught up with a new pace is no alarm any more, though the months before it stay bad.
    """
    pooled: list[Judged] = []
    for month in reversed([month for month in months if month.count and _is_recent(month, at)]):
        pooled.append(month)
        if sum(each.count for each in pooled) >= JUDGED_MIN or len(pooled) == MONTHS_POOLED_MAX:
            break
    judged = sum(month.count for month in pooled)
    inside = sum(month.inside for month in pooled)
    if judged < JUDGED_MIN or wilson(inside, judged)[1] >= ALARMING:
        return Coverage(judged=judged, inside=inside)
    fitting = 0
    for month in pooled:
        end = min((each.begin for each in months if each.begin > month.begin), default=at)
        theirs = [order for order in orders if month.begin <= order.bought < end]
        fitting += _fitting(theirs, month.told, now, at) if now is not None else 0
    return Coverage(judged=judged, inside=inside, is_drifting=wilson(fitting, judged)[1] < ALARMING)


def _is_recent(month: Judged, at: int) -> bool:
    return at - month.begin <= (RECENT_DAYS + month.told.high_days) * DAY_SECONDS


def _fitting(orders: Iterable[Seen], told: Estimate, now: Estimate, at: int) -> int:
    """How many of the orders that `told` is judged by are not against what is told now."""
    count = 0
    for order in orders:
        if order.fate is Fate.DECLINED or at - order.bought <= told.high_days * DAY_SECONDS:
            continue
        if order.fate is Fate.PENDING:
            count += at - order.bought <= now.high_days * DAY_SECONDS
        else:
            count += now.holds(order.ended - order.bought)
    return count


def wilson(inside: int, judged: int) -> tuple[float, float]:
    """Between which shares the true one lies, as sure as 95 %. Raises: ZeroDivisionError."""
    share, square = inside / judged, _Z * _Z
    middle = (share + square / (2 * judged)) / (1 + square / judged)
    spread = math.sqrt(share * (1 - share) / judged + square / (4 * judged * judged))
    reach = _Z * spread / (1 + square / judged)
    return max(0.0, middle - reach), min(1.0, middle + reach)
