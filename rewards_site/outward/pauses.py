"""Pure: how long to wait before an event is sent again, and when to give up.

With PAUSE_FIRST 30 s, three times as long each time, at most 8 h, the 16 attempts lie at about
0 s, 30 s, 2 min, 7 min, 20 min, 1 h, 3 h, 9 h, 17 h, 25 h, … 73 h: three days.
"""

from __future__ import annotations

from datetime import timedelta

ATTEMPTS_MAX = 16
PAUSE_FIRST = timedelta(seconds=30)
PAUSE_MAX = timedelta(hours=8)
_FACTOR = 3
_JITTER = 0.2
"""A pause is a fifth longer or shorter by chance: who comes back does not get all at once."""


def pause(*, attempt: int, asked_seconds: float | None, draw: float) -> timedelta:
    """The pause after `attempt` (1, 2, …). `draw` is a random number of 0 to 1.

    Never shorter than the `Retry-After` that was asked for, which counts up to PAUSE_MAX.
    """
    longest: timedelta = min(PAUSE_MAX, PAUSE_FIRST * _FACTOR ** min(attempt - 1, 10))
    ours = longest * (1 + _JITTER * (2 * draw - 1))
    asked = timedelta(seconds=min(asked_seconds or 0.0, PAUSE_MAX.total_seconds()))
    return max(ours, asked)


def is_last(*, attempt: int) -> bool:
    """Whether an event that fails at `attempt` is given up."""
    return attempt >= ATTEMPTS_MAX
