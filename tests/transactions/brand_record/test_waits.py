"""The estimate of a brand's wait: by hand, by brute force, and where finished orders mislead."""

from __future__ import annotations

import random
import statistics
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.transactions.brand_record.orders import lived_through, order
from transactions.brand_record.waits import (
    DAY_SECONDS,
    HIGH,
    LOW,
    MEDIAN,
    Fate,
    Seen,
    as_known,
    estimate,
    exits,
    quantiles,
)

SHARES = (LOW, MEDIAN, HIGH)


def days(found: list[int | None]) -> list[float | None]:
    return [None if wait is None else wait / DAY_SECONDS for wait in found]


def test_ten_finished_orders_by_hand() -> None:
    waits = [21, 24, 25, 27, 28, 30, 30, 31, 33, 40]
    orders = [order(0, validated_after=wait) for wait in waits]

    # the first of ten, the fifth of ten, the ninth of ten
    assert days(quantiles(exits(orders, 100 * DAY_SECONDS), SHARES)) == [21, 28, 33]


def test_a_pending_order_counts_as_waiting_longer_by_hand() -> None:
    """Six orders at day 50: validated after 10, 20 and 40; pending since 15, 30 and 45 days."""
    orders = [
        *(order(0, validated_after=wait) for wait in (10, 20, 40)),
        *(order(50 - age) for age in (15, 30, 45)),
    ]

    found = quantiles(exits(orders, 50 * DAY_SECONDS), (1 / 6, 0.375, 0.6875, 0.7))

    # At 10 days 1 of 6 ends: 1/6. At 20, 1 of the 4 still watched: 1/6 + 5/6/4 = 3/8.
    # At 40, 1 of 2: 3/8 + 5/8/2 = 11/16. One is left pending beyond: the rest is not known.
    assert days(found) == [10, 20, 40, None]


def test_a_declined_order_takes_its_part_of_those_that_might_be_validated_by_hand() -> None:
    """Two of four are declined after 5 days; of the two validated at last, half took 10."""
    orders = [
        *(order(0, declined_after=5) for _ in range(2)),
        *(order(0, validated_after=wait) for wait in (10, 20)),
    ]

    assert days(quantiles(exits(orders, 99 * DAY_SECONDS), (0.5, 0.51, 1))) == [10, 20, 20]


def test_a_decline_hands_no_weight_on_by_hand() -> None:
    """On day 50: validated after 10 and 40, declined after 15, pending since 20 days."""
    orders = [
        *(order(0, validated_after=wait) for wait in (10, 40)),
        order(0, declined_after=15),
        order(30),
    ]

    found = quantiles(exits(orders, 50 * DAY_SECONDS), (0.33, 0.34))

    # At 10 days 1 of 4 is validated: 1/4. At 15 1 of 3 is declined: 1/4, too, and 1/2 is left. That
    # is the last one's, at 40. Of the 3/4 that are validated at last a third was at 10 days.
    assert days(found) == [10, 40]


def test_the_median_of_finished_orders_alone_would_be_far_too_short() -> None:
    """A growing brand: most orders are young, so most that are finished were quick."""
    chance = random.Random(5)  # a simulation
    at = 60 * DAY_SECONDS
    grown = [
        order(day + chance.random(), validated_after=chance.uniform(10, 50))
        for day in range(60)
        for _ in range(1 + day)
    ]
    known = list(as_known(grown, at))

    finished = [o.ended - o.bought for o in known if o.fate is Fate.VALIDATED]
    assert statistics.median(finished) < 23 * DAY_SECONDS  # naive; truly it is 30
    found = estimate(known, at)
    assert found is not None
    assert 29 <= found.median_days <= 31
    assert 13 <= found.low_days <= 14
    assert 45 <= found.high_days <= 47


def test_less_than_thirty_validated_orders_tell_nothing() -> None:
    orders = [order(day, validated_after=30) for day in range(30)]
    at = 400 * DAY_SECONDS

    assert estimate(orders[:29], at) is None
    found = estimate(orders, at)
    assert found is not None
    assert (found.low_days, found.median_days, found.high_days) == (30, 30, 30)
    assert (found.counts.validated, found.span_days) == (30, 548)


def test_a_young_brand_of_which_most_is_pending_tells_nothing() -> None:
    """Forty quick ones are validated; nobody knows how long the thousand others will take."""
    orders = [
        *(order(70, validated_after=5) for _ in range(40)),
        *(order(75) for _ in range(1000)),
    ]

    assert estimate(orders, 100 * DAY_SECONDS) is None


