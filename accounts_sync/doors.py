"""What the sync commands share: the client, times as typed, what they say, and being stopped."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from types import FrameType

from django.conf import settings
from django.core.management.base import CommandError, OutputWrapper

from accounts_sync.report import PullReport
from rewards_site.button.client import ButtonClient, button_client
from rewards_site.button.errors import ButtonMisconfigured


def client_or_refuse() -> ButtonClient:
    """Raises: CommandError, which says what to set."""
    try:
        return button_client()
    except ButtonMisconfigured as error:
        hint = (
            " Set it in the environment or in .env: it stands in Button's Dashboard under Settings."
            if not settings.BUTTON_API_KEY
            else ""
        )
        raise CommandError(f"{error}{hint}") from error


def time_argument(text: str) -> datetime:
    """RFC 3339 with its offset, or a date: the start of that day in BUSINESS_TIME_ZONE."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        return _in_utc(datetime.combine(day, time(), tzinfo=settings.BUSINESS_TIME_ZONE))
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a date (2026-11-20) nor a time (2026-11-20T08:00:00Z)."
        ) from None
    if told.tzinfo is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} does not say in which time zone: end it with Z or an offset such as +01:00."
        )
    return _in_utc(told)


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise argparse.ArgumentTypeError("That is outside of the years 1 to 9999.") from None


@contextmanager
def stops_on_sigterm() -> Iterator[None]:
    """Within, SIGTERM is what Ctrl-C is: the run at hand is closed properly on the way out."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may be signalled
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Teller:
    """What a command says while several threads have something to say: whole lines only.

    On a terminal one more line stands below and shows how far all of them have come.
    """

    def __init__(self, out: OutputWrapper, err: OutputWrapper, *, of: int) -> None:
        self._out = out
        self._err = err
        self._of = of
        self._is_watched = out.isatty()
        self._turn = threading.Lock()
        self._under_way: dict[int, PullReport] = {}

    def say(self, line: str) -> None:
        self._write(self._out, line)

    def complain(self, line: str) -> None:
        self._write(self._err, line)

    def progress(self, report: PullReport) -> None:
        """A page was committed."""
        with self._turn:
            self._under_way[report.run_id] = report
            self._show()

    def forget(self, report: PullReport) -> None:
        """This run has ended."""
        with self._turn:
            self._under_way.pop(report.run_id, None)
            self._show()

    def _write(self, where: OutputWrapper, line: str) -> None:
        with self._turn:
            self._clear()
            where.write(line)
            self._show()

    def _show(self) -> None:
        if not self._is_watched:
            return
        self._clear()
        running = list(self._under_way.values())
        if running:
            pages = sum(report.page_count for report in running)
            rows = sum(report.row_count for report in running)
            who = running[0].account_id if len(running) == 1 else f"{len(running)} accounts"
            of = f" of {self._of}" if len(running) > 1 else ""
            s = "" if pages == 1 else "s"
            self._out.write(f"{who}{of}: {pages:,} page{s}, {rows:,} rows …", ending="")
        self._out.flush()

    def _clear(self) -> None:
        if self._is_watched:
            self._out.write("\r\x1b[K", ending="")
