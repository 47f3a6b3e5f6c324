"""The one clock: read once at the door, then passed on as `at`."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(tz=UTC)


def wire_text(at: datetime) -> str:
    """`at` as RFC 3339 in UTC with `Z`; fractions of a second only where there are some."""
    at = at.astimezone(UTC)
    precision = "microseconds" if at.microsecond else "seconds"
    return at.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