def test_one_old_order_does_not_speak_for_a_hundred_young_ones() -> None:
    """Of 200, half took 30 days; of the younger half one is validated after 60, the others wait."""
    orders = [
        *(order(0, validated_after=30) for _ in range(100)),
        *(order(141 + number / 11) for number in range(99)),
    ]
    at = 200 * DAY_SECONDS

    assert estimate([*orders, order(140, validated_after=60)], at) is None
    tenfold = [order(140, validated_after=60) for _ in range(10)]
    found = estimate([*orders, *tenfold], at)
    assert found is not None
    assert found.high_days == 60


def test_days_are_rounded_outwards() -> None:
    waits = [10.9] * 10 + [12.5] * 30 + [14.1] * 10
    orders = [order(0, validated_after=wait) for wait in waits]

    found = estimate(orders, 100 * DAY_SECONDS)

    assert found is not None
    assert (found.low_days, found.median_days, found.high_days) == (10, 13, 15)


def test_the_shortest_span_that_says_enough_follows_a_new_pace() -> None:
    """Until day 300 it took 20 days, from then on 40: on day 420 only the new pace counts."""
    orders = lived_through(range(420), lambda day, _: 20 if day < 300 else 40)
    at = 420 * DAY_SECONDS

    found = estimate(list(as_known(orders, at)), at)

    assert found is not None
    assert (found.low_days, found.median_days, found.high_days) == (40, 40, 40)
    assert found.span_days == 90


def test_what_was_not_known_then_does_not_count() -> None:
    orders = [
        order(1, validated_after=5),
        order(2, validated_after=30),
        order(3, declined_after=20),
        order(4, validated_after=2, reported_after=12),
        order(11, validated_after=1),
    ]

    assert list(as_known(orders, 10 * DAY_SECONDS)) == [
        orders[0],
        orders[1]._replace(fate=Fate.PENDING),
        orders[2]._replace(fate=Fate.PENDING),
    ]


waits_of_orders = st.lists(st.integers(1, 60), min_size=1, max_size=60)


@given(waits_of_orders)
def test_of_finished_orders_alone_it_is_the_plain_quantile(waits: list[int]) -> None:
    watched = sorted((wait, Fate.VALIDATED) for wait in waits)

    found = quantiles(watched, SHARES)

    ranked = sorted(waits)
    expected = []
    for tenths in (1, 5, 9):
        rank = -(-tenths * len(ranked) // 10)  # the smallest wait that so many are within
        expected.append(ranked[rank - 1])
    assert found == expected


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=60))
def test_with_pending_orders_it_is_redistribution_to_the_right(
    drawn: list[tuple[int, int]],
) -> None:
    """Efron's brute force: each pending order hands its weight on to all that wait longer."""
    watched = sorted(
        (min(wait, age), Fate.VALIDATED if wait <= age else Fate.PENDING) for wait, age in drawn
    )
    weights = [1 / len(watched)] * len(watched)
    for index, (_, fate) in enumerate(watched):
        if fate is Fate.PENDING and index + 1 < len(watched):
            later = len(watched) - index - 1
            for after in range(index + 1, len(watched)):
                weights[after] += weights[index] / later
            weights[index] = 0
    reached: list[tuple[int, float]] = []
    for (wait, fate), weight in zip(watched, weights, strict=True):
        if fate is Fate.VALIDATED:
            reached.append((wait, (reached[-1][1] if reached else 0) + weight))

    for share in (0.13, 0.47, 0.83):
        expected = next((wait for wait, sum_ in reached if sum_ >= share - 1e-9), None)
        assert quantiles(watched, [share]) == [expected]


@given(
    st.lists(
        st.builds(
            Seen,
            bought=st.integers(0, 90 * DAY_SECONDS),
            reported=st.just(0),
            fate=st.sampled_from(Fate),
            ended=st.integers(90 * DAY_SECONDS, 120 * DAY_SECONDS),
        ),
        max_size=80,
    )
)
def test_any_orders_have_an_ordered_range_or_none(orders: list[Seen]) -> None:
    at = 120 * DAY_SECONDS
    found = estimate(orders, at)

    told = [wait for wait in quantiles(exits(orders, at), SHARES) if wait is not None]
    assert all(less <= more for less, more in pairwise(told))
    if found is not None:
        assert 0 <= found.low_days <= found.median_days <= found.high_days
        assert found.counts.validated >= 30
    assert estimate(orders[::-1], at) == found  # whatever order they are read in
