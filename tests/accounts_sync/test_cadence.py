"""How often an account is read: never slower than the settings say, faster with traffic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts_sync.cadence import Ended, Ending, wait_after
from accounts_sync.models import RunKind, RunStatus, SyncRun
from accounts_sync.schedule import interval, is_due, latest_due_at, next_reading
from tests.factories import ACCOUNT, NOON
from transactions.models import ButtonAccount

NIGHT = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def account(db: None) -> str:
    ButtonAccount.objects.create(account_id=ACCOUNT, currency="USD", first_seen_at=NOON)
    return ACCOUNT


def ran(
    at: datetime, status: RunStatus = RunStatus.DONE, *, rows: int = 0, **fields: object
) -> None:
    values: dict[str, object] = {"kind": RunKind.TRANSACTIONS, "row_count": rows} | fields
    SyncRun.objects.create(
        account_id=ACCOUNT, status=status, started_at=at, finished_at=at, **values
    )


def minutes_until_due(since: datetime) -> int:
    """At which tick of the worker, one a minute, the account is read."""
    return next(number for number in range(1, 2000) if is_due(ACCOUNT, since + number * MINUTE))


@pytest.mark.parametrize(
    ("statuses", "rows", "minutes"),
    [
        pytest.param(["done"], 0, 30, id="a quiet night"),
        pytest.param(["done"], 1, 5, id="traffic at night"),
        pytest.param(["done", "failed"], 0, 5, id="one failure"),
        pytest.param(["done", "failed", "failed"], 0, 10, id="two"),
        pytest.param(["failed"] * 3, 0, 20, id="three"),
        pytest.param(["failed"] * 4, 0, 30, id="four: not beyond the setting"),
        pytest.param(["failed"] * 40, 0, 30, id="forty"),
        pytest.param(["failed", "done"], 0, 5, id="the first good one after a failure"),
        pytest.param(["failed", "done", "done"], 0, 30, id="the second, and nothing happens"),
        pytest.param(["paused"], 0, 1, id="cut short"),
    ],
)
def test_at_night(account: str, statuses: list[str], rows: int, minutes: int) -> None:
    for number, status in enumerate(statuses, start=1 - len(statuses)):
        ran(NIGHT + number * MINUTE, RunStatus(status), rows=rows)

    assert minutes_until_due(NIGHT) == minutes


@pytest.mark.parametrize("statuses", [["done"], ["failed"] * 5, ["failed", "done"]])
def test_in_peak_hours_always_as_the_setting_says(account: str, statuses: list[str]) -> None:
    for number, status in enumerate(statuses, start=1 - len(statuses)):
        ran(NOON + number * MINUTE, RunStatus(status))

    assert minutes_until_due(NOON) == 5


def test_a_run_that_went_on_with_an_old_window_is_followed_by_one_for_what_is_new(
    account: str,
) -> None:
    ran(NIGHT, is_rest=True)

    assert minutes_until_due(NIGHT) == 1


@pytest.mark.parametrize("kind", [RunKind.WINDOW, RunKind.GAP, RunKind.REREAD])
def test_other_runs_do_not_put_the_regular_one_off(account: str, kind: RunKind) -> None:
    ran(NIGHT)
    ran(NIGHT + 25 * MINUTE, kind=kind)

    assert minutes_until_due(NIGHT) == 30


def test_the_night_ends_when_the_peak_hours_begin(account: str) -> None:
    ran(datetime(2026, 11, 21, 7, 50, tzinfo=UTC))

    at = datetime(2026, 11, 21, 7, 58, tzinfo=UTC)
    assert not is_due(account, at)
    coming = next_reading(account, at)
    assert (coming.at, coming.why) == (at + 2 * MINUTE, "the last run brought no row")
    assert is_due(account, at + 2 * MINUTE)


def test_where_the_night_is_polled_more_often_than_the_day_the_settings_hold(
    account: str, settings: Settings
) -> None:
    settings.SYNC_PEAK_MINUTES, settings.SYNC_OFFPEAK_MINUTES = 30, 10
    ran(NIGHT, RunStatus.FAILED)

    assert minutes_until_due(NIGHT) == 10


@given(
    endings=st.lists(st.sampled_from(Ending), min_size=1, max_size=12),
    pace=st.integers(1, 60),
    bound=st.integers(1, 60),
)
def test_no_wait_is_longer_than_the_bound_nor_shorter_than_the_pace(
    endings: list[Ending], pace: int, bound: int
) -> None:
    runs = [Ended(started_at=NOON, ending=ending) for ending in endings]

    wait = wait_after(runs, pace=pace * MINUTE, bound=bound * MINUTE)

    assert wait.length <= bound * MINUTE
    if endings[0] is not Ending.CUT_SHORT:
        assert wait.length >= min(pace, bound) * MINUTE


def test_when_a_reading_is_due_at_the_latest() -> None:
    before_eight = datetime(2026, 11, 21, 7, 35, tzinfo=UTC)

    due = [latest_due_at(before_eight, readings=number) for number in (1, 2, 3)]
    assert [at.strftime("%H:%M") for at in due] == ["08:00", "08:05", "08:10"]
    at_night = [latest_due_at(NIGHT, readings=number) for number in (1, 2, 3)]
    assert [at.strftime("%H:%M") for at in at_night] == ["01:30", "02:00", "02:30"]


@pytest.mark.parametrize(
    ("day", "hours_of_peak"),
    [
        pytest.param((2026, 3, 8), (12, 27), id="clocks go forward in New York"),
        pytest.param((2026, 11, 1), (13, 28), id="clocks go back"),
    ],
)
def test_peak_hours_follow_the_clocks_of_the_business(
    settings: Settings, day: tuple[int, int, int], hours_of_peak: tuple[int, int]
) -> None:
    """From 08:00 to 23:00 there, in hours of UTC since midnight there was at 04:00 or 05:00."""
    settings.BUSINESS_TIME_ZONE = ZoneInfo("America/New_York")
    midnight = datetime(*day, tzinfo=UTC)

    peak = [
        hour for hour in range(5, 29) if interval(midnight + timedelta(hours=hour)) == 5 * MINUTE
    ]

    assert (peak[0], peak[-1] + 1) == hours_of_peak
    assert len(peak) == 15


@pytest.mark.parametrize(
    "day", [datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)]
)
def test_no_reading_is_lost_or_doubled_where_the_clocks_change(
    account: str, settings: Settings, day: datetime
) -> None:
    """A whole day of ticks around the change: each wait is what the setting of its hour says."""
    settings.BUSINESS_TIME_ZONE = ZoneInfo("America/New_York")
    at = day + timedelta(hours=5)
    started = [at]
    ran(at)
    for _tick in range(24 * 60):
        at += MINUTE
        if is_due(account, at):
            ran(at)
            started.append(at)

    waits = [later - earlier for earlier, later in pairwise(started)]
    assert set(waits) == {5 * MINUTE, 30 * MINUTE}
    allowed = [max(interval(earlier), interval(later)) for earlier, later in pairwise(started)]
    assert waits == allowed
