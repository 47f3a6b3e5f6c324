"""Where a reading stands, kept with each page: on the watermark's own row, or on one beside it.

A track's `turn_page` is called inside the page's commit, with the watermark's row locked last of
all (docs/locks.md); the fence of the job's lease guards the rest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from accounts_sync.coverage import COVERING, cover
from accounts_sync.models import Job, RunKind, SideReading, Watermark
from accounts_sync.window import Window, moved_through

REGULAR_FIELDS = ["through", "window_start", "window_end", "next_url", "covered"]
COUNT_FIELDS = ["late_count", "marked_count"]


class Track(Protocol):
    """One window of one account, and where its cursor is kept."""

    window: Window
    """As it was planned."""

    @property
    def kind(self) -> RunKind: ...

    def turn_page(
        self, window: Window, *, next_url: str | None, late: int, marked: int
    ) -> datetime | None:
        """Keep the cursor, or the end of the window; the watermark after it."""

    def forget_cursor(self) -> None:
        """It leads in a circle or nowhere, and would do so again at the next run."""


def _locked_watermark(account_id: str) -> Watermark:
    return Watermark.objects.select_for_update(of=("self",), no_key=True).get(pk=account_id)


def _count(watermark: Watermark, *, late: int, marked: int) -> None:
    watermark.late_count += late
    watermark.marked_count += marked


class WatermarkTrack:
    """On from the watermark, or a window by hand. The watermark moves with the last page only."""

    def __init__(self, account_id: str, window: Window) -> None:
        self._account_id = account_id
        self.window = window

    @property
    def kind(self) -> RunKind:
        return self.window.kind

    def turn_page(
        self, window: Window, *, next_url: str | None, late: int, marked: int
    ) -> datetime | None:
        watermark = _locked_watermark(self._account_id)
        _count(watermark, late=late, marked=marked)
        if next_url and window.keeps_cursor:
            watermark.next_url = next_url
            watermark.window_start, watermark.window_end = window.start, window.end
        elif not next_url:
            watermark.through = moved_through(watermark.through, window)
            cover(watermark, window.span)
            if window.keeps_cursor:
                watermark.next_url = ""
                watermark.window_start = watermark.window_end = None
        watermark.save(update_fields=[*REGULAR_FIELDS, *COUNT_FIELDS])
        return watermark.through

    def forget_cursor(self) -> None:
        if self.window.keeps_cursor:
            Watermark.objects.filter(pk=self._account_id).update(
                next_url="", window_start=None, window_end=None
            )


class SideTrack:
    """A window beside the watermark, which it never moves; a gap it does close."""

    def __init__(self, account_id: str, job: Job, window: Window) -> None:
        self._account_id = account_id
        self._row = SideReading.objects.filter(account=account_id, job=job)
        self.window = window

    @property
    def kind(self) -> RunKind:
        return self.window.kind

    def turn_page(
        self, window: Window, *, next_url: str | None, late: int, marked: int
    ) -> datetime | None:
        watermark = _locked_watermark(self._account_id)
        _count(watermark, late=late, marked=marked)
        if next_url:
            self._row.update(next_url=next_url, window_start=window.start, window_end=window.end)
        else:
            self._row.update(
                next_url="", window_start=None, window_end=None, done_at=window.end, wanted_at=None
            )
            if window.kind in COVERING:
                cover(watermark, window.span)
        watermark.save(update_fields=["covered", *COUNT_FIELDS])
        return watermark.through

    def forget_cursor(self) -> None:
        self._row.update(next_url="")
