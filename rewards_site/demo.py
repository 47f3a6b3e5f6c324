"""`make demo`: the whole product on this machine, against the bundled Button sandbox.

Starts the sandbox, the web server and the worker, each as it runs in production, and members who
shop with the app (demo_shopper.py); prints where to look; stops them all on Ctrl-C. Everything it
makes is under var/demo/ (--folder) and is made anew each time. demo_story.py, demo_rules.py and
demo_care.py say what there is to see beside the shoppers.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from rewards_site.button.sandbox.payouts import CLIENT_ID, CLIENT_SECRET
from rewards_site.demo_processes import DemoError, Ending, Processes, free_port
from rewards_site.demo_screen import screen
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
MEMBERS = 8
MEMBER = "member-1"
HISTORY = ("--history-days", "540", "--history-orders", "160")
"""Enough that most brands have 30 orders that came to their end, and months to judge them by."""


class Demo:
    def __init__(self, *, folder: Path = FOLDER, seed: int | None = None) -> None:
        self.folder = folder.resolve()
        self.seed = secrets.randbelow(10**6) if seed is None else seed
        self.stopping = threading.Event()
        self.web_port = free_port(8000)
        self.button_port = free_port(9100)
        self.receiver_port = free_port(9200)
        self.passwords = {name: secrets.token_urlsafe(9) for name in ROLES}
        self.environment = self._environment()
        self.processes = Processes(
            base=BASE_DIR, folder=self.folder, environment=self.environment, stopping=self.stopping
        )
        self.tokens: dict[str, str] = {}
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
            # One webhook in ten is lost on purpose, and told of soon: no alarm for that
            "MISSED_WEBHOOKS_GRACE_MINUTES": "2",
            "MISSED_WEBHOOKS_ALARM_PERCENT": "50",
            "OUTWARD_ALLOW_PRIVATE": "on",  # the receiver is on this machine
            "PAYPAL_API_URL": f"http://127.0.0.1:{self.button_port}",
            "PAYPAL_CLIENT_ID": CLIENT_ID,
            "PAYPAL_CLIENT_SECRET": CLIENT_SECRET,
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
            for name in self.processes.stop():
                say(f"The {name} process did not stop; it was ended.")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping.set()

    def _set_up(self) -> None:
        if self.folder.exists() and any(self.folder.iterdir()):
            if not (self.folder / DATABASE).exists():
                raise DemoError(f"{self.folder} holds something else. Name another --folder.")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        say("Making the database ...")
        self.processes.run("manage.py", "migrate", "--verbosity", "0")
        staff = {name: (role, self.passwords[name]) for name, role in ROLES.items()}
        members = [f"member-{number}" for number in range(1, MEMBERS + 1)]
        wanted = {"DEMO_STAFF": json.dumps(staff), "DEMO_MEMBERS": json.dumps(members)}
        self.tokens = json.loads(self.processes.run("-m", "rewards_site.demo_staff", more=wanted))

    @property
    def _site(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def _button(self) -> str:
        return f"http://127.0.0.1:{self.button_port}"

    def _start(self) -> None:
        say("Starting Button's sandbox, the web server and the worker ...")
        bind = f"127.0.0.1:{self.web_port}"
        self.processes.spawn("web", "manage.py", "serve", "--bind", bind)
        self.processes.wait_for(f"{self._site}/health/ready/")
        self.processes.spawn(
            *("button", "manage.py", "button_sandbox", "--port", str(self.button_port)),
            *("--api-key", self.environment["BUTTON_API_KEY"], "--seed", str(self.seed)),
            *("--shoppers", str(MEMBERS), "--orders-per-minute", "15", *HISTORY),
            *("--webhook-url", f"{self._site}/webhooks/button/"),
            *("--webhook-secret", self.environment["BUTTON_WEBHOOK_SECRETS"]),
            *("--lose-webhooks", "10"),
        )
        self.processes.wait_for(f"{self._button}/control/clock")
        self._tell_story()
        self._open_the_shop()
        self._send_money_out()

    def _tell_story(self) -> None:
        """One of each thing that needs a human; then the worker, with accounts there to read."""
        story = Story(url=self._button, api_key=self.environment["BUTTON_API_KEY"])
        expensive = story.begin()
        past = self.processes.spawn("past", "-m", "rewards_site.demo_past", ending=Ending.IS_DONE)
        self.processes.run("manage.py", "sync_merchants")
        story.change_brand()
        self.processes.run("manage.py", "sync_merchants")
        self.processes.wait_until_done(past)
        self.processes.spawn("worker", "manage.py", "qcluster")
        ops = StaffMember(
            site=self._site, username="ops", password=self.passwords["ops"], stopping=self.stopping
        )
        self.is_move_proposed = ops.propose_move(
            expensive, customer_id="member-8", reason="Bought on a shared device, case 71."
        )

    def _open_the_shop(self) -> None:
        """What ops decide, and members with the app; nothing waits for either."""
        self.processes.spawn("rules", "-m", "rewards_site.demo_rules", ending=Ending.IS_DONE)
        wanted = {
            "site": self._site,
            "button": self._button,
            "seed": self.seed,
            "tokens": self.tokens,
        }
        self.processes.spawn(
            *("shoppers", "-m", "rewards_site.demo_shopper"),
            more={"DEMO_SHOPPERS": json.dumps(wanted)},
            ending=Ending.STARTS_AGAIN,
        )

    def _send_money_out(self) -> None:
        """Redemptions, claims, outward events and who is told of them; nothing waits for it."""
        receiver = f"http://127.0.0.1:{self.receiver_port}"
        secrets_path = str(self.folder / "receiver-secrets.json")
        heard = {"port": self.receiver_port, "secrets": secrets_path}
        self.processes.spawn(
            *("receiver", "-m", "rewards_site.demo_receiver"),
            more={"DEMO_RECEIVER": json.dumps(heard)},
            ending=Ending.STARTS_AGAIN,
        )
        wanted = {
            "site": self._site,
            "button": self._button,
            "tokens": self.tokens,
            "receiver": receiver,
            "receiver_secrets": secrets_path,
        }
        self.processes.spawn(
            *("care", "-m", "rewards_site.demo_care"),
            more={"DEMO_CARE": json.dumps(wanted)},
            ending=Ending.IS_DONE,
        )

    def _tell(self) -> None:
        inside = self.folder.is_relative_to(BASE_DIR)
        text = screen(
            site=self._site,
            receiver=f"http://127.0.0.1:{self.receiver_port}",
            passwords=self.passwords,
            member=MEMBER,
            token=self.tokens[MEMBER],
            is_move_proposed=self.is_move_proposed,
            logs=self.folder.relative_to(BASE_DIR) if inside else self.folder,
        )
        print(text, flush=True)

    def _watch(self) -> int:
        while not self.stopping.wait(timeout=1):
            for line in self.processes.look_after():
                say(line)
        say("Stopping ...")
        return 0


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
