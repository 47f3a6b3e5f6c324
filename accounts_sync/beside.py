"""Readings beside the watermark: gaps in what was read, and the weekly re-read.

**The re-read** asks once a week for everything *created* in the last REACH, or since the oldest
order that is still pending, and so finds a row whose `modified_date` never fell into a window
(sheet, C11). What it changes is counted as late: evidence that something was lost on the way.
**A gap** is read as soon as it is seen, and whenever staff ask. Both have leases, windows and
cursors of their own, never move the watermark, and come in slices, one at a time, so that the
worker stays free.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q

from accounts_sync.coverage import accounts_with_faults, faults_of
from accounts_sync.lease import KINDS, acquire, release
from accounts_sync.models import Job, RunKind, RunStatus, SideReading, Watermark
from accounts_sync.reading import Reading
from accounts_sync.report import Progress, PullReport, Stops, say_nothing
from accounts_sync.runs import latest_run
from accounts_sync.schedule import interval, is_peak
from accounts_sync.tracks import SideTrack
from accounts_sync.window import OVERLAP, Window, whole_second
from rewards_site.button.client import ButtonClient
from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel.db import insert_missing
from transactions.models import TransactionChild

REREAD_EVERY = timedelta(days=7)
REREAD_AT_PEAK_AFTER = timedelta(days=8)
"""From then on it no longer waits for a quiet hour: there may be none."""
REACH = timedelta(days=120)
"""Longer than any finalization window that a brand is known to have: 90 days."""
REACH_MAX = timedelta(days=400)
"""An order that has been pending for longer is left to `sync_transactions --full`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A slice that is to be read now."""

    account_id: str
    job: Job


def next_due(at: datetime) -> Due | None:
    """The slice to read now, gaps first; None while another one is being read."""
    if SideReading.objects.filter(token__isnull=False, expires_at__gt=at).exists():
        return None
    return next((due for due in _candidates(at) if is_due(due.account_id, due.job, at)), None)


def _candidates(at: datetime) -> Iterator[Due]:
    """Accounts with a gap, then those that are re-read, the longest waiting first."""
    wanted = SideReading.objects.filter(job=Job.GAP, wanted_at__isnull=False).order_by("account")
    asked = list(wanted.values_list("account_id", flat=True))
    for account_id in dict.fromkeys([*accounts_with_faults(), *asked]):
        yield Due(account_id=account_id, job=Job.GAP)
    _count_from_now(at)
    perhaps = Q(wanted_at__isnull=False) | Q(window_end__isnull=False)
    perhaps |= Q(done_at__lte=at - REREAD_EVERY)
    rows = SideReading.objects.filter(perhaps, job=Job.REREAD, account__confirmed_at__isnull=False)
    for account_id in rows.order_by("done_at", "account").values_list("account_id", flat=True):
        yield Due(account_id=account_id, job=Job.REREAD)


def _count_from_now(at: datetime) -> None:
    """An account that was read to the end for the first time is re-read a week later."""
    read = Watermark.objects.filter(through__isnull=False).exclude(
        account__in=SideReading.objects.filter(job=Job.REREAD).values("account")
    )
    insert_missing(
        SideReading(account_id=account_id, job=Job.REREAD, done_at=at)
        for account_id in read.order_by("pk").values_list("pk", flat=True)
    )


def is_due(account_id: str, job: Job, at: datetime) -> bool:
    """Whether there is something to read, nobody reads it, and it did not fail a moment ago."""
    row = SideReading.objects.filter(account=account_id, job=job).first()
    if row is not None and row.token is not None and row.expires_at and row.expires_at > at:
        return False
    wanted_at = row.wanted_at if row else None
    run = latest_run(kind=KINDS[job][0], account_id=account_id)
    if run is not None and run.status == RunStatus.FAILED:
        is_asked_since = wanted_at is not None and wanted_at > run.started_at
        if timedelta(0) <= at - run.started_at < interval(at) and not is_asked_since:
            return False
    if wanted_at is not None or (row is not None and row.window_end is not None):
        return True
    if job is Job.GAP:
        watermark = Watermark.objects.filter(pk=account_id).first()
        return watermark is not None and bool(faults_of(watermark))
    return row is not None and row.done_at is not None and _is_time(row.done_at, at)


def _is_time(done_at: datetime, at: datetime) -> bool:
    age = at - done_at
    return age >= REREAD_AT_PEAK_AFTER or (age >= REREAD_EVERY and not is_peak(at))


def want(account_id: str, job: Job, *, at: datetime) -> None:
    """Have it read at the next opportunity. The caller queues a task, to make that now."""
    insert_missing([SideReading(account_id=account_id, job=job)])
    SideReading.objects.filter(account=account_id, job=job).update(wanted_at=at)


def reread(
    *,
    account_id: str,
    client: ButtonClient,
    at: datetime,
    stop: threading.Event | None = None,
    wait_seconds_max: float = 0,
    progress: Progress = say_nothing,
) -> PullReport:
    """Re-read an account to the end, now. Raises: LeaseBusy, DatabaseUnavailable."""
    report = read_beside(
        account_id=account_id,
        job=Job.REREAD,
        client=client,
        at=at,
        stop=stop,
        wait_seconds_max=wait_seconds_max,
        progress=progress,
    )
    assert report is not None  # there is always something that was created
    return report


def read_beside(
    *,
    account_id: str,
    job: Job,
    client: ButtonClient,
    at: datetime,
    stop_at: datetime | None = None,
    stop: threading.Event | None = None,
    wait_seconds_max: float = 0,
    progress: Progress = say_nothing,
) -> PullReport | None:
    """Go on with the job's window, or begin one; None where there is nothing to read.

    Raises: LeaseBusy, DatabaseUnavailable.
    """
    held = acquire(account_id, job=job, wait_seconds_max=wait_seconds_max, stop=stop)
    try:
        window = _planned(account_id, job, at=at)
        if window is None:
            release(held)
            return None
        reading = Reading(
            held,
            client=client,
            track=SideTrack(account_id, job, window),
            through=Watermark.objects.values_list("through", flat=True).get(pk=account_id),
            at=at,
        )
    except BaseException:
        release(held)
        raise
    return reading.run(stops=Stops(at=stop_at, event=stop), progress=progress)


def _planned(account_id: str, job: Job, *, at: datetime) -> Window | None:
    """The window to read, kept on its row from now on until it was read to its end."""
    row = SideReading.objects.get(account=account_id, job=job)
    insert_missing([Watermark(account_id=account_id)])
    if row.window_end is None:
        window = _reread_window(account_id, at=at) if job is Job.REREAD else _gap(account_id)
        kept = SideReading.objects.filter(pk=row.pk)
        if window is None:
            kept.update(wanted_at=None)
        else:
            kept.update(window_start=window.start, window_end=window.end, next_url="")
        return window
    return Window(
        start=row.window_start,
        end=row.window_end,
        until=row.window_end if job is Job.GAP else None,
        resume_url=row.next_url or None,
        kind=KINDS[job][0],
        time_field=_TIME_FIELDS[job],
    )


_TIME_FIELDS = {Job.GAP: "modified_date", Job.REREAD: "created_date"}


def _reread_window(account_id: str, *, at: datetime) -> Window:
    """Without an end, as every window: Button's clock is not ours (docs/decisions/0009)."""
    pending = TransactionChild.objects.filter(
        transaction__account=account_id, transaction__status=ButtonStatus.PENDING.value
    )
    oldest: datetime | None = pending.aggregate(oldest=Min("created_at"))["oldest"]
    reach = at - REACH if oldest is None else min(at - REACH, oldest)
    return Window(
        start=whole_second(max(reach, at - REACH_MAX)),
        end=whole_second(at),
        kind=RunKind.REREAD,
        time_field=_TIME_FIELDS[Job.REREAD],
    )


def _gap(account_id: str) -> Window | None:
    """The first gap before the watermark, with the overlap that every window has at its start."""
    faults = faults_of(Watermark.objects.get(pk=account_id))
    if not faults:
        return None
    gap = faults[0]
    start = whole_second(gap.start - OVERLAP) if gap.start else None
    return Window(start=start, end=gap.end, until=gap.end, kind=RunKind.GAP)
