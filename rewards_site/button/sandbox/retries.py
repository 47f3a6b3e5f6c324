"""When a webhook is sent again, and when Button stops sending by itself (sheet, 5.4 and 5.5).

Sent again after 1, 2, 4, 8, 15, 30 minutes, then every hour until three days are over.
"""

from __future__ import annotations

from datetime import timedelta

_FIRST_HOUR_MINUTES = (1, 2, 4, 8, 15, 30)
_GIVEN_UP_AFTER = timedelta(hours=72)

PAUSE_WINDOW = timedelta(hours=1)
PAUSE_FAILED_PERCENT = 10
PAUSE_FAILED_LEAST = 5


def _waits() -> tuple[timedelta, ...]:
    waits = [timedelta(minutes=minutes) for minutes in _FIRST_HOUR_MINUTES]
    while sum(waits, timedelta()) + timedelta(hours=1) <= _GIVEN_UP_AFTER:
        waits.append(timedelta(hours=1))
    return tuple(waits)


WAITS = _waits()
"""The n-th is between the n-th attempt and the next one."""


def wait_after(attempt_count: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None: three days are over, it is dropped."""
    return WAITS[attempt_count - 1] if attempt_count <= len(WAITS) else None


def is_acknowledged(status: int | None) -> bool:
    """Any 2xx, 202 too: taken, and not sent again (sheet, 5.4). None: no answer at all."""
    return status is not None and 200 <= status <= 299


def is_rejected(status: int | None) -> bool:
    """400 alone: cannot be processed, never sent again. 401 and the rest are sent again."""
    return status == 400


def is_too_much(*, failed_count: int, attempted_count: int) -> bool:
    """Whether so many failures of an hour pause the endpoint: over 10 %, and 5 at least."""
    is_over_share = failed_count * 100 > attempted_count * PAUSE_FAILED_PERCENT
    return failed_count >= PAUSE_FAILED_LEAST and is_over_share
