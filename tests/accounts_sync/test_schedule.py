from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.db import connection
from django_q.models import Schedule
from django_q.scheduler import scheduler
from pytest_django import Settings

from accounts_sync.lease import acquire
from accounts_sync.models import RunStatus, SyncRun
from accounts_sync.schedule import are_accounts_due, install_schedules, is_due, is_peak
from rewards_site.kernel import clock
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, NOON
from transactions.models import ButtonAccount

MINUTES = {
    "accounts_sync.tasks.archive_bodies": 15,
    "accounts_sync.tasks.beat": 1,
    "accounts_sync.tasks.check_coverage_daily": 1440,
    "accounts_sync.tasks.expire_idle_balances": 60,
    "accounts_sync.tasks.forget_outward_events": 60,
    "accounts_sync.tasks.forget_rate_decisions": 15,
    "accounts_sync.tasks.measure_brands_nightly": 15,
    "accounts_sync.tasks.measure_missed": 5,
    "accounts_sync.tasks.prune_queue": 1440,
    "accounts_sync.tasks.pull_due": 1,
    "accounts_sync.tasks.release_due_rewards": 5,
    "accounts_sync.tasks.replay_due": 5,
    "accounts_sync.tasks.send_outward_events": 1,
    "accounts_sync.tasks.settle_claims": 15,
    "accounts_sync.tasks.sync_accounts_daily": 60,
    "accounts_sync.tasks.sync_merchants_daily": 15,
    "accounts_sync.tasks.sync_payouts": 1,
    "accounts_sync.tasks.watch_alarms": 1,
}
FUNCTIONS = list(MINUTES)


@pytest.fixture
def account(db: None) -> str:
    ButtonAccount.objects.create(account_id=ACCOUNT, currency="USD", first_seen_at=NOON)
    return ACCOUNT


def ran(status: RunStatus, *, at: datetime = NOON, kind: str = "transactions") -> None:
    SyncRun.objects.create(
        kind=kind,
        account_id=ACCOUNT if kind == "transactions" else None,
        status=status,
        started_at=at,
        finished_at=None if status is RunStatus.RUNNING else at,
    )


@pytest.mark.parametrize(
    ("hours", "peak"),
    [
        ((8, 23), range(8, 23)),
        ((22, 6), [22, 23, 0, 1, 2, 3, 4, 5]),
        ((0, 24), range(24)),
        ((7, 7), []),
    ],
)
def test_peak_hours(settings: Settings, hours: tuple[int, int], peak: list[int]) -> None:
    settings.SYNC_PEAK_HOURS = hours

    found = [hour for hour in range(24) if is_peak(datetime(2026, 11, 20, hour, 59, tzinfo=UTC))]

    assert sorted(found) == sorted(peak)


def test_peak_hours_are_those_of_the_business(settings: Settings) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("America/New_York")

    assert not is_peak(datetime(2026, 11, 20, 12, 30, tzinfo=UTC))  # 07:30 in New York
    assert is_peak(datetime(2026, 11, 21, 3, 30, tzinfo=UTC))  # 22:30


def test_an_account_never_read_is_due(account: str) -> None:
    assert is_due(account, NOON)


@pytest.mark.parametrize("status", [RunStatus.DONE, RunStatus.FAILED])
def test_an_account_is_due_every_five_minutes_in_peak_hours(
    account: str, status: RunStatus
) -> None:
    ran(status)

    ticks = range(20, 400, 60)  # the worker looks once a minute, and never on the dot
    due = [second for second in ticks if is_due(account, NOON + timedelta(seconds=second))]

    assert due[0] == 320


def test_an_account_is_due_every_thirty_minutes_at_night(account: str) -> None:
    night = NOON + timedelta(hours=12)
    ran(RunStatus.DONE, at=night)

    assert not is_due(account, night + timedelta(minutes=29))
    assert is_due(account, night + timedelta(minutes=30))


@pytest.mark.parametrize("status", [RunStatus.PAUSED, RunStatus.ABANDONED, RunStatus.RUNNING])
def test_a_run_that_did_not_end_is_gone_on_with_at_once(account: str, status: RunStatus) -> None:
    ran(status)

    assert is_due(account, NOON + timedelta(seconds=10))


