"""Readings beside the watermark: the weekly re-read by creation, and gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django_q.models import OrmQ

from accounts_sync import beside, tasks
from accounts_sync.beside import Due, is_due, next_due, read_beside
from accounts_sync.coverage import covered_by, faults_of
from accounts_sync.health import coverage_is_wrong
from accounts_sync.lease import acquire
from accounts_sync.models import Job, RunKind, RunStatus, SideReading, SyncRun, Watermark
from accounts_sync.report import PullReport
from accounts_sync.spans import Span
from rewards_site.kernel import clock
from tests.accounts_sync.pulling import ONE, pull, through
from tests.accounts_sync.world import Answer, World, client, refusal, wire_row
from tests.factories import ACCOUNT, NOON, balances

pytestmark = pytest.mark.usefixtures("db")
DAY = timedelta(days=1)
WEEK_LATER = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
"""In the night after the account was read for a week."""


def reread(at: datetime = WEEK_LATER, **options: object) -> PullReport:
    report = read_beside(account_id=ACCOUNT, job=Job.REREAD, client=client(), at=at, **options)  # type: ignore[arg-type]
    assert report is not None
    return report


def state() -> SideReading:
    return SideReading.objects.get(account=ACCOUNT, job=Job.REREAD)


def lost_row(tx_id: str = "tx-lost") -> dict[str, object]:
    """A row that appeared late, under a `modified_date` that had been read long before."""
    return wire_row(tx_id, minutes=-10 * 24 * 60)


def test_a_row_that_no_window_of_modifications_held_is_found(world: World, account: str) -> None:
    world.has(wire_row("tx-1"))
    pull()
    pull(at=WEEK_LATER - timedelta(minutes=5))
    world.has(lost_row())
    pull(at=WEEK_LATER)
    assert balances() == {"pending": 500}

    report = reread()

    assert world.queries[-1] == {
        "time_field": "created_date",
        "start": "2026-07-31T02:00:00Z",  # 120 days before
        "page_size": "500",
        "account": ACCOUNT,
    }
    assert balances() == {"pending": 1000}
    assert (report.status, report.applied_count, report.late_count) == (RunStatus.DONE, 1, 1)
    run = SyncRun.objects.get(kind=RunKind.REREAD)
    assert (run.late_count, run.marked_count) == (1, 0)
    assert Watermark.objects.get().late_count == 1


def test_what_is_pending_for_longer_is_read_again_too(world: World, account: str) -> None:
    world.has(
        wire_row("tx-1", created_date="2026-06-15T09:00:00.250Z"),
        wire_row("tx-2", status="declined", created_date="2026-02-01T09:00:00Z"),
    )
    pull()

    reread()

    assert world.queries[-1]["start"] == "2026-06-15T09:00:00Z"


def test_an_order_forgotten_for_years_does_not_make_each_week_read_them(
    world: World, account: str
) -> None:
    world.has(wire_row("tx-1", created_date="2019-06-15T09:00:00Z"))
    pull()

    reread()

    assert world.queries[-1]["start"] == "2025-10-24T02:00:00Z"  # 400 days before


def test_the_watermark_and_its_cursor_are_left_alone(world: World, account: str) -> None:
    pull(at=WEEK_LATER - timedelta(minutes=29))
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    pull(full=True, stop_at=ONE, at=WEEK_LATER - timedelta(minutes=28))
    before = dict(Watermark.objects.values().get())

    reread()

    after = dict(Watermark.objects.values().get())
    assert (before.pop("late_count"), after.pop("late_count")) == (1, 2)
    assert after == before
    assert before["next_url"]


def test_a_paused_re_read_goes_on_where_it_was(world: World, account: str) -> None:
    world.page_rows_max = 1
    pull()
    world.has(*[lost_row(f"tx-{number}") for number in range(3)])

    paused = reread(stop_at=ONE)
    assert (paused.status, paused.page_count) == (RunStatus.PAUSED, 1)
    assert state().window_end == WEEK_LATER

    done = reread(at=WEEK_LATER + timedelta(minutes=1))
    assert (done.status, done.page_count, done.is_rest) == (RunStatus.DONE, 2, True)
    assert balances() == {"pending": 1500}
    assert (state().window_end, state().next_url) == (None, "")
    assert state().done_at == WEEK_LATER  # as of when its window began


def test_a_dead_re_read_is_gone_on_with(world: World, account: str) -> None:
    world.page_rows_max = 1
    pull()
    world.has(lost_row("tx-1"), lost_row("tx-2"))
    reread(stop_at=ONE)
    acquire(ACCOUNT, job=Job.REREAD)  # and its holder dies
    SyncRun.objects.filter(kind="re-read").update(status="running", finished_at=None)
    assert not is_due(ACCOUNT, Job.REREAD, clock.now())
    SideReading.objects.update(expires_at=clock.now())

    assert reread().page_count == 1

    runs = SyncRun.objects.filter(kind="re-read").order_by("pk")
    assert list(runs.values_list("status", flat=True)) == ["abandoned", "done"]
    assert balances() == {"pending": 1000}


def test_a_dead_cursor_restarts_the_re_read_and_not_the_pull(world: World, account: str) -> None:
    world.page_rows_max = 1
    pull()
    world.has(lost_row("tx-1"), lost_row("tx-2"))
    reread(stop_at=ONE)
    world.before_answer = lambda query: refusal(410, "gone") if "cursor" in query else None

    assert reread().status is RunStatus.FAILED
    assert (state().window_end, state().next_url) == (WEEK_LATER, "")

    world.before_answer = lambda _query: None
    assert reread(at=WEEK_LATER + timedelta(hours=1)).status is RunStatus.DONE
    assert state().done_at == WEEK_LATER


def test_it_comes_once_a_week_in_a_quiet_hour_and_else_the_day_after(
    world: World, account: str
) -> None:
    assert next_due(NOON) is None  # nothing was read to its end yet
    pull()
    assert next_due(ONE) is None
    assert state().done_at == ONE

    peak, night = ONE + 7 * DAY, datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    assert not is_due(ACCOUNT, Job.REREAD, peak - timedelta(hours=6))
    assert not is_due(ACCOUNT, Job.REREAD, peak)
    assert next_due(night) == Due(account_id=ACCOUNT, job=Job.REREAD)
    assert is_due(ACCOUNT, Job.REREAD, peak + DAY)


def test_one_that_failed_waits_as_long_as_a_pull_would(world: World, account: str) -> None:
    pull()
    next_due(ONE)
    world.before_answer = lambda _query: (403, {}, "")
    assert reread().status is RunStatus.FAILED

    assert not is_due(ACCOUNT, Job.REREAD, WEEK_LATER + timedelta(minutes=29))
    assert is_due(ACCOUNT, Job.REREAD, WEEK_LATER + timedelta(minutes=30))
    beside.want(ACCOUNT, Job.REREAD, at=WEEK_LATER + timedelta(minutes=1))
    assert is_due(ACCOUNT, Job.REREAD, WEEK_LATER + timedelta(minutes=2))


def test_a_re_read_that_does_not_come_for_two_weeks_is_told(world: World, account: str) -> None:
    pull()
    next_due(ONE)

    assert coverage_is_wrong(ONE + 14 * DAY) == ""
    assert coverage_is_wrong(ONE + 15 * DAY) == (
        "1 Button account has had no whole re-read for two weeks"
    )


def queued() -> list[tuple[object, ...]]:
    rows = [row.task for row in OrmQ.objects.order_by("pk")]
    return [row["args"] for row in rows if row["func"] == "accounts_sync.tasks.read_beside"]


def test_the_worker_reads_it_in_slices_between_which_others_work(
    world: World, account: str
) -> None:
    with time_machine.travel(ONE) as traveller:
        tasks.pull_account(ACCOUNT)
        tasks.pull_due()
        traveller.move_to(WEEK_LATER)
        world.page_rows_max = 1
        world.has(lost_row("tx-1"), lost_row("tx-2"))

        def take_long(_query: dict[str, str]) -> Answer | None:
            traveller.shift(tasks.SLICE_SECONDS_MAX)
            return None

        world.before_answer = take_long

        tasks.pull_due()
        tasks.pull_due()
        assert queued() == [(ACCOUNT, "re-read")]
        assert tasks.read_beside(ACCOUNT, "re-read") == "paused"
        OrmQ.objects.all().delete()
        tasks.pull_due()
        assert queued() == [(ACCOUNT, "re-read")]
        assert tasks.read_beside(ACCOUNT, "re-read") == "done"
        assert tasks.read_beside(ACCOUNT, "re-read") == "not due"

    assert balances() == {"pending": 1000}


def leave_a_gap(world: World) -> None:
    """Noon to one was never read, and yet the watermark stands at two."""
    pull(until=NOON, full=True)
    pull(since=ONE, until=ONE + timedelta(hours=1), at=ONE + timedelta(hours=1))
    Watermark.objects.update(through=ONE + timedelta(hours=1))
    world.has(wire_row("tx-1", minutes=30))


def test_a_gap_is_read_by_itself_and_closed(world: World, account: str) -> None:
    leave_a_gap(world)
    at = ONE + timedelta(hours=1)

    assert next_due(at) == Due(account_id=ACCOUNT, job=Job.GAP)
    report = read_beside(account_id=ACCOUNT, job=Job.GAP, client=client(), at=at)

    assert report is not None
    assert world.queries[-1] == {
        "time_field": "modified_date",
        "start": "2026-11-20T11:00:00Z",  # an hour before, as every window
        "end": "2026-11-20T13:00:00Z",
        "page_size": "500",
        "account": ACCOUNT,
    }
    assert (report.status, report.late_count) == (RunStatus.DONE, 1)
    assert balances() == {"pending": 500}
    assert covered_by(Watermark.objects.get()) == [Span(start=None, end=at)]
    assert (faults_of(Watermark.objects.get()), coverage_is_wrong(at)) == ([], "")
    assert through() == at
    assert next_due(at) is None
    assert read_beside(account_id=ACCOUNT, job=Job.GAP, client=client(), at=at) is None


def test_a_gap_that_takes_long_is_paused_and_gone_on_with(world: World, account: str) -> None:
    leave_a_gap(world)
    world.page_rows_max = 1
    world.has(wire_row("tx-2", minutes=40))
    at = ONE + timedelta(hours=1)

    paused = read_beside(account_id=ACCOUNT, job=Job.GAP, client=client(), at=at, stop_at=ONE)
    assert paused is not None
    assert paused.status is RunStatus.PAUSED
    assert faults_of(Watermark.objects.get()) == [Span(start=NOON, end=ONE)]

    rest = read_beside(account_id=ACCOUNT, job=Job.GAP, client=client(), at=at)
    assert rest is not None
    assert (rest.status, rest.page_count) == (RunStatus.DONE, 1)
    assert balances() == {"pending": 1000}
    assert faults_of(Watermark.objects.get()) == []
