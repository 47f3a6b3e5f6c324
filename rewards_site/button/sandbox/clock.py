"""The sandbox's clocks, and how Button writes an instant down."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Protocol

_RFC_3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


class Clock(Protocol):
    """Says what time it is: aware, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(tz=UTC)


class SteppedClock:
    """A clock that stands still until it is moved: the same steps give the same history."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def move(self, *, seconds: float) -> datetime:
        self._at += timedelta(seconds=seconds)
        return self._at


class MovableClock:
    """`base`, ahead of it or behind it by as much as was asked for; moved forward only."""

    def __init__(self, base: Clock, *, begins_at: datetime | None = None) -> None:
        self._base = base
        self._ahead = timedelta() if begins_at is None else begins_at - base.now()

    def now(self) -> datetime:
        return self._base.now() + self._ahead

    def move_to(self, at: datetime) -> None:
        """Be at `at` now and run on from there; an instant that is past changes nothing."""
        self._ahead += max(at - self.now(), timedelta())


def in_milliseconds(at: datetime) -> datetime:
    """`at` cut to whole milliseconds: Button keeps no more."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def in_seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def second_text(at: datetime | None) -> str | None:
    """`2026-11-20T10:04:02Z`: every time of the API, and the order's times in a webhook."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def millisecond_text(at: datetime) -> str:
    """`2026-11-20T10:04:02.114Z`: a webhook's `created_date` and `modified_date`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def read_instant(text: str) -> datetime:
    """An RFC 3339 instant, with its offset. Raises: ValueError."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError(f"{text!r} is not an RFC 3339 time")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:  # 0001-01-01 with an offset east of Greenwich
        raise ValueError(f"{text!r} is out of range") from error