def test_an_account_that_is_being_read_is_not_due(account: str) -> None:
    acquire(account)
    ran(RunStatus.RUNNING)

    assert not is_due(account, clock.now())


def test_a_run_dated_into_the_future_does_not_stop_the_polling(account: str) -> None:
    ran(RunStatus.DONE, at=NOON + timedelta(days=400))

    assert is_due(account, NOON)


def test_the_accounts_are_due_a_day_after_the_last_good_reading(db: None) -> None:
    assert are_accounts_due(NOON)

    ran(RunStatus.DONE, kind="accounts")
    assert not are_accounts_due(NOON + timedelta(hours=23))
    ran(RunStatus.FAILED, kind="accounts", at=NOON + timedelta(hours=23))
    assert are_accounts_due(NOON + timedelta(hours=24))


def test_each_schedule_is_made_once(db: None) -> None:
    assert install_schedules(NOON) == len(MINUTES)
    Schedule.objects.update(next_run=NOON + timedelta(seconds=50))

    assert install_schedules(NOON + timedelta(seconds=1)) == 0

    rows = list(Schedule.objects.order_by("func"))
    assert [row.func for row in rows] == FUNCTIONS
    assert {row.func: row.minutes for row in rows} == MINUTES
    assert {row.next_run for row in rows} == {NOON + timedelta(seconds=50)}


def test_what_was_broken_by_hand_is_repaired(db: None) -> None:
    install_schedules(NOON)
    pull = Schedule.objects.get(func="accounts_sync.tasks.pull_due")
    Schedule.objects.filter(pk=pull.pk).update(
        minutes=0, args="1, oops(", repeats=0, cluster="elsewhere", next_run=None
    )
    Schedule.objects.create(name=pull.name, func="os.getcwd")
    Schedule.objects.create(name="mine", func=pull.func, next_run=NOON)
    Schedule.objects.create(name="old", func="accounts_sync.tasks.gone", next_run=NOON)

    install_schedules(NOON)

    assert list(Schedule.objects.order_by("func").values_list("func", flat=True)) == FUNCTIONS
    pull.refresh_from_db()
    assert (pull.minutes, pull.args, pull.repeats, pull.cluster, pull.next_run) == (
        1,
        None,
        -1,
        None,
        NOON,
    )


def test_a_schedule_that_waits_too_long_is_called_back(db: None) -> None:
    install_schedules(NOON)
    Schedule.objects.update(next_run=NOON + timedelta(days=3000))

    install_schedules(NOON)

    assert set(Schedule.objects.values_list("next_run", flat=True)) == {NOON}


def test_a_strangers_poison_does_not_stop_our_schedules(
    committed_db: CommittedDatabase,
) -> None:
    Schedule.objects.create(name="poison", func="os.getcwd", args="1, oops(", next_run=NOON)
    Schedule.objects.create(
        name="fine", func="os.getcwd", args="1, 'two'", schedule_type="D", next_run=NOON
    )

    install_schedules(NOON)
    scheduler()  # django-q2's own: a tick of the worker

    repeats = dict(Schedule.objects.values_list("name", "repeats"))
    assert (repeats["poison"], repeats["fine"]) == (0, -1)
    ticked = Schedule.objects.filter(task__isnull=False).values_list("func", flat=True)
    assert sorted(ticked) == [*FUNCTIONS, "os.getcwd"]


def test_two_workers_that_start_at_once_make_one_of_each(
    committed_db: CommittedDatabase,
) -> None:
    gate = threading.Barrier(4)

    def work(_number: int) -> None:
        try:
            gate.wait()
            install_schedules(NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert list(Schedule.objects.order_by("func").values_list("func", flat=True)) == FUNCTIONS


def test_the_worker_command_is_ours() -> None:
    assert get_commands()["qcluster"] == "accounts_sync"


def test_the_worker_refuses_a_connection_pool(db: None) -> None:
    options = connection.settings_dict["OPTIONS"]
    options["pool"] = {"min_size": 2}
    try:
        with pytest.raises(CommandError, match="DATABASE_POOL is for the web server"):
            call_command("qcluster")
    finally:
        del options["pool"]

    assert Schedule.objects.count() == 0
