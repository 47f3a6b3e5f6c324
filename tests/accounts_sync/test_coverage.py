"""What was read is proven: the union of the good windows, without a gap, or told of."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st

from accounts_sync.coverage import (
    check_coverage,
    covered_by,
    covered_by_runs,
    faults_of,
    gaps_of,
    rebuild_coverage,
)
from accounts_sync.health import coverage_is_wrong
from accounts_sync.models import RunStatus, SyncRun, Watermark
from accounts_sync.spans import Span
from tests.accounts_sync.pulling import ONE, pull, through
from tests.accounts_sync.world import World, refusal, wire_row
from tests.factories import ACCOUNT, NOON

pytestmark = pytest.mark.usefixtures("db")
HOUR = timedelta(hours=1)


def watermark() -> Watermark:
    return Watermark.objects.get(pk=ACCOUNT)


def whole(end: datetime) -> list[Span]:
    return [Span(start=None, end=end)]


def test_good_runs_together_cover_all_time_up_to_the_watermark(world: World, account: str) -> None:
    for hours in range(4):
        pull(at=ONE + hours * HOUR)

    assert watermark().covered == [[None, "2026-11-20T16:00:00Z"]]
    assert faults_of(watermark()) == []
    assert covered_by_runs(ACCOUNT) == whole(ONE + 3 * HOUR)


def test_a_run_that_came_to_no_end_covers_nothing(world: World, account: str) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))

    pull(stop_at=ONE)
    assert watermark().covered == []
    world.before_answer = lambda _query: refusal(403, "No.")
    pull(at=ONE + HOUR)
    assert watermark().covered == []
    world.before_answer = lambda _query: None
    pull(at=ONE + 2 * HOUR)

    assert watermark().covered == [[None, "2026-11-20T13:00:00Z"]]  # as far as it was begun for
    assert covered_by_runs(ACCOUNT) == whole(ONE)


def test_a_window_by_hand_stands_beside_until_the_regular_one_reaches_it(
    world: World, account: str
) -> None:
    pull()
    pull(since=ONE + 2 * HOUR, until=ONE + 3 * HOUR, at=ONE + 4 * HOUR)

    assert gaps_of(watermark()) == [Span(start=ONE, end=ONE + 2 * HOUR)]
    assert faults_of(watermark()) == []  # the next run reads on from the watermark
    assert coverage_is_wrong(ONE + 4 * HOUR) == ""

    pull(at=ONE + 4 * HOUR)
    assert covered_by(watermark()) == whole(ONE + 4 * HOUR)


def test_the_first_window_by_hand_leaves_the_beginning_open(world: World, account: str) -> None:
    pull(since=NOON)

    assert through() is None
    assert gaps_of(watermark()) == [Span(start=None, end=NOON)]
    assert faults_of(watermark()) == []


def test_a_gap_before_the_watermark_is_told_of(world: World, account: str) -> None:
    pull(since=NOON, until=ONE)
    Watermark.objects.update(through=ONE)  # as if somebody had set it by hand

    assert faults_of(watermark()) == [Span(start=None, end=NOON)]
    assert coverage_is_wrong(ONE) == "1 Button account has a gap in what was read"


def test_what_the_runs_say_is_compared_each_night(world: World, account: str) -> None:
    pull()
    pull(at=ONE + HOUR)

    assert check_coverage(ACCOUNT, at=ONE + HOUR) == ""
    assert watermark().checked_at == ONE + HOUR

    SyncRun.objects.filter(window_start=None, kind="transactions").delete()
    Watermark.objects.update(covered=[[None, "2026-11-20T15:00:00Z"]])
    problem = check_coverage(ACCOUNT, at=ONE + 2 * HOUR)

    assert problem == (
        "The watermark's page says 2026-11-20T12:00:00Z to 2026-11-20T15:00:00Z; "
        "the good runs come to 2026-11-20T12:00:00Z to 2026-11-20T14:00:00Z."
    )
    assert watermark().check_problem == problem
    assert coverage_is_wrong(ONE) == (
        "1 Button account has a coverage that its runs do not bear out"
    )


def test_runs_that_were_pruned_are_not_missed(world: World, account: str) -> None:
    pull()
    pull(at=ONE + HOUR)
    SyncRun.objects.filter(window_start=None, kind="transactions").delete()

    assert check_coverage(ACCOUNT, at=ONE + HOUR) == ""


def test_what_the_runs_say_can_be_taken_over(world: World, account: str) -> None:
    pull()
    Watermark.objects.update(covered=[])
    assert check_coverage(ACCOUNT, at=ONE)

    rebuild_coverage(ACCOUNT, at=ONE)

    assert covered_by(watermark()) == whole(ONE)
    assert (watermark().check_problem, coverage_is_wrong(ONE)) == ("", "")


def test_what_is_older_than_the_oldest_kept_run_stays(world: World, account: str) -> None:
    pull()
    pull(at=ONE + HOUR)
    SyncRun.objects.filter(window_start=None, kind="transactions").delete()
    Watermark.objects.update(covered=[[None, "2026-11-20T12:30:00Z"]])

    rebuild_coverage(ACCOUNT, at=ONE)

    assert covered_by(watermark()) == whole(ONE + HOUR)


def test_the_migration_puts_the_windows_of_before_together(world: World, account: str) -> None:
    pull()
    pull(at=ONE + HOUR)
    pull(since=ONE + 3 * HOUR, until=ONE + 4 * HOUR, at=ONE + 5 * HOUR)
    SyncRun.objects.filter(kind="window").update(kind="transactions")  # as it was then
    expected = watermark().covered
    Watermark.objects.update(covered=[])

    import_module("accounts_sync.migrations.0004_coverage_of_runs").put_windows_together(apps, None)

    assert watermark().covered == expected
    assert len(expected) == 2


windows = st.tuples(st.none() | st.integers(-50, 20), st.integers(-49, 24))


@given(st.lists(st.one_of(st.just("on"), windows), max_size=12), st.data())
def test_the_union_is_what_was_asked_of_button_and_came_to_its_end(
    world: World, account: str, steps: list[object], data: st.DataObject
) -> None:
    """Any windows, regular and by hand, some of which fail: hour by hour, covered = read."""
    Watermark.objects.all().delete()
    SyncRun.objects.filter(kind__in=["transactions", "window"]).delete()
    read: set[int] = set()
    hours = range(-60, 40)
    for number, step in enumerate(steps):
        at = NOON + timedelta(hours=24 + number)
        is_failing = data.draw(st.booleans())
        world.before_answer = lambda _query: refusal(403, "No.") if is_failing else None  # noqa: B023
        if step == "on":
            report = pull(at=at)
        else:
            assert isinstance(step, tuple)
            start, end = step
            if start is not None and start >= end:
                continue
            report = pull(
                at=at,
                since=None if start is None else NOON + timedelta(hours=start),
                full=start is None,
                until=NOON + timedelta(hours=end),
            )
        if not is_failing:
            assert report.status is RunStatus.DONE
            asked = world.queries[-1]
            first = datetime.fromisoformat(asked["start"]) if "start" in asked else None
            last = datetime.fromisoformat(asked["end"]) if "end" in asked else at
            read |= {
                hour
                for hour in hours
                if (first is None or first <= NOON + timedelta(hours=hour))
                and NOON + timedelta(hours=hour) < last
            }

    kept = Watermark.objects.filter(pk=ACCOUNT).first()
    spans = covered_by(kept) if kept else []
    covered = {
        hour
        for hour in hours
        for span in spans
        if (span.start is None or span.start <= NOON + timedelta(hours=hour))
        and NOON + timedelta(hours=hour) < span.end
    }
    assert covered == read
    assert covered_by_runs(ACCOUNT) == spans
    if kept is not None:
        assert faults_of(kept) == []
        if kept.through is not None:
            assert spans[0] == Span(start=None, end=spans[0].end)
            assert kept.through <= spans[0].end
