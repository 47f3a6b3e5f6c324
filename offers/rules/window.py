"""Pure: from when until when a rule holds, and what a local time of a named zone is as an instant.

One local time is one instant, so that windows which adjoin leave no gap and do not overlap
(docs/decisions/0060): a time that comes twice, when clocks are put back, is the first of the two;
one that never comes, when they are put forward, is the instant of the jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from rewards_site.kernel.errors import InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """[starts_at, ends_at) as aware instants; None is open on that side."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def contains(self, at: datetime) -> bool:
        has_started = self.starts_at is None or self.starts_at <= at
        return has_started and (self.ends_at is None or at < self.ends_at)


ALWAYS = Window()


def window_in(zone: str, *, starts: datetime | None, ends: datetime | None) -> Window:
    """The window between two local times of `zone`, an IANA name; naive, None is open.

    Raises: InvalidInput, by field: no such zone, a time out of reach, an end not after the start.
    """
    _zone(zone)
    starts_at = None if starts is None else instant_in(zone, starts, field="starts")
    ends_at = None if ends is None else instant_in(zone, ends, field="ends")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        message = "It must end after it starts."
        raise InvalidInput(message, fields={"ends": message})
    return Window(starts_at=starts_at, ends_at=ends_at)


def instant_in(zone: str, local: datetime, *, field: str = "time") -> datetime:
    """The instant, in UTC, at which clocks in `zone` show `local` for the first time.

    Raises: InvalidInput naming `field`, or `zone`.
    """
    if local.tzinfo is not None:
        message = "A local time has no offset: the zone says it."
        raise InvalidInput(message, fields={field: message})
    named = _zone(zone)
    try:
        by_offset_before = local.replace(fold=0, tzinfo=named).astimezone(UTC)
        by_offset_after = local.replace(fold=1, tzinfo=named).astimezone(UTC)
        if by_offset_after < by_offset_before:
            return _jump(named, by_offset_after, by_offset_before)
    except OverflowError:
        message = "No such time can be kept: choose a year between 2 and 9998."
        raise InvalidInput(message, fields={field: message}) from None
    return by_offset_before


def _zone(name: str) -> ZoneInfo:
    if name not in _zone_names():
        message = f"{name!r} is no time zone: write it like Europe/Berlin, or UTC."
        raise InvalidInput(message, fields={"zone": message})
    return ZoneInfo(name)


@cache  # it reads the folders of all zones
def _zone_names() -> frozenset[str]:
    """Those that mean the same on every machine: no file of this one's own settings."""
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def _jump(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first instant in (before, after] with the offset of `after`: when the clocks jumped."""
    offset = after.astimezone(zone).utcoffset()
    before = before.replace(microsecond=0)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (before + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            high = middle
        else:
            low = middle
    return before + timedelta(seconds=high)
