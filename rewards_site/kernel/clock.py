"""The one clock: read once at the door, then passed on as `at`."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

WAIT_NOTICED = timedelta(milliseconds=50)
"""What is waited for a lock beyond it is no part of the work."""


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(tz=UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Begun at the door, for what has to hold from when it is decided and not from before."""

    _begun: float = field(default_factory=time.monotonic)
    """Seconds. The clock on the wall may be put back meanwhile."""

    def moved_on(self, at: datetime) -> datetime:
        """`at`, or as much later as has been waited until now, if that is beyond WAIT_NOTICED."""
        waited = timedelta(seconds=time.monotonic() - self._begun)
        return at + waited if waited > WAIT_NOTICED else at


def wire_text(at: datetime) -> str:
    """`at` as RFC 3339 in UTC with `Z`; fractions of a second only where there are some."""
    at = at.astimezone(UTC)
    precision = "microseconds" if at.microsecond else "seconds"
    return at.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
