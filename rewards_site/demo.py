"""`make demo`: the whole product on this machine, against the bundled Button sandbox.

Starts the sandbox, the web server and the worker, each as it runs in production; prints where to
look; stops them all on Ctrl-C. Everything it makes is under var/demo/ (--folder) and is made anew
each time. demo_story.py says what there is to see beside the shoppers.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from rewards_site.demo_processes import Child, DemoError, free_port, tail
from rewards_site.demo_story import StaffMember, Story

BASE_DIR = Path(__file__).resolve().parent.parent
FOLDER = BASE_DIR / "var" / "demo"
DATABASE = "rewards.db"
ROLES = {
    "admin": "",
    "ops": "Ops",
    "finance": "Finance",
    "support": "Support",
    "auditor": "Auditor",
}
"""Who can log in, and with which role; admin is a superuser."""
MEMBER = "member-1"
READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 15


class Demo:
    def __init__(self, *, folder: Path = FOLDER, seed: int | None = None) -> None:
        self.folder = folder.resolve()
        self.seed = secrets.randbelow(10**6) if seed is None else seed
        self.children: list[Child] = []
        self.stopping = threading.Event()
        self.web_port = free_port(8000)
        self.button_port = free_port(9100)
        self.passwords = {name: secrets.token_urlsafe(9) for name in ROLES}
        self.environment = self._environment()
        self.is_move_proposed = False

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
            "READ_DOT_ENV": "off",  # whoever shows the demo may have one, for the real Button
            "CACHE_DIR": str(self.folder / "cache"),
            "DATABASE_URL": f"sqlite:///{self.folder}/{DATABASE}",
            "SECRET_KEY": secrets.token_hex(32),
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "BUTTON_API_KEY": f"sk-demo-{secrets.token_hex(8)}",
            "BUTTON_API_URL": f"http://127.0.0.1:{self.button_port}",
            "BUTTON_OFFERS_URL": f"http://127.0.0.1:{self.button_port}",
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
        if self.folder.exists() and any(self.folder.iterdir()):
            if not (self.folder / DATABASE).exists():
                raise DemoError(f"{self.folder} holds something else. Name another --folder.")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        say("Making the database ...")
        self._manage("migrate", "--verbosity", "0")
        staff = {name: (role, self.passwords[name]) for name, role in ROLES.items()}
        self._run("-m", "rewards_site.demo_staff", more={"DEMO_STAFF": json.dumps(staff)})

    def _start(self) -> None:
        say("Starting Button's sandbox, the web server and the worker ...")
        webhook_url = f"http://127.0.0.1:{self.web_port}/webhooks/button/"
        self._spawn("web", "serve", "--bind", f"127.0.0.1:{self.web_port}")
        self._wait_for(f"http://127.0.0.1:{self.web_port}/health/ready/")
        self._spawn(
            "button",
            "button_sandbox",
            "--port",
            str(self.button_port),
            "--api-key",
            self.environment["BUTTON_API_KEY"],
            "--seed",
            str(self.seed),
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
        self._wait_for(f"http://127.0.0.1:{self.button_port}/control/clock")
        self._tell_story()

    def _tell_story(self) -> None:
        """One of each thing that needs a human; then the worker, with accounts there to read."""
        story = Story(
            url=f"http://127.0.0.1:{self.button_port}", api_key=self.environment["BUTTON_API_KEY"]
        )
        expensive = story.begin()
        self._manage("sync_merchants")
        story.change_brand()
        self._manage("sync_merchants")
        self._spawn("worker", "qcluster")
        ops = StaffMember(
            site=f"http://127.0.0.1:{self.web_port}",
            username="ops",
            password=self.passwords["ops"],
            stopping=self.stopping,
        )
        self.is_move_proposed = ops.propose_move(
            expensive, customer_id="member-8", reason="Bought on a shared device, case 71."
        )

    def _tell(self) -> None:
        site = f"http://127.0.0.1:{self.web_port}"
        token = self._manage("issue_member_token", MEMBER).strip()
        logins = "".join(f"\n             {name:<8} /  {self.passwords[name]}" for name in ROLES)
        proposed = " and a move that\nwaits for a second person" if self.is_move_proposed else ""
        print(
            f"""
Running. Shoppers buy at eight brands; orders are adjusted, validated and cancelled, each within
about two minutes. One webhook in ten is lost on purpose: the sync finds what it would have told.
The admin opens with what needs a human: an order that names nobody, a changed member{proposed}.

  Admin      {site}/admin/
  Log-ins    {logins.strip()}

  Reports    {site}/admin/reports/reportrun/export/
  API docs   {site}/api/v1/docs/

  Token of {MEMBER}
  {token}

  Watch that member's balances move:
  curl -s -H "Authorization: Bearer {token}" {site}/api/v1/balances/

Logs are in {self._shown_folder}/. Ctrl-C stops everything.
""",
            flush=True,
        )

    @property
    def _shown_folder(self) -> Path:
        inside = self.folder.is_relative_to(BASE_DIR)
        return self.folder.relative_to(BASE_DIR) if inside else self.folder

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

    def _manage(self, *arguments: str) -> str:
        return self._run("manage.py", *arguments)

    def _run(self, *arguments: str, more: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(  # noqa: S603
            [sys.executable, *arguments],
            cwd=BASE_DIR,
            env=self.environment | dict(more or {}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise DemoError(f"{' '.join(arguments[:2])} failed:\n{done.stderr or done.stdout}")
        return done.stdout

    def _spawn(self, name: str, *arguments: str) -> None:
        log = self.folder / f"{name}.log"
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
        last = self.children[-1]
        raise DemoError(f"The {last.name} process did not start:\n{tail(last.log)}")

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


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="The whole product against a local Button.")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="made anew, with all in it")
    parser.add_argument("--seed", type=int, help="of the shoppers; another one each time if unset")
    options = parser.parse_args()
    os.environ["no_proxy"] = "*"  # all of it is on this machine; urllib minds http_proxy
    return Demo(folder=options.folder, seed=options.seed).run()


if __name__ == "__main__":
    sys.exit(main())
