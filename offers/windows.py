"""When an order's reward is expected to become available, by its brand's finalization window.

Button finalizes an order when the window has passed since the brand reported it (sheet, 6.2), and
a window that the brand changes later counts for orders reported from then on (sheet, 3.4). It is an
expectation, not a promise: a brand may override it, order by order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

MINUTES_OF_A_DAY = 24 * 60

WindowHistory = Sequence[Sequence[str | int | None]]
"""[since as RFC 3339, minutes or None], oldest first."""


def window_minutes_at(history: WindowHistory, reported_at: datetime) -> int | None:
    """The window an order reported at `reported_at` came under; None where none is known.

    What we read first stands for all orders before it. 0 is the API's default for «not told».
    """
    in_force: int | None = None
    for number, (since, minutes) in enumerate(history):
        if number and datetime.fromisoformat(str(since)) > reported_at:
            break
        in_force = minutes if isinstance(minutes, int) else None
    return in_force or None


def expected_at(history: WindowHistory, *, reported_at: datetime) -> datetime | None:
    """When a pending order is expected to be final; None where no window is known.

    It stays the same date when it is past: then it is due any day.
    """
    minutes = window_minutes_at(history, reported_at)
    if minutes is None:
        return None
    try:
        return reported_at.astimezone(UTC) + timedelta(minutes=minutes)
    except OverflowError:
        return None


def is_past_window(history: WindowHistory, *, reported_at: datetime, at: datetime) -> bool:
    """Whether a pending order waits longer than its window; False where none is known."""
    expected = expected_at(history, reported_at=reported_at)
    return expected is not None and expected < at


def window_days(minutes: int | None) -> int | None:
    """Whole days, rounded up; None for «not told»."""
    return -(-minutes // MINUTES_OF_A_DAY) if minutes else None
