"""Pure: when a member is told that a pending order will be available. See docs/decisions/0075."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from offers.windows import WindowHistory, expected_at


def expected_available_at(
    window_history: WindowHistory,
    *,
    record_days: tuple[int, int] | None,
    purchased_at: datetime,
    reported_at: datetime,
) -> datetime | None:
    """By the brand's record where there is one, else by its finalization window; None: not known.

    Of the record's range the high end: 9 of 10 orders are available by then. An order that is
    reported when the first others are available already is not like those the record is of: its
    window counts, from the report.
    """
    if record_days is None:
        return expected_at(window_history, reported_at=reported_at)
    low_days, high_days = record_days
    try:
        if reported_at > purchased_at + timedelta(days=low_days):
            return expected_at(window_history, reported_at=reported_at)
        return purchased_at.astimezone(UTC) + timedelta(days=high_days)
    except OverflowError:
        return None
