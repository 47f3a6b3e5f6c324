"""One run: a window of one Button account read page by page, whatever job it is for.

Each page is one commit: the fence of the lease, what the rows booked, what had to be deferred, and
the cursor of the next page. So a run that dies between any two commits is gone on with, and a run
that was paused and overtaken writes nothing. The next page is fetched while one is committed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import compress

from django.db import OperationalError

from accounts_sync.deferred import apply_known, keep_deferred, lock_known
from accounts_sync.lease import Heartbeat, Held, LeaseLost, fence, is_lock_timeout, release
from accounts_sync.models import RunStatus, SyncRun
from accounts_sync.prefetch import Ahead
from accounts_sync.report import Progress, PullReport, Stops
from accounts_sync.rows import Row, digest_of, read_row, without_erased
from accounts_sync.runs import close_run, has_stuck_cursor, open_run
from accounts_sync.seen import are_news, remember
from accounts_sync.tracks import Track
from accounts_sync.window import Window, whole_second
from rewards_site.button.client import ButtonClient
from rewards_site.button.errors import BadCursor, ButtonError, ButtonUnavailable, LoopingPages
from rewards_site.button.pages import Page
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable, atomic, is_postgres, retry_deadlocks
from rewards_site.members import forgotten
from rewards_site.members.forgotten import ListGrew
from transactions.models import TransactionRevision
from transactions.told import Outcome, OutcomeKind

log = logging.getLogger(__name__)

PAGE_SIZE = 500
"""Rows a commit, too: more would hold locks for longer than the two seconds a webhook waits."""
LOCK_TRIES_MAX = 5
STUCK_RUNS_COUNT = 3
"""After so many runs in a row that failed at the cursor they went on from, it is suspected."""
STOPPED = "Stopped from outside; the next run goes on."
_sqlites_turn = threading.Lock()
"""SQLite has one writer and lets who waits for it starve: within a process, writers take turns."""


class Reading:
    """One run, from its lease to its end."""

    def __init__(
        self,
        held: Held,
        *,
        client: ButtonClient,
        track: Track,
        through: datetime | None,
        at: datetime,
    ) -> None:
        self._held = held
        self._client = client
        self._track = track
        self._through_before = through
        self._window = window = track.window
        account_id = held.account_id
        self._has_suspect_cursor = has_stuck_cursor(
            account_id, kind=window.kind, runs_count=STUCK_RUNS_COUNT
        )
        is_rest = window.resume_url is not None
        run = open_run(
            kind=window.kind,
            account_id=account_id,
            at=at,
            window_start=window.start,
            window_end=window.end,
            is_rest=is_rest,
        )
        self._report = PullReport(
            account_id=account_id,
            run_id=run.pk,
            status=RunStatus.RUNNING,
            window_start=window.start,
            window_end=window.end,
            through=through,
            is_rest=is_rest,
        )

    def run(self, *, stops: Stops, progress: Progress) -> PullReport:
        try:
            with Heartbeat(self._held) as heartbeat:
                is_at_end = self._read(heartbeat, stops=stops, progress=progress)
        except LeaseLost as error:
            self._end(RunStatus.ABANDONED, str(error))
        except ButtonError as error:
            if isinstance(error, LoopingPages | BadCursor):
                self._track.forget_cursor()
            self._end(RunStatus.FAILED, str(error))
        except (KeyboardInterrupt, SystemExit):
            self._end(RunStatus.PAUSED, STOPPED)
            raise
        except DatabaseUnavailable as error:
            self._end(RunStatus.FAILED, f"The database did not answer: {type(error).__name__}.")
            raise
        except Exception as error:  # a fault of ours: the lease must not stay behind
            self._end(RunStatus.FAILED, f"Internal error: {type(error).__name__}.")
            raise
        else:
            said = STOPPED if stops.is_told() and not is_at_end else ""
            self._end(RunStatus.DONE if is_at_end else RunStatus.PAUSED, said)
        return self._report

    def _read(self, heartbeat: Heartbeat, *, stops: Stops, progress: Progress) -> bool:
        """True at the end of the window, False if the run was to stop before."""
        has_restarted = False
        while True:
            try:
                return self._read_pages(heartbeat, stops=stops, progress=progress)
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

    def _read_pages(self, heartbeat: Heartbeat, *, stops: Stops, progress: Progress) -> bool:
        pages = self._client.transaction_pages(
            account_id=self._held.account_id,
            start=self._window.start,
            end=self._window.until,
            page_size=PAGE_SIZE,
            resume_url=self._window.resume_url,
            time_field=self._window.time_field,
        )
        with Ahead(pages) as ahead:
            ahead.ask()
            page = ahead.take(gives_up=stops.is_told)  # one page each run: it comes on
            while page is not None:
                goes_on = bool(page.next_url) and not stops.now()
                if goes_on:
                    ahead.ask()
                if heartbeat.is_lost:
                    raise LeaseLost(f"Another run took {self._held.account_id} over.")
                self._report = self._patiently(partial(self._commit, page))
                progress(self._report)
                if not page.next_url:
                    return True
                if not goes_on or stops.now():
                    return False
                page = ahead.take(gives_up=stops.now)
        return False

    def _patiently(self, commit: Callable[[], PullReport]) -> PullReport:
        """Again where rows were locked for longer than a webhook would wait: a run has time."""
        for _attempt in range(1, LOCK_TRIES_MAX):
            try:
                return retry_deadlocks(commit)
            except ListGrew:  # somebody was erased since this process looked
                forgotten.refresh()
            except OperationalError as error:
                if not (is_postgres() and is_lock_timeout(error)):
                    raise
                log.warning("pull.lock_not_had", extra={"account": self._held.account_id})
        return retry_deadlocks(commit)

    def _commit(self, page: Page) -> PullReport:
        """One page, whole or not at all. Raises: LeaseLost, DatabaseUnavailable."""
        at = clock.now()
        listed = forgotten.known()
        page = replace(page, rows=without_erased(page.rows, listed))
        digests = [digest_of(raw) for raw in page.rows]
        window = self._capped_by(page.server_at)
        is_last = not page.next_url
        with _turn(), atomic():
            rows = _news(page, digests)  # before any lock
            fence(self._held, at=at)
            listed.check(forgotten.edition_now())
            known = lock_known(self._held.account_id, rows)
            outcomes = apply_known(rows, known=known, at=at)
            keep_deferred(self._held.account_id, rows, outcomes, known=known, at=at)
            remember(rows, outcomes)
            kinds = [outcome.kind for outcome in outcomes]
            late = self._late_count(rows, outcomes, known)
            marked = _marked_count(outcomes, read_at=page.read_at)
            through = self._track.turn_page(
                window, next_url=page.next_url, late=late, marked=marked
            )
            report = replace(
                self._report,
                window_end=window.end,
                through=through,
                page_count=self._report.page_count + 1,
                row_count=self._report.row_count + len(page.rows),
                applied_count=self._report.applied_count + kinds.count(OutcomeKind.APPLIED),
                ignored_count=self._report.ignored_count
                + (len(page.rows) - len(rows))
                + kinds.count(OutcomeKind.IGNORED),
                deferred_count=self._report.deferred_count + kinds.count(OutcomeKind.DEFERRED),
                late_count=self._report.late_count + late,
                marked_count=self._report.marked_count + marked,
            )
            SyncRun.objects.filter(pk=report.run_id).update(
                window_end=report.window_end,
                page_count=report.page_count,
                row_count=report.row_count,
                applied_count=report.applied_count,
                ignored_count=report.ignored_count,
                deferred_count=report.deferred_count,
                late_count=report.late_count,
                marked_count=report.marked_count,
            )
            if is_last:  # in this very commit: a good run and what it covers are one fact
                close_run(report.run_id, status=RunStatus.DONE, error="", at=at)
        self._window = window
        return report

    def _late_count(
        self, rows: Sequence[Row], outcomes: Sequence[Outcome], known: Mapping[str, object]
    ) -> int:
        """What had to be there when its time was read, and was not; a deferred row was."""
        before = self._through_before
        if before is None:
            return 0
        return sum(
            outcome.kind is OutcomeKind.APPLIED
            and row.observation is not None
            and row.observation.modified_at < before
            and row.digest not in known
            for row, outcome in zip(rows, outcomes, strict=True)
        )

    def _capped_by(self, server_at: datetime | None) -> Window:
        """Of a window just begun: no end after Button's own clock, where ours runs ahead of it."""
        if server_at is None or self._report.page_count or self._window.resume_url:
            return self._window
        end = min(self._window.end, whole_second(server_at))
        return replace(self._window, end=end)

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
        is_good = status in (RunStatus.DONE, RunStatus.PAUSED)
        log.log(logging.INFO if is_good else logging.ERROR, "pull.ended", extra=report.log_line())


def _news(page: Page, digests: Sequence[str]) -> list[Row]:
    """The rows of a page that are not known word for word, read."""
    is_news = are_news(page.rows, digests)
    return [
        read_row(raw, read_at=page.read_at, digest=digest)
        for raw, digest in compress(zip(page.rows, digests, strict=True), is_news)
    ]


def _turn() -> AbstractContextManager[object]:
    return nullcontext() if is_postgres() else _sqlites_turn


def _marked_count(outcomes: Sequence[Outcome], *, read_at: datetime) -> int:
    """How many of these changes, just recorded, are marked «states may be missing»."""
    applied = {
        one.transaction_id
        for one in outcomes
        if one.kind is OutcomeKind.APPLIED and one.transaction_id is not None
    }
    if not applied:
        return 0
    recorded = TransactionRevision.objects.filter(transaction_id__in=applied, read_at=read_at)
    return recorded.filter(missing_until__isnull=False).count()
