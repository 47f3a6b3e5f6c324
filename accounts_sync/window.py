"""Pure: which stretch of `modified_date` a run reads, and how far it moves the watermark.

Button's list may be unstable while rows move under `modified_date` (sheet, C11): every window looks
back over the end of the last one, and once a day further.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from accounts_sync.models import RunKind, Watermark
from accounts_sync.spans import Span
from rewards_site.kernel.errors import InvalidInput

OVERLAP = timedelta(hours=1)
DAILY_OVERLAP = timedelta(days=3)
"""How far the first run of each UTC day looks back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for by hand; nothing of it: go on from the watermark."""

    since: datetime | None = None
    until: datetime | None = None
    full: bool = False

    def __post_init__(self) -> None:
        if self.full and self.since is not None:
            raise InvalidInput("Ask for everything or for a start, not both.")
        if self.since and self.until and self.since >= self.until:
            raise InvalidInput("The start does not lie before the end.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `start` (inclusive; null: since the beginning) to `end` (exclusive)."""

    start: datetime | None
    end: datetime
    until: datetime | None = None
    """The end as asked of Button; null: whatever there is by now."""
    resume_url: str | None = None
    """Where an earlier run of this same window stood."""
    keeps_cursor: bool = True
    """Whether the Watermark keeps its cursor, or holds that of another window meanwhile."""
    kind: RunKind = RunKind.TRANSACTIONS
    time_field: str = "modified_date"
    """What of a row is asked to lie in the window."""

    @property
    def span(self) -> Span:
        return Span(start=self.start, end=self.end)


def plan_window(watermark: Watermark, *, wish: Wish, at: datetime, goes_far_back: bool) -> Window:
    """The window to read now, to the whole second; one that is under way is gone on with."""
    start = _start(watermark, wish=wish, goes_far_back=goes_far_back)
    end = min(whole_second(at), wish.until or at)
    is_regular = wish == Wish()
    is_whole = wish == Wish(full=True)
    kind = RunKind.TRANSACTIONS if is_regular or is_whole else RunKind.WINDOW
    fresh = Window(start=start, end=max(end, start) if start else end, until=wish.until, kind=kind)
    if not watermark.next_url or watermark.window_end is None:
        return fresh
    is_the_same = wish.until is None and start == watermark.window_start
    if is_regular or is_the_same:
        return Window(
            start=watermark.window_start,
            end=watermark.window_end,
            resume_url=watermark.next_url,
        )
    return replace(fresh, keeps_cursor=False)


def _start(watermark: Watermark, *, wish: Wish, goes_far_back: bool) -> datetime | None:
    if wish.full:
        return None
    if wish.since is not None:
        return whole_second(wish.since)
    if watermark.through is None:
        return None
    return whole_second(watermark.through - (DAILY_OVERLAP if goes_far_back else OVERLAP))


def moved_through(through: datetime | None, window: Window) -> datetime | None:
    """Where the watermark stands after all of `window` was read: never back, never over a gap."""
    has_gap = window.start is not None and (through is None or window.start > through)
    if has_gap:
        return through
    return window.end if through is None else max(through, window.end)


def whole_second(at: datetime) -> datetime:
    """Down to the whole second: the precision every reader of RFC 3339 knows."""
    return at.astimezone(UTC).replace(microsecond=0)
