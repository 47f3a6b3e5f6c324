"""How the ranges held: by hand, on a steady brand, and on one that changes its pace."""

from __future__ import annotations

import random

import pytest

from tests.transactions.brand_record.orders import lived_through, order
from transactions.brand_record.calibration import (
    Coverage,
    Judged,
    coverage_of,
    judge_months,
    wilson,
)
from transactions.brand_record.waits import DAY_SECONDS, Counts, Estimate, Seen, as_known, estimate

MONTH = 30


def told(low: int, high: int) -> Estimate:
    return Estimate(low_days=low, median_days=high, high_days=high, span_days=548, counts=Counts())


def looked_at(orders: list[Seen], day: int, *, months: int = 9) -> tuple[list[Judged], Coverage]:
    """What the night of that day finds; months of thirty days."""
    at = day * DAY_SECONDS
    first = day // MONTH
    begins = [number * MONTH * DAY_SECONDS for number in range(first - months + 1, first + 1)]
    known = list(as_known(orders, at))
    judged = judge_months(known, begins, at)
    return judged, coverage_of(judged, known, estimate(known, at), at)


def test_a_month_by_hand() -> None:
    """Told 30 days of forty earlier orders, all of which took 30."""
    before = [order(day, validated_after=30) for day in range(40)]
    month = [
        order(101, validated_after=29.5),  # sooner than 30
        order(102, validated_after=30),
        order(103, validated_after=30),
        order(104, validated_after=31),  # later
        order(105),  # pending for 45 days on day 150: later
        order(106, declined_after=10),  # no wait at all
        order(121),  # 29 days old: it may still come
        order(121, validated_after=12),  # nor does a quick one of that day count yet
    ]

    [judged] = judge_months([*before, *month], [100 * DAY_SECONDS], 150 * DAY_SECONDS)

    assert (judged.told.low_days, judged.told.high_days) == (30, 30)
    assert (judged.early, judged.inside, judged.late, judged.undecided) == (1, 2, 2, 2)
    assert judged.count == 5


def test_an_estimate_is_judged_by_orders_it_was_not_made_of() -> None:
    """The orders of the month itself, and what ended after it began, are not known to it."""
    before = [order(day, validated_after=30) for day in range(40)]
    of_then = [order(90, validated_after=80) for _ in range(500)]
    month = [order(101, validated_after=3) for _ in range(500)]

    [judged] = judge_months([*before, *of_then, *month], [71 * DAY_SECONDS], 150 * DAY_SECONDS)

    assert (judged.told.low_days, judged.told.high_days) == (30, 30)
    assert judged.told.counts.validated == 40


def test_a_month_before_which_nothing_was_told_is_not_judged() -> None:
    orders = [order(day, validated_after=30) for day in range(200)]

    assert judge_months(orders, [0, 30 * DAY_SECONDS], 300 * DAY_SECONDS) == []


def steady(_: int, chance: random.Random) -> float:
    return chance.gauss(30, 3)


def test_a_steady_brand_falls_inside_eight_times_in_ten() -> None:
    orders = lived_through(range(600), steady, a_day=6)

    months, coverage = looked_at(orders, 600)

    assert len(months) == 9
    decided = sum(month.count for month in months)
    assert decided > 1000
    # whole days, rounded outwards: a little more than eight in ten
    assert 0.8 <= sum(month.inside for month in months) / decided <= 0.88
    assert not coverage.is_drifting


def test_a_brand_that_becomes_slower_raises_an_alarm_and_clears_it_when_it_is_known() -> None:
    """From day 400 on it takes 60 days instead of 30."""

    def slower(day: int, chance: random.Random) -> float:
        return chance.gauss(30 if day < 400 else 60, 3)

    orders = lived_through(range(700), slower, a_day=6)

    drifting = [day for day in range(390, 700, 10) if looked_at(orders, day)[1].is_drifting]

    # Nothing is late before it is older than the range; then it is told within weeks.
    assert 430 <= drifting[0] <= 460
    # In force again is an estimate that the newest orders fit: no alarm for what is past.
    assert drifting[-1] <= 520
    assert drifting == list(range(drifting[0], drifting[-1] + 1, 10))


def test_a_brand_that_becomes_quicker_raises_one_too() -> None:
    def quicker(day: int, chance: random.Random) -> float:
        return chance.gauss(60 if day < 400 else 20, 3)

    orders = lived_through(range(700), quicker, a_day=6)

    assert not looked_at(orders, 400)[1].is_drifting
    assert any(looked_at(orders, day)[1].is_drifting for day in range(410, 520, 10))
    assert not looked_at(orders, 700)[1].is_drifting


def test_fewer_than_fifty_orders_raise_no_alarm() -> None:
    now, at = told(30, 30), 400 * DAY_SECONDS
    late = [order(300) for _ in range(50)]
    month = Judged(begin=300 * DAY_SECONDS, told=now, late=49)

    few = coverage_of([month], late[:49], now, at)
    enough = coverage_of([Judged(begin=month.begin, told=now, late=50)], late, now, at)

    assert few == Coverage(judged=49, inside=0, is_drifting=False)
    assert enough == Coverage(judged=50, inside=0, is_drifting=True)


def test_a_brand_of_which_nothing_is_told_any_more_is_drifting_for_a_while() -> None:
    """The estimate was withdrawn, since most orders are pending beyond it: that is the drift."""
    month = Judged(begin=300 * DAY_SECONDS, told=told(30, 30), late=50)

    soon = coverage_of([month], [order(300)] * 50, None, 430 * DAY_SECONDS)
    later = coverage_of([month], [order(300)] * 50, None, 431 * DAY_SECONDS)

    assert soon == Coverage(judged=50, inside=0, is_drifting=True)
    assert later == Coverage(judged=0, inside=0, is_drifting=False)


def test_the_newest_month_that_says_enough_stands_alone() -> None:
    months = [
        Judged(begin=number * MONTH * DAY_SECONDS, told=told(30, 30), inside=inside, late=late)
        for number, (inside, late) in enumerate([(0, 90), (30, 10), (30, 10), (0, 0)])
    ]

    assert coverage_of(months, [], told(30, 30), 150 * DAY_SECONDS) == Coverage(
        judged=80, inside=60
    )


@pytest.mark.parametrize(
    ("inside", "judged", "low", "high"),
    [
        (40, 50, 0.6696, 0.8876),
        (0, 50, 0.0, 0.0713),
        (50, 50, 0.9287, 1.0),
        (8, 10, 0.4902, 0.9433),
    ],
)
def test_wilsons_interval_as_the_books_print_it(
    inside: int, judged: int, low: float, high: float
) -> None:
    assert wilson(inside, judged) == pytest.approx((low, high), abs=0.00005)
