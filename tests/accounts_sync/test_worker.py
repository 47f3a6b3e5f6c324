"""The worker for real: a process of its own that reads a Button on a socket."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django_q.models import Schedule

from tests.accounts_sync.world import World, served, wire_row
from tests.conftest import CommittedDatabase
from tests.factories import balances

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """`manage.py qcluster` in a process group of its own."""

    def __init__(self, database: CommittedDatabase, button_url: str) -> None:
        self._environment = os.environ | {
            "DATABASE_URL": database.url,
            "BUTTON_API_URL": button_url,
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
            "LOG_LEVEL": "INFO",
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if " running." in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        return self.process

    def end(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=30)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def worker(committed_db: CommittedDatabase, world: World) -> Iterator[Worker]:
    with served(world) as url:
        made = Worker(committed_db, url)
        try:
            yield made
        finally:
            made.end()


def is_gone(process_group: int) -> bool:
    try:
        os.killpg(process_group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("tell", [os.kill, os.killpg], ids=["main process", "whole group"])
def test_the_worker_makes_its_schedules_and_stops_when_told(
    worker: Worker, tell: object, how: signal.Signals
) -> None:
    process = worker.start()
    assert Schedule.objects.count() == 4

    assert callable(tell)
    tell(process.pid, how)

    assert process.wait(timeout=60) == 0
    patience = threading.Event()
    while not is_gone(process.pid):  # those that were killed with it are reaped in a moment
        patience.wait(0.05)


def test_the_worker_stops_even_if_its_inner_process_dies_in_its_sleep(worker: Worker) -> None:
    process = worker.start()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("needs /proc to find the inner process")
    [inner] = [int(child) for child in children.read_text().split()]

    threading.Event().wait(1)  # by now it sleeps, but for moments
    os.kill(inner, signal.SIGSTOP)
    os.kill(process.pid, signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):  # it waits for the work at hand
        process.wait(timeout=1)
    os.kill(inner, signal.SIGKILL)

    assert process.wait(timeout=60) == 0


def test_a_worker_whose_inner_process_dies_says_so(worker: Worker) -> None:
    process = worker.start()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("needs /proc to find the inner process")

    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)

    assert process.wait(timeout=60) == 1


@pytest.mark.slow
def test_the_worker_reads_what_button_has_by_itself(worker: Worker, world: World) -> None:
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    worker.start()

    patience = threading.Event()
    while balances() != {"pending": 1000}:  # the schedules are looked at every half minute
        patience.wait(0.5)

    assert world.accounts_calls in (1, 2)  # two schedules may ask at the same moment
