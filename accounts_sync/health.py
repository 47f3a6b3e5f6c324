"""What /health/ready/ and the landing page say of the sync. Registered when the room starts."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts_sync.models import RunStatus
from accounts_sync.queries import AccountReading, account_readings
from accounts_sync.schedule import interval
from rewards_site.health import registry
from transactions.models import ButtonAccount

SLACK = timedelta(minutes=5)


def register() -> None:
    registry.register("sync", sync_is_wrong)


def sync_is_wrong(at: datetime) -> str:
    """Whether an account that Button confirmed is not read in time, or its last run failed."""
    confirmed = ButtonAccount.objects.filter(confirmed_at__isnull=False).order_by("pk")
    readings = account_readings(confirmed)
    late = sum(is_late(reading, at) for reading in readings)
    failed = sum(has_failed(reading) for reading in readings)
    said = []
    if late:
        said.append(f"{late} of {len(readings)} Button accounts not read in time")
    if failed:
        said.append(f"the last run failed for {failed} of {len(readings)} Button accounts")
    return "; ".join(said)


def is_late(reading: AccountReading, at: datetime) -> bool:
    """Its last good run ended longer ago than twice the cadence, or it never had one."""
    good = reading.latest_good
    since = good.finished_at if good else reading.account.confirmed_at
    assert since is not None
    return since < at - 2 * interval(at) - SLACK


def has_failed(reading: AccountReading) -> bool:
    return reading.latest is not None and reading.latest.status == RunStatus.FAILED
