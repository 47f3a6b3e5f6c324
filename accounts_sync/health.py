"""What health, alarms and the landing page say of the sync. Registered when the room starts.

Judged from the database alone, so that a worker that is dead, and would tell nothing, is told of.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts_sync.beside import REREAD_EVERY
from accounts_sync.coverage import accounts_with_faults
from accounts_sync.models import Job, RunStatus, SideReading, Watermark
from accounts_sync.queries import AccountReading, account_readings
from accounts_sync.schedule import latest_due_at
from rewards_site.health import registry
from transactions.models import ButtonAccount

SLACK = timedelta(minutes=5)
READINGS_MISSED = 3
"""So many readings in a row must have been due before an account is called late."""
WHOLE_WITHIN = timedelta(hours=24)
"""A first reading may be paused and gone on with for hours; for so long it is not called late."""
REREAD_LATE = 2 * REREAD_EVERY


def register() -> None:
    registry.register("sync", sync_is_wrong)
    registry.register("coverage", coverage_is_wrong)


def sync_is_wrong(at: datetime) -> str:
    """Whether an account that Button confirmed is not read in time, or its last run failed."""
    confirmed = ButtonAccount.objects.filter(confirmed_at__isnull=False).order_by("pk")
    readings = account_readings(confirmed)
    late = [reading for reading in readings if is_late(reading, at)]
    failed = sum(has_failed(reading) for reading in readings)
    said = []
    if late:
        said.append(f"{len(late)} of {len(readings)} Button accounts {_unread_since(late)}")
    if failed:
        said.append(f"the last run failed for {failed} of {len(readings)} Button accounts")
    return "; ".join(said)


def _unread_since(late: list[AccountReading]) -> str:
    ends = [reading.latest_done.finished_at if reading.latest_done else None for reading in late]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return "not read to the end in time, one of them never yet"
    return f"not read to the end since {min(known):%Y-%m-%d %H:%M} UTC"


def is_late(reading: AccountReading, at: datetime) -> bool:
    """Three readings after the last good one are overdue, or it came to no end for a day."""
    good, done = reading.latest_good, reading.latest_done
    since = good.finished_at if good else reading.account.confirmed_at
    whole_at = done.finished_at if done else reading.account.confirmed_at
    assert since is not None
    assert whole_at is not None
    patience = latest_due_at(since, readings=READINGS_MISSED) + SLACK - since
    return at > since + patience or at > whole_at + max(WHOLE_WITHIN, patience)


def has_failed(reading: AccountReading) -> bool:
    return reading.latest is not None and reading.latest.status == RunStatus.FAILED


def coverage_is_wrong(at: datetime) -> str:
    """Whether something was left out, the runs disagree, or the weekly re-read does not come."""
    gaps = len(accounts_with_faults())
    differing = Watermark.objects.exclude(check_problem="").count()
    late = SideReading.objects.filter(
        job=Job.REREAD, done_at__lt=at - REREAD_LATE, account__confirmed_at__isnull=False
    ).count()
    said = []
    if gaps:
        said.append(f"{_accounts(gaps)} a gap in what was read")
    if differing:
        said.append(f"{_accounts(differing)} a coverage that its runs do not bear out")
    if late:
        said.append(f"{_accounts(late)} had no whole re-read for two weeks")
    return "; ".join(said)


def _accounts(count: int) -> str:
    return f"{count} Button account has" if count == 1 else f"{count} Button accounts have"
