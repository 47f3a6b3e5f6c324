"""pull_transactions(): read one Button account's window of the Transactions API, page by page.

Each page is one commit: the fence of the lease, what the rows booked, what had to be deferred, and
the cursor of the next page. So a run that dies between any two commits is gone on with, and a run
that was paused and overtaken writes nothing. The watermark moves with the last page's commit only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from accounts_sync.deferred import keep_deferred, lock_known
from accounts_sync.lease import Heartbeat, Held, LeaseLost, acquire, fence, release
from accounts_sync.models import RunKind, RunStatus, SyncRun, Watermark
from accounts_sync.rows import apply_rows, read_row
from accounts_sync.runs import close_run, has_gone_back_today, has_stuck_cursor, open_run
from accounts_sync.window import Window, Wish, moved_through, plan_window, whole_second
from rewards_site.button.client import ButtonClient
from rewards_site.button.errors import BadCursor, ButtonError, ButtonUnavailable, LoopingPages
from rewards_site.button.pages import Page
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable, atomic, insert_missing, retry_deadlocks
from rewards_site.kernel.errors import NotFound
from transactions.models import ButtonAccount
from transactions.told import OutcomeKind

log = logging.getLogger(__name__)

PAGE_SIZE = 500
STUCK_RUNS_COUNT = 3
"""After so many runs in a row that failed at the cursor they went on from, it is suspected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReport:
    """How far a run has come."""

    account_id: str
    run_id: int
    status: RunStatus
    window_start: datetime | None
    window_end: datetime
    through: datetime | None
    """Everything modified before this is read."""
    page_count: int = 0
    row_count: int = 0
    applied_count: int = 0
    ignored_count: int = 0
    deferred_count: int = 0
    error: str = ""
    is_rest: bool = False
    """Of a window that an earlier run began: what changed since then is still to be read."""


def _say_nothing(report: PullReport) -> None:
    """The progress of a run that nobody watches."""


def pull_transactions(
    *,
    account_id: str,
    client: ButtonClient,
    at: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    full: bool = False,
    stop_at: datetime | None = None,
    wait_seconds_max: float = 0,
    progress: Callable[[PullReport], None] = _say_nothing,
) -> PullReport:
    """Read what was modified since the watermark, or the window asked for, and book it.

    After `stop_at` no further page is asked for: the run is paused and the next one goes on. A
    Button that fails makes a failed run, not an exception.
    Raises: NotFound (no such Button account), LeaseBusy, InvalidInput (a window that cannot be),
    DatabaseUnavailable.
    """
    wish = Wish(since=since, until=until, full=full)
    if not ButtonAccount.objects.filter(pk=account_id).exists():
        raise NotFound(f"No Button account {account_id} is known.")
    held = acquire(account_id, wait_seconds_max=wait_seconds_max)
    try:
        pull = _Pull(held, client=client, wish=wish, at=at)
    except BaseException:
        release(held)
        raise
    return pull.run(stop_at=stop_at, progress=progress)


