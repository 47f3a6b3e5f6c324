"""A sync that is killed for real, in a process of its own, and the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from accounts_sync.models import Lease, RunStatus, SideReading, SyncRun, Watermark
from rewards_site.kernel import clock
from tests.accounts_sync.pulling import wait_until_committed
from tests.accounts_sync.world import Answer, World, served, wire_row
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, balances

ROOT = Path(__file__).resolve().parents[2]


class Stage:
    """A Button on a socket that can hold the answer to its third page back, and our commands."""

    def __init__(self, database: CommittedDatabase, world: World, url: str) -> None:
        self.world = world
        self.third_page_is_asked = threading.Event()
        self.curtain = threading.Event()
        self._environment = os.environ | {
            "DATABASE_URL": database.url,
            "BUTTON_API_URL": url,
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
        }
        world.page_rows_max = 1
        world.has(*[wire_row(f"tx-{number}") for number in range(5)])

    def hold_the_third_page(self) -> None:
        def hold(_query: dict[str, str]) -> Answer | None:
            if len(self.world.queries) == 3:
                wait_until_committed(pages=2)
                self.third_page_is_asked.set()
                self.curtain.wait(timeout=120)
            return None

        self.world.before_answer = hold

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "sync_transactions", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop_in_the_middle(self, how: signal.Signals, *arguments: str) -> tuple[int, str]:
        """Exit status and standard error of a run that was stopped with two pages committed."""
        self.hold_the_third_page()
        process = self.start(*arguments)
        assert self.third_page_is_asked.wait(timeout=60)
        process.send_signal(how)
        _out, err = process.communicate(timeout=60)
        self.curtain.set()
        return process.returncode, err

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=200)
        return process.returncode, out, err


@pytest.fixture
def stage(committed_db: CommittedDatabase) -> Iterator[Stage]:
    world = World()
    with served(world) as url:
        made = Stage(committed_db, world, url)
        try:
            yield made
        finally:
            made.curtain.set()


def all_is_read(stage: Stage) -> None:
    assert balances() == {"pending": 2500}
    statuses = SyncRun.objects.filter(kind="transactions").order_by("pk")
    assert list(statuses.values_list("status", "page_count")) == [
        (RunStatus.ABANDONED, 2),
        (RunStatus.DONE, 3),
        (RunStatus.DONE, 1),  # and on, to what changed since the dead run began
    ]
    watermark = Watermark.objects.get()
    assert (watermark.next_url, watermark.window_end) == ("", None)
    assert watermark.through is not None
    assert len(stage.world.queries) == 7  # the third page was asked for twice, no other was


def test_a_killed_sync_is_gone_on_with_at_its_page(stage: Stage) -> None:
    status, _err = stage.stop_in_the_middle(signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert balances() == {"pending": 1000}
    Lease.objects.update(expires_at=clock.now() + timedelta(minutes=5))

    status, _out, err = stage.run("--wait", "0")
    assert status == 3
    assert " is being read by process " in err

    Lease.objects.update(expires_at=clock.now())  # as after 25 seconds
    status, out, _err = stage.run()

    assert status == 0
    assert "done, 3 pages, 3 rows: 3 applied" in out
    all_is_read(stage)


@pytest.mark.slow
def test_the_lease_of_a_killed_sync_is_taken_over_by_waiting(stage: Stage) -> None:
    stage.stop_in_the_middle(signal.SIGKILL)

    status, _out, err = stage.run()

    assert status == 0
    assert "Waiting for it to end" in err
    all_is_read(stage)


@pytest.mark.slow
def test_a_killed_re_read_is_gone_on_with_at_its_page(stage: Stage) -> None:
    sync = stage.run()
    assert sync[0] == 0
    stage.world.queries.clear()
    stage.world.has(*[wire_row(f"tx-lost-{number}", minutes=-9000) for number in range(5)])
    stage.world.rows[ACCOUNT] = stage.world.rows[ACCOUNT][5:]

    status, _err = stage.stop_in_the_middle(signal.SIGKILL, "--reread")
    assert status == -signal.SIGKILL
    assert balances() == {"pending": 3500}
    before = Watermark.objects.values("through", "covered", "next_url").get()
    SideReading.objects.update(expires_at=clock.now())  # as after 25 seconds

    status, out, _err = stage.run("--reread")

    assert status == 0
    assert "done, 3 pages, 3 rows: 3 applied, 0 already known, 0 deferred, 3 late" in out
    assert balances() == {"pending": 5000}
    runs = SyncRun.objects.filter(kind="re-read").order_by("pk")
    assert list(runs.values_list("status", "page_count", "late_count")) == [
        (RunStatus.ABANDONED, 2, 2),
        (RunStatus.DONE, 3, 3),
        (RunStatus.DONE, 5, 0),  # and once more as of now, as the command does with a rest
    ]
    assert Watermark.objects.values("through", "covered", "next_url").get() == before
    assert Watermark.objects.get().late_count == 5


def test_a_terminated_sync_leaves_at_once_and_frees_its_lease(stage: Stage) -> None:
    status, err = stage.stop_in_the_middle(signal.SIGTERM)

    assert status == 130
    assert "Stopped; the next run goes on where this one was." in err
    assert Lease.objects.get().token is None
    assert SyncRun.objects.latest("pk").status == RunStatus.PAUSED

    assert stage.run("--wait", "0")[0] == 0
    assert balances() == {"pending": 2500}
