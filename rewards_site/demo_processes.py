"""The processes of `make demo`: each in a group of its own, with its output in a file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 15
STARTS_MAX = 4
"""Of a process that has an end and does not come to it."""


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else any free port of the loopback address."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No free port.")


def tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


class Ending(Enum):
    """What it means that a process ended by itself."""

    BREAKS = "the demo is over"
    STARTS_AGAIN = "it is started again"
    IS_DONE = "it has done its work; started again if it failed"


@dataclass(frozen=True)
class Child:
    """A process of the demo, its own process group, its output in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    arguments: tuple[str, ...]
    more: Mapping[str, str]
    ending: Ending
    starts: int = 1

    def signal_group(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


class Processes:
    """Starts, watches and stops them. `stopping` is set when somebody wants it all to end."""

    def __init__(
        self,
        *,
        base: Path,
        folder: Path,
        environment: Mapping[str, str],
        stopping: threading.Event,
    ) -> None:
        self._base = base
        self._folder = folder
        self._environment = environment
        self._stopping = stopping
        self.children: list[Child] = []

    def run(self, *arguments: str, more: Mapping[str, str] | None = None) -> str:
        """To its end; what it said. Raises: DemoError, with what it complained of."""
        done = subprocess.run(  # noqa: S603
            [sys.executable, *arguments],
            cwd=self._base,
            env=dict(self._environment) | dict(more or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DemoError(f"{' '.join(arguments[:2])} failed:\n{done.stderr or done.stdout}")
        return done.stdout

    def spawn(
        self,
        name: str,
        *arguments: str,
        more: Mapping[str, str] | None = None,
        ending: Ending = Ending.BREAKS,
        starts: int = 1,
    ) -> Child:
        log = self._folder / f"{name}.log"
        with log.open("wb" if starts == 1 else "ab") as output:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, *arguments],
                cwd=self._base,
                env=dict(self._environment) | dict(more or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its children go with it, and Ctrl-C reaches only us
            )
        child = Child(name, process, log, arguments, dict(more or {}), ending, starts)
        self.children.append(child)
        return child

    def wait_for(self, url: str) -> None:
        """Until the last one answers there. Raises: DemoError."""
        last = self.children[-1]
        for _ in range(READY_SECONDS_MAX * 5):
            if last.process.poll() is not None or self._stopping.is_set():
                break
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                self._stopping.wait(timeout=0.2)
        raise DemoError(f"The {last.name} process did not start:\n{tail(last.log)}")

    def wait_until_done(self, child: Child) -> None:
        """Until it ended, well or not; less if all is to end, or after a minute."""
        for _ in range(READY_SECONDS_MAX * 10):
            if child.process.poll() is not None or self._stopping.wait(timeout=0.1):
                return

    def look_after(self) -> list[str]:
        """Start again what ended and should not have; what there is to tell of it.

        Raises: DemoError, where one ended that nothing goes on without.
        """
        told = []
        for child in list(self.children):
            status = child.process.poll()
            if status is None:
                continue
            if child.ending is Ending.BREAKS:
                raise DemoError(
                    f"The {child.name} process ended by itself. The end of its log:\n"
                    + tail(child.log)
                )
            self.children.remove(child)
            child.signal_group(signal.SIGKILL)
            if child.ending is Ending.IS_DONE and (status == 0 or child.starts == STARTS_MAX):
                if status != 0:
                    told.append(f"The {child.name} process gave up:\n{tail(child.log)}")
                continue
            self.spawn(
                child.name,
                *child.arguments,
                more=child.more,
                ending=child.ending,
                starts=child.starts + 1,
            )
        return told

    def stop(self) -> list[str]:
        """The last one first, so that nothing new comes in; then ask, wait, and end what is left.

        Which ones did not stop when asked.
        """
        stubborn = []
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.terminate()
        for child in reversed(self.children):
            try:
                child.process.wait(timeout=STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                stubborn.append(child.name)
            child.signal_group(signal.SIGKILL)
            child.process.wait()
        return stubborn
