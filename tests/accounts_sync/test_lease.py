from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts_sync.accounts import sync_accounts
from accounts_sync.lease import Heartbeat, Held, LeaseBusy, LeaseLost, acquire, fence, release
from accounts_sync.models import Lease, RunStatus, SyncRun, Watermark
from accounts_sync.pull import pull_transactions
from accounts_sync.report import PullReport
from rewards_site.kernel import clock
from tests.accounts_sync.world import Answer, World, client, wire_row
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, NOON, balances


def expire() -> None:
    """As after 25 seconds without a beat."""
    Lease.objects.update(expires_at=clock.now() - timedelta(seconds=1))


def test_a_live_lease_is_respected_and_says_who_and_since_when(account: str) -> None:
    acquire(account)
    SyncRun.objects.create(kind="transactions", account_id=account, started_at=NOON)

    with pytest.raises(LeaseBusy) as refused:
        pull_transactions(account_id=account, client=client(), at=NOON)

    assert f"{account} is being read by process " in str(refused.value)
    assert str(refused.value).endswith(" since 2026-11-20T12:00:00Z.")
    assert SyncRun.objects.filter(kind="transactions").count() == 1


def test_the_lease_of_a_dead_run_is_taken_over_and_the_run_marked(account: str) -> None:
    acquire(account)
    dead = SyncRun.objects.create(kind="transactions", account_id=account, started_at=NOON)
    expire()

    report = pull_transactions(account_id=account, client=client(), at=NOON)

    assert report.status is RunStatus.DONE
    dead.refresh_from_db()
    assert (dead.status, dead.error) == (
        RunStatus.ABANDONED,
        "Its process ended without a word.",
    )
    assert Lease.objects.get().token is None


def test_a_paused_holder_cannot_write_late(account: str, world: World) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    others: list[Held] = []

    def overtake(_report: PullReport) -> None:
        expire()  # after the first page this process seems dead
        others.append(acquire(ACCOUNT))

    report = pull_transactions(account_id=account, client=client(), at=NOON, progress=overtake)

    assert report.status is RunStatus.ABANDONED
    assert balances() == {"pending": 500}
    assert SyncRun.objects.get(pk=report.run_id).page_count == 1
    assert Lease.objects.get().token == others[0].token
    assert Watermark.objects.get().through is None


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_run_stopped_from_outside_gives_its_lease_back(
    account: str, world: World, stop: type[BaseException]
) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))

    def interrupt(query: dict[str, str]) -> Answer | None:
        if "cursor" in query:
            raise stop
        return None

    world.before_answer = interrupt

    with pytest.raises(stop):
        pull_transactions(account_id=account, client=client(), at=NOON)

    run = SyncRun.objects.get(kind="transactions")
    assert (run.status, run.page_count) == (RunStatus.PAUSED, 1)
    assert Lease.objects.get().token is None
    assert Watermark.objects.get().next_url != ""


def test_a_lost_lease_is_not_renewed_and_not_given_back(account: str) -> None:
    late = acquire(account)
    expire()
    holder = acquire(account)

    with pytest.raises(LeaseLost):
        fence(late, at=clock.now())
    release(late)

    assert Lease.objects.get().token == holder.token


def committed_account(world: World) -> str:
    sync_accounts(client=client(), at=NOON)
    return ACCOUNT


def test_of_eight_at_once_one_gets_the_lease(committed_db: CommittedDatabase, world: World) -> None:
    committed_account(world)
    gate = threading.Barrier(8)

    def work(_number: int) -> str:
        try:
            gate.wait()
            acquire(ACCOUNT)
        except LeaseBusy:
            return "busy"
        finally:
            connection.close()
        return "held"

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(8)))

    assert Counter(results) == {"held": 1, "busy": 7}


def test_a_live_lease_is_waited_for(committed_db: CommittedDatabase, world: World) -> None:
    held = acquire(committed_account(world))
    is_waiting = threading.Event()

    def work() -> Held:
        try:
            is_waiting.set()
            return acquire(ACCOUNT, wait_seconds_max=60)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(work)
        assert is_waiting.wait(timeout=30)
        release(held)
        taken = waiting.result(timeout=60)

    assert Lease.objects.get().token == taken.token != held.token


def test_the_heartbeat_keeps_a_lease_alive_and_sees_when_it_is_lost(
    committed_db: CommittedDatabase, world: World
) -> None:
    held = acquire(committed_account(world))
    expire()
    patience = threading.Event()

    with Heartbeat(held, every_seconds=0.01) as heartbeat:
        while Lease.objects.get().expires_at <= clock.now():  # type: ignore[operator]  # held: set
            patience.wait(0.01)

        Lease.objects.update(token=None, expires_at=None)
        while not heartbeat.is_lost:
            patience.wait(0.01)

    assert Lease.objects.get().token is None
