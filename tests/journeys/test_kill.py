"""kill -9 of the web server, the worker and the sync, at any point; then restart: the same books.

Button sends again whatever was not acknowledged, and asks nobody whether we were alive.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import QuerySet

from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import Lease, RunStatus, SyncRun, Watermark
from rewards_site.kernel import clock
from tests.journeys.books import member_balances
from tests.journeys.button import Button
from tests.journeys.conftest import Begin
from tests.journeys.processes import Part, Product
from tests.journeys.sender import ACKNOWLEDGED, LOCK_NOT_HAD, NO_ANSWER, Sender
from tests.life_cycles import LONGEST, expected_balances, stories, webhooks

SEED = 20261123
TAKEOVER_MAX = timedelta(seconds=30)
"""The contract's word on the lease of a dead run."""


class Stage:
    """The product under fire: parts to kill, and to start again as a supervisor would."""

    def __init__(self, product: Product, button: Button, chance: random.Random) -> None:
        self.product = product
        self.button = button
        self.chance = chance
        self.web = product.start_web()
        self.worker: Part | None = None
        self.killed_runs: dict[int, datetime] = {}
        """The sync runs that were killed, by their id, and when."""
        self._pause = threading.Event()

    def kill_web(self) -> None:
        self._wait(0.8)
        self.web.kill()
        self.web = self.product.start_web()

    def kill_worker(self) -> None:
        """Anywhere from its start to the middle of what it does first."""
        self.worker = self.worker or self.product.start_worker()
        self._wait(4)
        self.worker.kill()
        self.worker = self.product.start_worker()

    def kill_sync(self, *arguments: str, pages_max: int = 12) -> None:
        """Some pages into a run, while it holds a lease."""
        while True:
            sync = self.product.start("sync_transactions", "--wait", "0", *arguments)
            if not self._reads(sync, pages=self.chance.randint(2, pages_max)):
                status = self.product.finish(sync).status
                assert status in (0, 3), sync.said()  # 3: another run, live or dead, has a lease
                continue
            self._wait(0.05)
            sync.kill()
            killed_at = clock.now()
            running = _runs_of(sync)
            if running:
                self.killed_runs[running[0].pk] = killed_at
                late = killed_at + TAKEOVER_MAX
                assert not _leases_of(sync).filter(expires_at__gt=late).exists()
                return

    def _reads(self, sync: Part, *, pages: int) -> bool:
        """Wait until so many pages were asked for; False if the process ended before."""
        wanted = self.button.list_count + pages
        while sync.process.poll() is None:
            if self.button.list_count >= wanted and _runs_of(sync):
                return True
            self.button.listed.clear()
            self.button.listed.wait(0.05)
        return False

    def _wait(self, seconds_max: float) -> None:
        """Any time up to that, drawn."""
        self._pause.wait(self.chance.uniform(0, seconds_max))


def _leases_of(sync: Part) -> QuerySet[Lease]:
    holder = f"process {sync.process.pid} on "
    return Lease.objects.filter(token__isnull=False, holder__startswith=holder)


def _runs_of(sync: Part) -> list[SyncRun]:
    """Those that have committed a page. Accounts are read side by side, so there may be several."""
    running = SyncRun.objects.filter(status=RunStatus.RUNNING, page_count__gte=1)
    return list(running.filter(account__in=_leases_of(sync).values("account")))


@contextmanager
def under_fire(begin: Begin, *, count: int, page_rows_max: int) -> Iterator[Stage]:
    """The product running while webhooks come in; when the block is left, the books are right."""
    start = datetime.now(tz=UTC).replace(microsecond=0) - LONGEST - timedelta(days=1)
    told = stories(count, seed=SEED, members=40, start=start)
    chance = random.Random(SEED)
    product, button = begin(told, at=start + timedelta(days=20), page_rows_max=page_rows_max)
    stage = Stage(product, button, chance)
    sender = Sender(product.url, webhooks(told, chance))
    sender.start(goes_on=True)
    try:
        yield stage
        sender.finish()
    finally:
        sender.give_up()
    print(dict(sender.answers))
    button.at = start + LONGEST
    the_last_sync_reads_to_the_end(stage)
    assert set(sender.answers) <= {*ACKNOWLEDGED, LOCK_NOT_HAD, NO_ANSWER}
    assert set(WebhookEvent.objects.values_list("hook_id", flat=True)) == sender.acknowledged
    assert set(WebhookEvent.objects.values_list("status", flat=True)) == {"processed", "ignored"}
    assert member_balances() == expected_balances(told)
    assert stage.web.stop() == 0
    verified = product.run("verify_ledger")
    assert verified.status == 0, verified.output
    assert f"checked: {count} transactions," in verified.output


def the_last_sync_reads_to_the_end(stage: Stage) -> None:
    """It waits for the leases of the dead, ends their windows and reads on."""
    synced = stage.product.run("sync_transactions")
    assert synced.status == 0, synced.output
    if stage.worker is not None:
        assert stage.worker.stop() == 0
    abandoned = SyncRun.objects.filter(
        status=RunStatus.ABANDONED, error="Its process ended without a word."
    )
    assert abandoned.filter(pk__in=stage.killed_runs).count() == len(stage.killed_runs)
    assert not SyncRun.objects.filter(status=RunStatus.RUNNING).exists()
    assert not Lease.objects.filter(token__isnull=False).exists()
    assert {(mark.through, mark.next_url) for mark in Watermark.objects.all()} == {
        (stage.button.at, "")
    }


def test_kills_of_the_web_server_while_webhooks_come_in_lose_nothing(begin: Begin) -> None:
    with under_fire(begin, count=60, page_rows_max=100) as stage:
        for _ in range(2):
            stage.kill_web()


@pytest.mark.slow
def test_kills_while_webhooks_come_in_lose_nothing(begin: Begin) -> None:
    with under_fire(begin, count=300, page_rows_max=15) as stage:
        stage.kill_web()
        stage.kill_web()
        stage.kill_sync(pages_max=4)
        heir = stage.product.start("sync_transactions")  # waits for the lease of the dead
        stage.kill_web()
        stage.kill_worker()
        assert stage.product.finish(heir).status == 0, heir.said()

        [(run_id, killed_at)] = stage.killed_runs.items()
        dead = SyncRun.objects.get(pk=run_id)
        assert dead.finished_at is not None
        assert dead.finished_at - killed_at <= TAKEOVER_MAX
        next_runs = SyncRun.objects.filter(account=dead.account, pk__gt=run_id)
        resumed = next_runs.order_by("pk")[0]
        assert dead.page_count >= 1
        assert (resumed.window_start, resumed.window_end) == (dead.window_start, dead.window_end)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_kills_lose_nothing(begin: Begin) -> None:
    with under_fire(begin, count=1500, page_rows_max=20) as stage:
        kills: list[Callable[[], None]] = [
            stage.kill_web,
            stage.kill_worker,
            lambda: stage.kill_sync("--full"),
        ] * 12
        stage.chance.shuffle(kills)
        for kill in kills:
            stage.button.at += timedelta(hours=8)
            kill()
        assert len(stage.killed_runs) == 12
