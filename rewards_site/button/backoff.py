"""How long to wait before asking again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_SECONDS = 0.5
CAP_SECONDS = 15.0
RETRY_AFTER_MAX_SECONDS = 300.0
"""Of what Button asks for: a misspelt header must not keep members away for days."""
_SECONDS = re.compile(r"[0-9]{1,9}")


def pause_seconds(*, attempt: int, asked_seconds: float | None, draw: float) -> float:
    """The pause after `attempt` (1, 2, …): exponential, capped, with full jitter.

    `draw` is a random number of 0 to 1. Never shorter than the `Retry-After` that was asked for.
    """
    longest: float = min(CAP_SECONDS, FIRST_SECONDS * 2 ** (attempt - 1))
    return max(asked_seconds or 0.0, draw * longest)


def retry_after_seconds(header: str | None, *, at: datetime) -> float | None:
    """`Retry-After` as seconds from `at`, at most RETRY_AFTER_MAX_SECONDS.

    It holds seconds or an HTTP date; None if neither.
    """
    if header is None:
        return None
    if _SECONDS.fullmatch(header.strip()):
        return min(float(header), RETRY_AFTER_MAX_SECONDS)
    then = http_date(header)
    if then is None:
        return None
    return min(max(0.0, (then - at).total_seconds()), RETRY_AFTER_MAX_SECONDS)


def http_date(header: str | None) -> datetime | None:
    """An HTTP date as aware UTC; None if it is none."""
    if header is None:
        return None
    try:
        at = parsedate_to_datetime(header)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