class _Pull:
    """One run, from its lease to its end."""

    def __init__(self, held: Held, *, client: ButtonClient, wish: Wish, at: datetime) -> None:
        self._held = held
        self._client = client
        account_id = held.account_id
        insert_missing([Watermark(account_id=account_id)])
        watermark = Watermark.objects.get(pk=account_id)
        self._has_suspect_cursor = has_stuck_cursor(account_id, runs_count=STUCK_RUNS_COUNT)
        self._window = plan_window(
            watermark,
            wish=wish,
            at=at,
            goes_far_back=not has_gone_back_today(account_id, at=at),
        )
        run = open_run(
            kind=RunKind.TRANSACTIONS,
            account_id=account_id,
            at=at,
            window_start=self._window.start,
            window_end=self._window.end,
        )
        self._report = PullReport(
            account_id=account_id,
            run_id=run.pk,
            status=RunStatus.RUNNING,
            window_start=self._window.start,
            window_end=self._window.end,
            through=watermark.through,
            is_rest=self._window.resume_url is not None,
        )

    def run(
        self, *, stop_at: datetime | None, progress: Callable[[PullReport], None]
    ) -> PullReport:
        try:
            with Heartbeat(self._held) as heartbeat:
                is_at_end = self._read(heartbeat, stop_at=stop_at, progress=progress)
        except LeaseLost as error:
            self._end(RunStatus.ABANDONED, str(error))
        except ButtonError as error:
            if isinstance(error, LoopingPages | BadCursor):
                self._forget_cursor()
            self._end(RunStatus.FAILED, str(error))
        except (KeyboardInterrupt, SystemExit):
            self._end(RunStatus.PAUSED, "Stopped from outside; the next run goes on.")
            raise
        except DatabaseUnavailable as error:
            self._end(RunStatus.FAILED, f"The database did not answer: {type(error).__name__}.")
            raise
        except Exception as error:  # a fault of ours: the lease must not stay behind
            self._end(RunStatus.FAILED, f"Internal error: {type(error).__name__}.")
            raise
        else:
            self._end(RunStatus.DONE if is_at_end else RunStatus.PAUSED, "")
        return self._report

    def _read(
        self,
        heartbeat: Heartbeat,
        *,
        stop_at: datetime | None,
        progress: Callable[[PullReport], None],
    ) -> bool:
        """True at the end of the window, False if `stop_at` came first."""
        has_restarted = False
        while True:
            try:
                return self._read_pages(heartbeat, stop_at=stop_at, progress=progress)
            except (BadCursor, ButtonUnavailable) as error:
                if has_restarted or not self._may_restart(error):
                    raise
                has_restarted = True
                log.warning(
                    "pull.window_restarted",
                    extra={"account": self._held.account_id, "reason": str(error)},
                )
                self._window = replace(self._window, resume_url=None)

    def _may_restart(self, error: ButtonError) -> bool:
        """A dead cursor: yes. No answer: only to see if a cursor that never gets one is to blame.

        If Button is down, the window's start gets no answer either, and the cursor is kept.
        """
        if isinstance(error, BadCursor):
            return True
        is_at_cursor = self._window.resume_url is not None and self._report.page_count == 0
        return is_at_cursor and self._has_suspect_cursor

    def _read_pages(
        self,
        heartbeat: Heartbeat,
        *,
        stop_at: datetime | None,
        progress: Callable[[PullReport], None],
    ) -> bool:
        pages = self._client.transaction_pages(
            account_id=self._held.account_id,
            start=self._window.start,
            end=self._window.until,
            page_size=PAGE_SIZE,
            resume_url=self._window.resume_url,
        )
        for page in pages:
            if heartbeat.is_lost:
                raise LeaseLost(f"Another run took {self._held.account_id} over.")
            self._report = retry_deadlocks(partial(self._commit, page))
            progress(self._report)
            if not page.next_url:
                break
            if stop_at is not None and clock.now() >= stop_at:
                return False
        return True

    def _commit(self, page: Page) -> PullReport:
        """One page, whole or not at all. Raises: LeaseLost, DatabaseUnavailable."""
        at = clock.now()
        rows = [read_row(raw, read_at=page.read_at) for raw in page.rows]
        window = self._capped_by(page.server_at)
        with atomic():
            fence(self._held, at=at)
            known = lock_known(self._held.account_id, rows)
            outcomes = apply_rows(rows, at=at)
            keep_deferred(self._held.account_id, rows, outcomes, known=known, at=at)
            through = self._move_watermark(window, next_url=page.next_url)
            kinds = [outcome.kind for outcome in outcomes]
            report = replace(
                self._report,
                window_end=window.end,
                through=through,
                page_count=self._report.page_count + 1,
                row_count=self._report.row_count + len(rows),
                applied_count=self._report.applied_count + kinds.count(OutcomeKind.APPLIED),
                ignored_count=self._report.ignored_count + kinds.count(OutcomeKind.IGNORED),
                deferred_count=self._report.deferred_count + kinds.count(OutcomeKind.DEFERRED),
            )
            SyncRun.objects.filter(pk=report.run_id).update(
                window_end=report.window_end,
                page_count=report.page_count,
                row_count=report.row_count,
                applied_count=report.applied_count,
                ignored_count=report.ignored_count,
                deferred_count=report.deferred_count,
            )
        self._window = window
        return report

    def _capped_by(self, server_at: datetime | None) -> Window:
        """Of a window just begun: no end after Button's own clock, where ours runs ahead of it."""
        if server_at is None or self._report.page_count or self._window.resume_url:
            return self._window
        end = min(self._window.end, whole_second(server_at))
        return replace(self._window, end=end)

    def _move_watermark(self, window: Window, *, next_url: str | None) -> datetime | None:
        """Keep the cursor with the page; at the last page, move on. The lease guards the row."""
        watermark = Watermark.objects.get(pk=self._held.account_id)
        if next_url and not window.keeps_cursor:
            return watermark.through
        if next_url:
            watermark.next_url = next_url
            watermark.window_start, watermark.window_end = window.start, window.end
        else:
            watermark.through = moved_through(watermark.through, window)
            if window.keeps_cursor:
                watermark.next_url = ""
                watermark.window_start = watermark.window_end = None
        watermark.save()
        return watermark.through

    def _forget_cursor(self) -> None:
        """It leads in a circle or nowhere, and would do so again at the next run."""
        if self._window.keeps_cursor:
            Watermark.objects.filter(pk=self._held.account_id).update(
                next_url="", window_start=None, window_end=None
            )

    def _end(self, status: RunStatus, error: str) -> None:
        """Close the run and give the lease back, as far as the database lets us."""
        self._report = replace(self._report, status=status, error=error)
        report = self._report
        at = clock.now()
        try:
            with atomic():
                close_run(report.run_id, status=status, error=error, at=at)
                release(self._held)
        except DatabaseUnavailable:  # the lease ends by itself; whoever takes it ends the run
            log.warning("pull.not_closed", extra={"account": report.account_id})
        level = logging.INFO if status in (RunStatus.DONE, RunStatus.PAUSED) else logging.ERROR
        log.log(
            level,
            "pull.ended",
            extra={
                "account": report.account_id,
                "run": report.run_id,
                "status": status.value,
                "pages": report.page_count,
                "rows": report.row_count,
                "applied": report.applied_count,
                "deferred": report.deferred_count,
                "reason": error,
            },
        )
