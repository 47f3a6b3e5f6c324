from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.windows import expected_at, is_past_window, window_days, window_minutes_at
from tests.factories import NOON

DAY = 24 * 60
THIRTY_THEN_NINETY: list[list[str | int | None]] = [
    [NOON.isoformat(), 30 * DAY],
    [(NOON + timedelta(days=10)).isoformat(), 90 * DAY],
]


@pytest.mark.parametrize(
    ("reported_days", "window"),
    [(-400, 30), (0, 30), (9, 30), (10, 90), (11, 90)],
)
def test_the_window_in_force_at_the_report_counts(reported_days: int, window: int) -> None:
    reported_at = NOON + timedelta(days=reported_days)

    assert window_minutes_at(THIRTY_THEN_NINETY, reported_at) == window * DAY
    assert expected_at(THIRTY_THEN_NINETY, reported_at=reported_at) == reported_at + timedelta(
        days=window
    )


@pytest.mark.parametrize("history", [[], [[NOON.isoformat(), None]], [[NOON.isoformat(), 0]]])
def test_no_window_is_no_expectation(history: Any) -> None:
    assert expected_at(history, reported_at=NOON) is None
    assert not is_past_window(history, reported_at=NOON, at=NOON + timedelta(days=9999))


def test_a_window_that_is_told_no_more_counts_for_earlier_orders_only() -> None:
    ended: list[str | int | None] = [(NOON + timedelta(days=20)).isoformat(), None]
    history = [*THIRTY_THEN_NINETY, ended]

    assert window_minutes_at(history, NOON + timedelta(days=15)) == 90 * DAY
    assert window_minutes_at(history, NOON + timedelta(days=20)) is None


def test_an_order_is_past_its_window_after_its_last_instant() -> None:
    end = NOON + timedelta(days=30)

    assert not is_past_window(THIRTY_THEN_NINETY, reported_at=NOON, at=end)
    assert is_past_window(THIRTY_THEN_NINETY, reported_at=NOON, at=end + timedelta(seconds=1))


def test_the_expectation_is_in_utc() -> None:
    reported_at = NOON.astimezone(timezone(timedelta(hours=-8)))

    expected = expected_at(THIRTY_THEN_NINETY, reported_at=reported_at)

    assert expected is not None
    assert (expected, expected.tzinfo) == (NOON + timedelta(days=30), UTC)


@pytest.mark.parametrize(
    ("minutes", "days"), [(None, None), (0, None), (1, 1), (1440, 1), (1441, 2), (43200, 30)]
)
def test_days_are_rounded_up(minutes: int | None, days: int | None) -> None:
    assert window_days(minutes) == days


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(min_value=0, max_value=3650 * DAY),
)
def test_any_time_has_an_answer(reported_at: datetime, minutes: int) -> None:
    expected = expected_at([[NOON.isoformat(), minutes]], reported_at=reported_at)

    assert expected is None or expected - reported_at == timedelta(minutes=minutes)
