"""Pulls that were cut short, and cursors that lead nowhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts_sync.models import RunStatus, Watermark
from tests.accounts_sync.pulling import ONE, pull, through
from tests.accounts_sync.world import (
    API,
    Answer,
    World,
    refusal,
    wire_row,
)
from tests.factories import ACCOUNT, balances

pytestmark = pytest.mark.usefixtures("db")


def fail_at(page: int, answer: Answer) -> Callable[[dict[str, str]], Answer | None]:
    """Button answers so to the request number `page`, once, and as ever before and after."""
    calls = iter(range(1, 1000))
    return lambda _query: answer if next(calls) == page else None


def test_a_run_that_failed_between_pages_is_gone_on_with(world: World, account: str) -> None:
    world.page_rows_max = 1
    world.has(*[wire_row(f"tx-{number}") for number in range(4)])
    world.before_answer = fail_at(3, refusal(401, "Invalid api_key"))

    failed = pull()

    assert failed.status is RunStatus.FAILED
    assert failed.error == "Button refused with 401: Invalid api_key"
    assert balances() == {"pending": 1000}
    assert through() is None

    resumed = pull(at=ONE + timedelta(minutes=5))

    assert (resumed.status, resumed.page_count, resumed.row_count) == (RunStatus.DONE, 2, 2)
    assert "cursor" in world.queries[3]
    assert balances() == {"pending": 2000}
    assert through() == ONE  # the end of the window that was begun first


def test_a_dead_cursor_restarts_the_window(world: World, account: str) -> None:
    world.page_rows_max = 1
    world.has(*[wire_row(f"tx-{number}") for number in range(3)])
    world.before_answer = fail_at(2, refusal(400, "broken cursor"))

    report = pull()

    assert report.status is RunStatus.DONE
    assert ["cursor" in query for query in world.queries] == [False, True, False, True, True]
    assert (report.row_count, report.applied_count, report.ignored_count) == (4, 3, 1)
    assert balances() == {"pending": 1500}


def test_a_cursor_that_is_dead_again_fails_the_run_and_is_forgotten(
    world: World, account: str
) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    world.before_answer = lambda query: refusal(410, "gone") if "cursor" in query else None

    report = pull()

    assert (report.status, report.error) == (RunStatus.FAILED, "Button refused with 410: gone")
    assert [len(query) for query in world.queries] == [3, 2, 3, 2]
    watermark = Watermark.objects.get(pk=ACCOUNT)
    assert (watermark.next_url, watermark.through) == ("", None)


def test_pages_in_a_circle_end_the_run_and_the_next_starts_over(world: World, account: str) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"), wire_row("tx-3"))
    cursors: list[str] = []

    def circle(query: dict[str, str]) -> Answer | None:
        if "cursor" not in query:
            return None
        cursors.append(query["cursor"])
        if len(cursors) == 1:
            return None
        following = f"{API}/v1/affiliation/accounts/{ACCOUNT}/transactions?cursor={cursors[0]}"
        body = {"meta": {"status": "ok", "next": following}, "objects": [wire_row("tx-3")]}
        return 200, {}, json.dumps(body)

    world.before_answer = circle

    report = pull()

    assert report.status is RunStatus.FAILED
    assert report.error == "Button's pages lead back to one that was read before."
    assert (report.page_count, report.row_count) == (3, 3)
    assert balances() == {"pending": 1500}
    assert through() is None

    world.before_answer = lambda _query: None
    assert pull(at=ONE + timedelta(minutes=5)).status is RunStatus.DONE
    assert "cursor" not in world.queries[3]
    assert through() == ONE + timedelta(minutes=5)


def test_a_cursor_that_never_gets_an_answer_is_given_up(world: World, account: str) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    pull(stop_at=ONE)
    world.epoch = 1  # only the cursor of before is broken at Button's
    world.before_answer = lambda query: (500, {}, "") if _epoch(query.get("cursor")) == 0 else None
    for minutes in (5, 10, 15):
        assert pull(at=ONE + timedelta(minutes=minutes)).status is RunStatus.FAILED

    report = pull(at=ONE + timedelta(minutes=20))

    assert (report.status, report.row_count) == (RunStatus.DONE, 2)
    assert balances() == {"pending": 1000}
    assert through() == ONE


def _epoch(cursor: str | None) -> int | None:
    return json.loads(base64.urlsafe_b64decode(cursor))["epoch"] if cursor else None


def test_an_outage_of_hours_does_not_cost_the_cursor(world: World, account: str) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    pull(stop_at=ONE)
    world.before_answer = lambda _query: (503, {}, "")
    for minutes in range(5, 60, 5):
        assert pull(at=ONE + timedelta(minutes=minutes)).status is RunStatus.FAILED
    world.before_answer = lambda _query: None

    report = pull(at=ONE + timedelta(hours=1))

    assert (report.status, report.page_count) == (RunStatus.DONE, 1)
    assert "cursor" in world.queries[-1]
    assert balances() == {"pending": 1000}


def test_a_paused_run_keeps_its_cursor_and_goes_on(world: World, account: str) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"), wire_row("tx-3"))

    paused = pull(stop_at=ONE)
    assert (paused.status, paused.page_count, paused.through) == (RunStatus.PAUSED, 1, None)

    done = pull(at=ONE + timedelta(minutes=1))

    assert (done.status, done.page_count) == (RunStatus.DONE, 2)
    assert balances() == {"pending": 1500}
    assert through() == ONE
