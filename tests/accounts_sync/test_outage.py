"""Button down for four days and back, webhooks paused meanwhile: healed without a hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

from accounts_sync.coverage import covered_by, faults_of
from accounts_sync.health import coverage_is_wrong, sync_is_wrong
from accounts_sync.models import RunKind, RunStatus, SyncRun, Watermark
from accounts_sync.schedule import is_due
from accounts_sync.spans import Span
from tests.accounts_sync.pulling import pull, through
from tests.accounts_sync.world import Answer, World, wire_row
from tests.factories import ACCOUNT, NOON, balances
from transactions.verify import verify_ledger

pytestmark = pytest.mark.usefixtures("db")
MINUTE = timedelta(minutes=1)
DOWN_AT = NOON + timedelta(hours=6)
BACK_AT = DOWN_AT + timedelta(days=4)


def down(_query: dict[str, str]) -> Answer | None:
    return 503, {}, ""


def ticks(start: datetime, end: datetime, *, every: timedelta) -> list[datetime]:
    """The worker's: what is due is read. When something was."""
    read = []
    at = start
    while at < end:
        with time_machine.travel(at, tick=False):
            if is_due(ACCOUNT, at):
                pull(at=at)
                read.append(at)
        at += every
    return read


def test_four_days_without_button_are_caught_up_with_in_one_window(
    world: World, account: str
) -> None:
    world.has(wire_row("tx-before", amount=200), wire_row("tx-settled", amount=400))
    ticks(NOON, DOWN_AT, every=30 * MINUTE)
    last_read = through()
    assert last_read == DOWN_AT - 30 * MINUTE
    minutes_down = 6 * 60 + 10
    world.before_answer = down
    ticks(DOWN_AT, BACK_AT, every=timedelta(hours=1))
    for day in range(4):  # meanwhile, at Button
        world.has(wire_row(f"tx-{day}", minutes=minutes_down + day * 24 * 60, amount=1000))
    settled_at = minutes_down + 3 * 24 * 60
    world.rows[ACCOUNT][1] = wire_row(
        "tx-settled", status="validated", minutes=settled_at, amount=400
    )
    assert balances() == {"pending": 300}
    assert sync_is_wrong(BACK_AT) == (
        "1 of 1 Button accounts not read to the end since 2026-11-20 17:30 UTC; "
        "the last run failed for 1 of 1 Button accounts"
    )
    assert through() == last_read
    world.before_answer = lambda _query: None
    asked = len(world.queries)

    [first, second, *_] = ticks(BACK_AT, BACK_AT + timedelta(hours=1), every=MINUTE)

    # The first run of a day looks back three days before the watermark: one window, no gap.
    assert world.queries[asked]["start"] == "2026-11-17T17:30:00Z"
    assert "end" not in world.queries[asked]
    good = SyncRun.objects.filter(status=RunStatus.DONE, started_at__gte=BACK_AT).order_by("pk")
    assert (good[0].applied_count, good[0].late_count) == (5, 0)
    assert balances() == {"pending": 2100, "available": 200}
    assert second - first == 5 * MINUTE
    assert sync_is_wrong(BACK_AT + 5 * MINUTE) == ""
    mark = Watermark.objects.get()
    assert covered_by(mark) == [Span(start=None, end=mark.through or NOON)]
    assert (faults_of(mark), coverage_is_wrong(BACK_AT)) == ([], "")
    assert verify_ledger().differences == []


def test_at_night_an_outage_is_asked_after_more_and_more_rarely_and_recovery_soon(
    world: World, account: str
) -> None:
    """23:00 UTC and on: the pace is 5 minutes, the bound 30."""
    night = NOON + timedelta(hours=11)
    world.before_answer = down
    failed = ticks(night, night + timedelta(hours=2), every=MINUTE)
    world.before_answer = lambda _query: None
    good = ticks(night + timedelta(hours=2), night + timedelta(hours=4), every=MINUTE)

    assert [(at - night) // MINUTE for at in failed] == [0, 5, 15, 35, 65, 95]
    assert [(at - night) // MINUTE for at in good] == [125, 130, 160, 190, 220]
    assert SyncRun.objects.filter(kind=RunKind.TRANSACTIONS).count() == 11
