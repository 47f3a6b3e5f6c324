"""When to read next, and the worker's schedules. The only reader of the SYNC_* settings.

**How often an account is read** (cadence.py; docs/decisions/0017). In peak hours every
SYNC_PEAK_MINUTES, always. Outside of them:

- every SYNC_OFFPEAK_MINUTES while nothing happens: the last run brought no row;
- every SYNC_PEAK_MINUTES while there is traffic: the last run brought rows. It looks back over an
  hour, so that the pace stays up for an hour after the last change. What a lost webhook would have
  told is traffic, too;
- after a failure in SYNC_PEAK_MINUTES, then after twice, four times, … as long, up to
  SYNC_OFFPEAK_MINUTES; the first good run after it is followed by one more at the peak's pace.

So no wait is shorter than SYNC_PEAK_MINUTES or longer than what the setting of the hour says. A run
that did not come to its end is gone on with at once. The re-read and gaps have leases of their own
(beside.py), and delay none of it.
"""

from __future__ import annotations

import ast
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django_q.models import Schedule

from accounts_sync import lease
from accounts_sync.cadence import Ended, Wait, wait_after
from accounts_sync.runs import last_accounts_run_at, last_endings
from rewards_site.kernel.db import atomic, is_postgres, retry_deadlocks
from transactions.models import ButtonAccount

log = logging.getLogger(__name__)

ACCOUNTS_INTERVAL = timedelta(hours=24)
_TICK_SLACK = timedelta(seconds=30)
"""The worker looks once a minute: without it, «every 5 minutes» would become every 6."""
_INSTALL_LOCK = 0x62746E7363686564
"""Key of the advisory lock under which schedules are written; any number that is ours alone."""
_OUR_TASKS = "accounts_sync.tasks."


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A schedule that must exist exactly once."""

    name: str
    task: str
    minutes: int

    def definition(self) -> dict[str, Any]:
        """Every column of a schedule's row that says what it does, and how often."""
        return {
            "name": self.name,
            "func": _OUR_TASKS + self.task,
            "schedule_type": Schedule.MINUTES,
            "minutes": self.minutes,
            "repeats": -1,
            "args": None,
            "kwargs": None,
            "hook": None,
            "cron": None,
            "cluster": None,
            "intended_date_kwarg": None,
        }


PLAN = (
    Planned(name="Read new transactions", task="pull_due", minutes=1),
    Planned(name="Read the accounts once a day", task="sync_accounts_daily", minutes=60),
    Planned(name="Read the brands once a day", task="sync_merchants_daily", minutes=15),
    Planned(name="Try what was deferred again", task="replay_due", minutes=5),
    Planned(name="Look for lost webhooks", task="measure_missed", minutes=5),
    Planned(name="Check the coverage", task="check_coverage_daily", minutes=24 * 60),
    Planned(name="Measure the brands once a night", task="measure_brands_nightly", minutes=15),
    Planned(name="Forget old task results", task="prune_queue", minutes=24 * 60),
    Planned(name="Archive old webhook bodies", task="archive_bodies", minutes=15),
    Planned(name="Forget old rate decisions", task="forget_rate_decisions", minutes=15),
    Planned(name="Talk to payout providers", task="sync_payouts", minutes=1),
    Planned(name="Send outward events", task="send_outward_events", minutes=1),
    Planned(name="Forget old outward events", task="forget_outward_events", minutes=60),
    Planned(name="Answer claims whose order is there", task="settle_claims", minutes=15),
    Planned(name="Release rewards that are due", task="release_due_rewards", minutes=5),
    Planned(name="Expire idle balances", task="expire_idle_balances", minutes=60),
    Planned(name="Heartbeat", task="beat", minutes=1),
    Planned(name="Look for alarms", task="watch_alarms", minutes=1),
)


def is_peak(at: datetime) -> bool:
    """Whether `at` lies in the peak hours, in BUSINESS_TIME_ZONE; (22, 6) goes over midnight."""
    first, end = settings.SYNC_PEAK_HOURS
    hour = at.astimezone(settings.BUSINESS_TIME_ZONE).hour
    return first <= hour < end if first <= end else hour >= first or hour < end


def interval(at: datetime) -> timedelta:
    """The longest time between two readings of a Button account around `at`."""
    return timedelta(
        minutes=settings.SYNC_PEAK_MINUTES if is_peak(at) else settings.SYNC_OFFPEAK_MINUTES
    )


def latest_due_at(since: datetime, *, readings: int = 1) -> datetime:
    """When the reading number `readings` after one at `since` is due at the latest."""
    for _ in range(readings):
        since = _next_due_at(since)
    return since


