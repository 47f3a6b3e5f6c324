"""A PostgreSQL of the run's own, databases in it, and the processes that are measured."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psycopg

from tests.postgres import start

ROOT = Path(__file__).resolve().parents[2]
PEERS_PYTHON = ROOT / "var" / "bench" / "venv" / "bin" / "python"
LOGS = ROOT / "var" / "bench" / "logs"
SECRET = "a webhook secret of the benchmark"
JWT_SECRET = "a member token secret of the benchmark"
READY_SECONDS_MAX = 60


class Machine:
    """The run's server of databases; everything that it starts ends with it."""

    def __init__(self) -> None:
        self.url = start()
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Machine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=30)

    def database(self, name: str) -> str:
        """The URL of a new, empty database."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"{self.url.rpartition('/')[0]}/{name}"

    def migrated(self, name: str) -> str:
        """The URL of a new database with our tables, constraints and triggers."""
        url = self.database(name)
        run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], ours(url))
        return url

    def copy(self, name: str, *, of: str) -> str:
        """The URL of a new database like `of`, to which nobody may be connected."""
        self.database(name)
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}"')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{of}"')
        return f"{self.url.rpartition('/')[0]}/{name}"

    def serve(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Start a web server with `--bind` as its last argument; its port, once it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{name}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [*command, f"127.0.0.1:{port}"],
                    cwd=ROOT,
                    env=dict(environment),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )
        until = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
            except urllib.error.HTTPError:
                return port
            except OSError:
                if self.processes[-1].poll() is not None:
                    break
                time.sleep(0.1)  # noqa: TID251  # nothing to be woken by
            else:
                return port
        raise SystemExit(f"{name} did not start: see {LOGS / name}.log")


def ours(url: str) -> dict[str, str]:
    """The environment of our own processes."""
    return _inherited() | {
        "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
        "DATABASE_URL": url,
        "SECRET_KEY": "a secret key of the benchmark, long enough",
        "BUTTON_WEBHOOK_SECRETS": SECRET,
        "MEMBER_JWT_SECRET": JWT_SECRET,
        "LOG_LEVEL": "ERROR",
    }


def peer(settings: str, url: str) -> dict[str, str]:
    """The environment of a peer: a Django project below tests/benchmarks/peers/."""
    return _inherited() | {
        "DJANGO_SETTINGS_MODULE": f"tests.benchmarks.peers.{settings}.settings",
        "DATABASE_URL": url,
        "WEBHOOK_SECRET": SECRET,
    }


def gunicorn(python: str | Path, application: str) -> list[str]:
    """The server that `manage.py serve` starts, for another application."""
    options = {
        "worker-class": "gthread",
        "workers": "2",
        "threads": "64",
        "timeout": "60",
        "keep-alive": "30",
    }
    return [
        *(str(python), "-m", "gunicorn", "--no-control-socket"),
        *(f"--{name}={value}" for name, value in options.items()),
        application,
        "--bind",
    ]


def run(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Run to the end; what it printed. Raises: SystemExit with its last words."""
    done = subprocess.run(
        list(command),
        cwd=ROOT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took from its start to its end."""

    seconds: float
    peak_mib: float
    """Resident memory at its highest, of the process alone."""
    said: str


def cost_of(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run to the end. Raises: SystemExit with its last words."""
    with tempfile.TemporaryFile() as said:
        started = time.monotonic()
        process = subprocess.Popen(
            list(command), cwd=ROOT, env=dict(environment), stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{text[-3000:]}")
    return Cost(seconds=seconds, peak_mib=usage.ru_maxrss / 1024, said=text)


def _inherited() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PYTHONPATH": str(ROOT),
        "READ_DOT_ENV": "off",
    }
