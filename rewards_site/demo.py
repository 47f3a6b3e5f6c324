"""`make demo`: the whole product on this machine, against the bundled Button sandbox.

Starts the sandbox, the web server and the worker, each as it runs in production; prints where to
look; stops them all on Ctrl-C. Everything it makes is under var/demo/ and is made anew each time.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = BASE_DIR / "var" / "demo"
USER = "admin"
MEMBER = "member-1"
READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 15


@dataclass(frozen=True)
class Child:
    """A process of the demo, its own process group, its output in a file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def signal_group(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return


class Demo:
    def __init__(self) -> None:
        self.children: list[Child] = []
        self.stopping = threading.Event()
        self.web_port = free_port(8000)
        self.button_port = free_port(9100)
        self.password = secrets.token_urlsafe(9)
        self.environment = self._environment()

    def _environment(self) -> dict[str, str]:
        webhook_secret = secrets.token_hex(16)
        kept = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV")
            if name in os.environ
        }
        return kept | {
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(BASE_DIR),
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
            "DATABASE_URL": f"sqlite:///{HOME}/rewards.db",
            "SECRET_KEY": secrets.token_hex(32),
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "BUTTON_API_KEY": f"sk-demo-{secrets.token_hex(8)}",
            "BUTTON_API_URL": f"http://127.0.0.1:{self.button_port}",
            "BUTTON_WEBHOOK_SECRETS": webhook_secret,
            "MEMBER_JWT_SECRET": secrets.token_hex(32),
            "SYNC_PEAK_HOURS": "0-24",
            "SYNC_PEAK_MINUTES": "1",
        }

    def run(self) -> int:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        try:
            self._set_up()
            self._start()
            if not self.stopping.is_set():
                self._tell()
            return self._watch()
        except DemoError as error:
            if self.stopping.is_set():
                return 0
            print(f"\n{error}", file=sys.stderr)
            return 1
        finally:
            self._stop_children()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def _set_up(self) -> None:
        shutil.rmtree(HOME, ignore_errors=True)
        HOME.mkdir(parents=True)
        say("Making the database ...")
        self._manage("migrate", "--verbosity", "0")
        self._manage(
            "createsuperuser",
            "--noinput",
            more={
                "DJANGO_SUPERUSER_USERNAME": USER,
                "DJANGO_SUPERUSER_PASSWORD": self.password,
                "DJANGO_SUPERUSER_EMAIL": "admin@example.com",
            },
        )

    def _start(self) -> None:
        say("Starting Button's sandbox, the web server and the worker ...")
        webhook_url = f"http://127.0.0.1:{self.web_port}/webhooks/button/"
        self._spawn("web", "serve", "--bind", f"127.0.0.1:{self.web_port}")
        self._wait_for(f"http://127.0.0.1:{self.web_port}/health/ready/")
        self._spawn("worker", "qcluster")
        self._spawn(
            "button",
            "button_sandbox",
            "--port",
            str(self.button_port),
            "--api-key",
            self.environment["BUTTON_API_KEY"],
            "--seed",
            str(secrets.randbelow(10**6)),
            "--shoppers",
            "8",
            "--orders-per-minute",
            "30",
            "--webhook-url",
            webhook_url,
            "--webhook-secret",
            self.environment["BUTTON_WEBHOOK_SECRETS"],
            "--lose-webhooks",
            "10",
        )

    def _tell(self) -> None:
        site = f"http://127.0.0.1:{self.web_port}"
        token = self._manage("issue_member_token", MEMBER).strip()
        print(
            f"""
Running. Shoppers buy at eight brands; orders are adjusted, validated and cancelled, each within
about two minutes. One webhook in ten is lost on purpose: the sync finds what it would have told.

  Admin      {site}/admin/
  Log-in     {USER}  /  {self.password}

  Token of {MEMBER}
  {token}

  Watch that member's balances move:
  curl -s -H "Authorization: Bearer {token}" {site}/api/v1/balances/

Logs are in {HOME.relative_to(BASE_DIR)}/. Ctrl-C stops everything.
""",
            flush=True,
        )

    def _watch(self) -> int:
        while not self.stopping.wait(timeout=1):
            for child in self.children:
                if child.process.poll() is not None:
                    raise DemoError(
                        f"The {child.name} process ended by itself. The end of its log:\n"
                        + tail(child.log)
                    )
        say("Stopping ...")
        return 0

    def _manage(self, *arguments: str, more: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment | dict(more or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DemoError(f"manage.py {arguments[0]} failed:\n{done.stderr or done.stdout}")
        return done.stdout

    def _spawn(self, name: str, *arguments: str) -> None:
        log = HOME / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "manage.py", *arguments],
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its children go with it, and Ctrl-C reaches only us
            )
        self.children.append(Child(name, process, log))

    def _wait_for(self, url: str) -> None:
        for _ in range(READY_SECONDS_MAX * 5):
            if self.children[-1].process.poll() is not None or self.stopping.is_set():
                break
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310
                    return
            except (urllib.error.URLError, OSError):
                self.stopping.wait(timeout=0.2)
        raise DemoError(f"The web server did not start:\n{tail(self.children[-1].log)}")

    def _stop_children(self) -> None:
        """Button first, so that nothing new comes in; then ask, wait, and end what is left."""
        for child in reversed(self.children):
            if child.process.poll() is None:
                child.process.terminate()
        for child in reversed(self.children):
            try:
                child.process.wait(timeout=STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                say(f"The {child.name} process did not stop; ending it.")
            child.signal_group(signal.SIGKILL)
            child.process.wait()


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


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(Demo().run())