def _next_due_at(since: datetime) -> datetime:
    """The first instant that is as far from `since` as the interval that holds then."""
    at = since + timedelta(minutes=min(settings.SYNC_PEAK_MINUTES, settings.SYNC_OFFPEAK_MINUTES))
    while at - since < interval(at):
        # Hours begin at a quarter of an hour in UTC, whatever the time zone.
        quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
        at = min(since + interval(at), quarter + timedelta(minutes=15))
    return at


@dataclass(frozen=True, slots=True, kw_only=True)
class NextReading:
    """When an account is read next, and why then; the worker looks once a minute."""

    at: datetime
    why: str


def next_reading(account_id: str, at: datetime) -> NextReading:
    """When a Button account is to be read next, as it stands at `at`; `at` itself: now."""
    runs = last_endings(account_id)
    if not runs:
        return NextReading(at=at, why="it was never read")
    since = runs[0].started_at
    if since > at:  # a clock was set back: do not wait until it has caught up
        return NextReading(at=at, why="the last run is dated into the future")
    wait = _wait(runs, at)
    due_at = min(since + wait.length, latest_due_at(since))
    return NextReading(at=max(at, due_at), why=wait.why)


def is_due(account_id: str, at: datetime) -> bool:
    """Whether a Button account is to be read now: it is time, or its last run did not end."""
    if lease.is_held(account_id, at=at):
        return False
    runs = last_endings(account_id)
    if not runs:
        return True
    age = at - runs[0].started_at
    is_future = age < timedelta(0)  # as in next_reading()
    return is_future or age >= _wait(runs, at).length - _TICK_SLACK


def _wait(runs: list[Ended], at: datetime) -> Wait:
    return wait_after(runs, pace=timedelta(minutes=settings.SYNC_PEAK_MINUTES), bound=interval(at))


def are_accounts_due(at: datetime) -> bool:
    """Whether the last good reading of the Accounts API is a day old, or there is none.

    Or a webhook named an account since: a new currency does not wait for tomorrow.
    """
    last_at = last_accounts_run_at(before=at)
    if last_at is None or at - last_at >= ACCOUNTS_INTERVAL - _TICK_SLACK:
        return True
    named = ButtonAccount.objects.filter(confirmed_at=None, first_seen_at__gte=last_at)
    return named.exists()


def install_schedules(at: datetime) -> int:
    """Make each planned schedule exist once, as planned; how many rows had to be touched.

    Idempotent, and safe when several workers start at once. Raises: DatabaseUnavailable.
    """
    return retry_deadlocks(lambda: _install(at))


def _install(at: datetime) -> int:
    with atomic():
        if is_postgres():  # on SQLite the transaction itself is the one writer
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_INSTALL_LOCK])
        touched: int = sum(_install_one(planned, at=at) for planned in PLAN)
        planned_tasks = [_OUR_TASKS + planned.task for planned in PLAN]
        ours = Schedule.objects.filter(func__startswith=_OUR_TASKS)
        touched += ours.exclude(func__in=planned_tasks).delete()[0]
        touched += _disarm_poison()
    if touched:
        log.info("schedules.installed", extra={"touched": touched})
    return touched


def _install_one(planned: Planned, *, at: datetime) -> int:
    definition = planned.definition()
    same = Q(name=planned.name) | Q(func=definition["func"])
    rows = list(Schedule.objects.select_for_update(of=("self",)).filter(same).order_by("pk"))
    if not rows:
        Schedule.objects.create(**definition, next_run=at)
        return 1
    kept, *strays = rows
    touched: int = Schedule.objects.filter(pk__in=[stray.pk for stray in strays]).delete()[0]
    wrong = {name: value for name, value in definition.items() if getattr(kept, name) != value}
    latest = at + timedelta(minutes=planned.minutes)
    if kept.next_run is None or kept.next_run > latest:
        wrong["next_run"] = at
    if wrong:
        Schedule.objects.filter(pk=kept.pk).update(**wrong)
        touched += 1
    return touched


def _disarm_poison() -> int:
    """Switch off any schedule whose arguments cannot be read: it would stop every other one.

    The worker turns all due schedules into tasks in one transaction; one that raises there rolls
    back the whole of it, each time.
    """
    armed = Schedule.objects.exclude(repeats=0).exclude(args=None).exclude(args="")
    poison = [row.pk for row in armed if not _is_literal(row.args or "")]
    if poison:
        log.error("schedules.poison", extra={"schedules": poison})
    Schedule.objects.filter(pk__in=poison).update(repeats=0)
    return len(poison)


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True
