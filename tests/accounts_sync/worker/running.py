"""`manage.py qcluster` as a process of its own, and looking at the processes below it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CommittedDatabase

ROOT = Path(__file__).resolve().parents[3]


class Worker:
    """The worker in a process group of its own."""

    def __init__(self, database: CommittedDatabase, button_url: str, *options: str) -> None:
        self._options = options
        self._environment = os.environ | {
            "DATABASE_URL": database.url,
            "BUTTON_API_URL": button_url,
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
            "LOG_LEVEL": "INFO",
        }
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> subprocess.Popen[str]:
        """Returns when its processes run."""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster", *self._options],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        until(lambda: self.said("worker.running") or self.process_ended)
        assert not self.process_ended, "".join(self.lines)
        return self.process

    @property
    def process_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def said(self, event: str) -> int:
        """How many lines of its log tell `event`."""
        return sum(f'"event": "{event}"' in line for line in list(self.lines))

    def sentinel(self) -> int:
        [pid] = children_of(self.pid)
        return pid

    def processes(self) -> list[int]:
        """Two workers, the monitor and the pusher, in the order in which they were started."""
        found: list[int] = []

        def are_complete() -> bool:
            found[:] = children_of(self.sentinel())
            return len(found) == 4

        until(are_complete)
        return found

    def end(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=30)

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)


def until(is_so: Callable[[], object]) -> None:
    """Wait for it; the test's own time-out ends what never comes."""
    patience = threading.Event()
    while not is_so():
        patience.wait(0.05)


def children_of(pid: int) -> list[int]:
    """Skips the test where the system does not tell."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").exists():
        pytest.skip("needs /proc to find the processes")
    return [int(child) for child in path.read_text().split()]


def is_gone(process_group: int) -> bool:
    try:
        os.killpg(process_group, 0)
    except ProcessLookupError:
        return True
    return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
