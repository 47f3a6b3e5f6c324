"""When a pending order is expected to be available: by the record, and where by the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from offers.brandrecord.expecting import expected_available_at
from tests.factories import NOON

DAY = timedelta(days=1)
MONTH: list[list[str | int | None]] = [[NOON.isoformat(), 30 * 1440]]


def expected(*, days: tuple[int, int] | None, reported_at: datetime = NOON) -> datetime | None:
    return expected_available_at(
        MONTH,
        record_days=days,
        purchased_at=NOON,
        reported_at=reported_at,
    )


def test_with_a_record_it_is_the_high_end_after_the_purchase() -> None:
    assert expected(days=(27, 36), reported_at=NOON + DAY) == NOON + 36 * DAY


def test_without_one_it_is_the_window_after_the_report() -> None:
    assert expected(days=None, reported_at=NOON + DAY) == NOON + 31 * DAY


@pytest.mark.parametrize(
    ("reported_on", "expected_on"),
    [(27, 36), (27.001, 57.001), (200, 230)],
)
def test_an_order_reported_when_others_are_available_already_goes_by_the_window(
    reported_on: float, expected_on: float
) -> None:
    reported_at = NOON + timedelta(days=reported_on)

    assert expected(days=(27, 36), reported_at=reported_at) == NOON + timedelta(days=expected_on)


def test_a_brand_of_which_nothing_is_known_has_no_date() -> None:
    assert expected_available_at([], record_days=None, purchased_at=NOON, reported_at=NOON) is None


def test_a_purchase_at_the_end_of_time_has_no_date() -> None:
    end = datetime.max.replace(tzinfo=UTC)

    assert expected_available_at([], record_days=(1, 2), purchased_at=end, reported_at=NOON) is None
