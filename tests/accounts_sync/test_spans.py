"""Stretches of time: their union, and what is missing."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from accounts_sync.spans import Span, gaps, union, within
from tests.factories import NOON

HOURS = range(-3, 13)


def hour(number: int) -> datetime:
    return NOON + timedelta(hours=number)


def span(start: int | None, end: int) -> Span:
    return Span(start=None if start is None else hour(start), end=hour(end))


def hours_of(spans: list[Span]) -> set[int]:
    """Which hours of HOURS lie in one of the spans: the slow and plain way to say it."""
    return {
        number
        for number in HOURS
        for one in spans
        if (one.start is None or one.start <= hour(number)) and hour(number) < one.end
    }


spans = st.lists(st.builds(span, st.none() | st.integers(0, 10), st.integers(0, 11)), max_size=8)


def test_what_touches_or_overlaps_is_one() -> None:
    assert union([span(4, 5), span(None, 2), span(2, 3), span(1, 2)]) == [span(None, 3), span(4, 5)]
    assert union([span(3, 3), span(5, 4)]) == []


def test_what_is_missing_before_an_instant() -> None:
    assert gaps([], until=hour(2)) == [span(None, 2)]
    assert gaps([span(1, 2), span(4, 5)], until=hour(7)) == [span(None, 1), span(2, 4), span(5, 7)]
    assert gaps([span(None, 3)], until=hour(3)) == []
    assert gaps([span(None, 3), span(5, 9)], until=hour(4)) == [span(3, 4)]


def test_only_what_is_spoken_of_is_compared() -> None:
    assert within([span(None, 3), span(5, 6)], since=hour(2)) == [span(2, 3), span(5, 6)]
    assert within([span(None, 1)], since=hour(2)) == []


@given(spans)
def test_the_union_holds_every_hour_that_a_span_holds_and_no_other(told: list[Span]) -> None:
    together = union(told)

    assert hours_of(together) == hours_of(told)
    for earlier, later in pairwise(together):
        assert later.start is not None
        assert earlier.end < later.start


@given(spans, st.integers(0, 12))
def test_gaps_and_spans_together_are_all_time_before(told: list[Span], until: int) -> None:
    missing = gaps(told, until=hour(until))

    before = {number for number in HOURS if number < until}
    assert hours_of(missing) == before - hours_of(told)
    assert not hours_of(missing) & hours_of(told)
