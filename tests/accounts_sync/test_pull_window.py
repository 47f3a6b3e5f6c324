"""Which stretch of time a pull reads, and how far the watermark moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts_sync.models import RunStatus, SyncRun, Watermark
from accounts_sync.pull import pull_transactions
from accounts_sync.schedule import is_due
from rewards_site.kernel.errors import InvalidInput, NotFound
from tests.accounts_sync.pulling import ONE, pull, through
from tests.accounts_sync.world import (
    World,
    client,
    refusal,
    wire_row,
)
from tests.factories import ACCOUNT, NOON, balances

pytestmark = pytest.mark.usefixtures("db")


def test_the_next_run_looks_back_an_hour_and_finds_what_came_late(
    world: World, account: str
) -> None:
    pull()
    pull(at=ONE + timedelta(minutes=5))
    world.has(wire_row("tx-late", minutes=10))

    pull(at=ONE + timedelta(minutes=10))

    assert world.queries[-1]["start"] == "2026-11-20T12:05:00Z"
    assert "end" not in world.queries[-1]
    assert balances() == {"pending": 500}


def test_the_first_run_of_a_day_looks_back_three_days(world: World, account: str) -> None:
    pull()
    next_day = datetime(2026, 11, 21, 0, 3, tzinfo=UTC)

    pull(at=next_day)
    pull(at=next_day + timedelta(minutes=5))

    assert [query.get("start") for query in world.queries] == [
        None,
        "2026-11-17T13:00:00Z",
        "2026-11-20T23:03:00Z",
    ]


def test_a_failed_first_run_of_the_day_leaves_the_look_back_to_the_next(
    world: World, account: str
) -> None:
    pull()
    next_day = datetime(2026, 11, 21, 0, 3, tzinfo=UTC)
    world.before_answer = lambda _query: refusal(403, "No.")
    pull(at=next_day)
    world.before_answer = lambda _query: None

    pull(at=next_day + timedelta(minutes=5))

    assert world.queries[-1]["start"] == "2026-11-17T13:00:00Z"


def test_a_clock_that_runs_ahead_of_buttons_skips_nothing(world: World, account: str) -> None:
    world.server_at = NOON
    ahead = NOON + timedelta(hours=6)

    pull(at=ahead)
    world.has(wire_row("tx-1", minutes=5))  # after what Button's clock said, long before ours
    pull(at=ahead + timedelta(minutes=10))

    assert through() == NOON
    assert world.queries[-1]["start"] == "2026-11-20T11:00:00Z"
    assert balances() == {"pending": 500}


def test_a_clock_behind_buttons_moves_the_watermark_to_our_own(world: World, account: str) -> None:
    world.server_at = NOON + timedelta(hours=6)

    pull(at=ONE)

    assert through() == ONE


def test_a_window_by_hand_never_jumps_over_a_gap(world: World, account: str) -> None:
    world.has(wire_row("tx-1"))

    pull(since=NOON, at=ONE)
    assert through() is None  # nothing before noon was read

    pull(at=ONE)
    assert through() == ONE

    pull(since=ONE + timedelta(hours=3), at=ONE + timedelta(hours=4))
    assert through() == ONE
    pull(since=NOON, until=NOON + timedelta(minutes=1), at=ONE + timedelta(hours=4))
    assert through() == ONE
    assert world.queries[-1]["end"] == "2026-11-20T12:01:00Z"

    pull(since=NOON, at=ONE + timedelta(hours=4))
    assert through() == ONE + timedelta(hours=4)


def test_a_window_by_hand_leaves_the_cursor_of_the_regular_one_alone(
    world: World, account: str
) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"), wire_row("tx-3", minutes=30))
    pull(stop_at=ONE)
    kept = Watermark.objects.get(pk=ACCOUNT).next_url

    pull(since=NOON + timedelta(minutes=15), at=ONE)

    assert kept
    assert Watermark.objects.get(pk=ACCOUNT).next_url == kept
    pull(at=ONE)
    assert balances() == {"pending": 1500}
    assert through() == ONE


def test_a_window_by_hand_is_no_poll_and_puts_none_off(world: World, account: str) -> None:
    pull(full=True)
    pull(since=NOON, at=ONE + timedelta(minutes=4))
    pull(full=True, until=NOON, at=ONE + timedelta(minutes=4))

    runs = SyncRun.objects.filter(account=ACCOUNT).order_by("pk")
    assert list(runs.values_list("kind", flat=True)) == ["transactions", "window", "window"]
    assert is_due(ACCOUNT, ONE + timedelta(minutes=5))


def test_everything_again_goes_on_with_a_first_run_that_was_paused(
    world: World, account: str
) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    pull(stop_at=ONE)

    report = pull(full=True)

    assert (report.status, report.page_count) == (RunStatus.DONE, 1)


def test_an_unknown_account_and_an_impossible_window_are_refused(
    world: World, account: str
) -> None:
    with pytest.raises(NotFound, match="No Button account acc-nobody is known"):
        pull_transactions(account_id="acc-nobody", client=client(), at=NOON)
    with pytest.raises(InvalidInput):
        pull(since=ONE, until=NOON)

    assert world.queries == []
    assert SyncRun.objects.filter(kind="transactions").count() == 0
