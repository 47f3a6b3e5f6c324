"""The product as it runs in production: each part a process group of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
API_KEY = "sk-journey-0123456789"
WEBHOOK_SECRET = "whsec-journey-0123456789"
MEMBER_SECRET = "member-secret-of-journeys-0123456789-0123456789"
READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30


@dataclass
class Part:
    """A running process, with its children in its group and its output in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """kill -9 of the whole group, at once."""
        _signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """As a supervisor does it; the exit status."""
        self.process.terminate()
        return self.process.wait(timeout=STOP_SECONDS_MAX)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


@dataclass(frozen=True)
class Finished:
    """A command that ended by itself."""

    status: int
    output: str


class Product:
    """Starts the product's processes on one database; ends whatever is left of them."""

    def __init__(self, *, database_url: str, button_url: str, home: Path) -> None:
        self._home = home
        self._parts: list[Part] = []
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV")
            if name in os.environ
        }
        self._environment = kept | {
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
            "READ_DOT_ENV": "off",
            "CACHE_DIR": str(home / "cache"),
            "DATABASE_URL": database_url,
            "SECRET_KEY": "only-for-journeys-0123456789-0123456789-0123456789",
            "ALLOWED_HOSTS": "127.0.0.1",
            "BUTTON_API_KEY": API_KEY,
            "BUTTON_API_URL": button_url,
            "BUTTON_WEBHOOK_SECRETS": WEBHOOK_SECRET,
            "MEMBER_JWT_SECRET": MEMBER_SECRET,
            "SYNC_PEAK_HOURS": "0-24",
            "SYNC_PEAK_MINUTES": "1",
            "LOG_LEVEL": "WARNING",
        }

    def point_at(self, button_url: str) -> None:
        """Another Button from now on, for the processes that are started then."""
        self._environment["BUTTON_API_URL"] = button_url

    def set(self, **variables: str) -> None:
        """More environment, for the processes that are started then."""
        self._environment |= variables

    def start(self, *arguments: str) -> Part:
        """`manage.py …` in the background."""
        log = self._home / f"{len(self._parts)}-{arguments[0]}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        part = Part(arguments[0], process, log)
        self._parts.append(part)
        return part

    def start_web(self, *options: str) -> Part:
        """The web server, answering."""
        web = self.start("serve", "--bind", f"127.0.0.1:{self._port}", *options)
        pause = threading.Event()
        for _ in range(READY_SECONDS_MAX * 10):
            assert web.process.poll() is None, web.said()
            try:
                with urllib.request.urlopen(f"{self.url}/health/live/", timeout=5):
                    return web
            except (urllib.error.URLError, OSError):
                pause.wait(0.1)
        raise AssertionError(f"the web server does not answer:\n{web.said()}")

    def start_worker(self) -> Part:
        return self.start("qcluster")

    def finish(self, part: Part, *, seconds_max: float = 300) -> Finished:
        """Wait for a command to end by itself."""
        status = part.process.wait(timeout=seconds_max)
        return Finished(status=status, output=part.said())

    def run(self, *arguments: str, seconds_max: float = 300) -> Finished:
        """`manage.py …` to its end."""
        return self.finish(self.start(*arguments), seconds_max=seconds_max)

    def logs(self) -> str:
        """The end of what each process said; pytest shows it when a test fails."""
        ends = [f"--- {part.log.name}\n{part.said()[-2000:]}" for part in self._parts]
        return "\n".join(end for end in ends if end.splitlines()[1:])

    def end(self) -> None:
        for part in self._parts:
            _signal_group(part.process.pid, signal.SIGKILL)
            part.process.wait()


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
