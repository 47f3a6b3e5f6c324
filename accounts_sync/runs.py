"""SyncRun rows: one for each reading of the Accounts API or of one account's transactions."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from accounts_sync.cadence import RUNS_LOOKED_AT, Ended, Ending
from accounts_sync.models import RunKind, RunStatus, SyncRun

ERROR_CHARACTERS_MAX = 1000


def open_run(
    *,
    kind: RunKind,
    at: datetime,
    account_id: str | None = None,
    window_start: datetime | None = None,
    window_end: datetime | None = None,
    is_rest: bool = False,
) -> SyncRun:
    return SyncRun.objects.create(
        kind=kind,
        account_id=account_id,
        started_at=at,
        window_start=window_start,
        window_end=window_end,
        is_rest=is_rest,
    )


def close_run(run_id: int, *, status: RunStatus, error: str, at: datetime) -> bool:
    """End a run that is still running; False if somebody else has ended it (a takeover)."""
    running = SyncRun.objects.filter(pk=run_id, status=RunStatus.RUNNING)
    return bool(running.update(status=status, error=plain(error), finished_at=at))


def abandon_runs(
    *,
    kinds: Collection[RunKind],
    account_id: str | None,
    at: datetime,
    begun_before: datetime | None = None,
) -> int:
    """Mark what still says «running» as abandoned. The caller knows that nobody runs it."""
    running = SyncRun.objects.filter(
        kind__in=kinds, account_id=account_id, status=RunStatus.RUNNING
    )
    if begun_before is not None:
        running = running.filter(started_at__lt=begun_before)
    return running.update(
        status=RunStatus.ABANDONED, finished_at=at, error="Its process ended without a word."
    )


def latest_run(*, kind: RunKind, account_id: str | None = None) -> SyncRun | None:
    return SyncRun.objects.filter(kind=kind, account_id=account_id).order_by("-id").first()


def last_endings(account_id: str) -> list[Ended]:
    """What came of the last runs on from the watermark, newest first."""
    runs = SyncRun.objects.filter(kind=RunKind.TRANSACTIONS, account_id=account_id).order_by("-id")
    facts = runs.values_list("started_at", "status", "is_rest", "row_count")[:RUNS_LOOKED_AT]
    return [
        Ended(started_at=at, ending=_ending(RunStatus(status), is_rest=is_rest, row_count=rows))
        for at, status, is_rest, rows in facts
    ]


def _ending(status: RunStatus, *, is_rest: bool, row_count: int) -> Ending:
    if status is RunStatus.FAILED:
        return Ending.FAILED
    if status is not RunStatus.DONE or is_rest:
        return Ending.CUT_SHORT
    return Ending.BUSY if row_count else Ending.QUIET


def running_since(account_id: str, *, kinds: Collection[RunKind]) -> datetime | None:
    """When the run that is reading this account began, if one says it is."""
    runs = SyncRun.objects.filter(kind__in=kinds, account_id=account_id).order_by("-id")
    run = runs.first()
    return run.started_at if run and run.status == RunStatus.RUNNING else None


def last_accounts_run_at(*, before: datetime) -> datetime | None:
    """When the Accounts API was last read without any complaint.

    `before` keeps a run out that a clock running ahead has dated into the future.
    """
    good = SyncRun.objects.filter(
        kind=RunKind.ACCOUNTS, status=RunStatus.DONE, started_at__lte=before
    )
    return good.order_by("-id").values_list("started_at", flat=True).first()


def has_gone_back_today(account_id: str, *, at: datetime) -> bool:
    """Whether a run that ended today (UTC) has already looked back over the last days."""
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    far_back = Q(window_start__isnull=True) | Q(window_start__lte=midnight - timedelta(days=2))
    return SyncRun.objects.filter(
        far_back,
        kind=RunKind.TRANSACTIONS,
        account_id=account_id,
        status=RunStatus.DONE,
        finished_at__gte=midnight,
        window_end__gte=midnight,
    ).exists()


def has_stuck_cursor(account_id: str, *, kind: RunKind, runs_count: int) -> bool:
    """Whether the last `runs_count` runs all failed before their first page."""
    latest = SyncRun.objects.filter(kind=kind, account_id=account_id)
    outcomes = list(latest.order_by("-id").values_list("status", "page_count")[:runs_count])
    return outcomes == [(RunStatus.FAILED, 0)] * runs_count


def plain(text: str) -> str:
    """`text` as a column takes it: no NUL, no half of a surrogate pair, not too long."""
    printable = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return printable[:ERROR_CHARACTERS_MAX]
