"""`manage.py button_sandbox`: a local Button, until it is interrupted. Uses no database."""

from __future__ import annotations

import signal
import threading
from argparse import Action, ArgumentDefaultsHelpFormatter
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rewards_site.button.sandbox.api_switches import ApiSwitches
from rewards_site.button.sandbox.options import add_options, settings_of
from rewards_site.button.sandbox.pausing import Pause
from rewards_site.button.sandbox.records import TxIds
from rewards_site.button.sandbox.running import Sandbox
from rewards_site.button.sandbox.shoppers import DEFAULT_SPEED
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from rewards_site.kernel.errors import Conflict, InvalidInput


class _Formatter(ArgumentDefaultsHelpFormatter):
    """Tells a default only where there is one."""

    def _get_help_string(self, action: Action) -> str | None:
        has_default = action.default not in (None, False, "", [])
        return super()._get_help_string(action) if has_default else action.help


class Command(BaseCommand):
    help = (
        "Run a local Button: offers, links, brands, accounts, transactions, signed webhooks, and "
        "control calls under /control to report, adjust, validate and decline orders. The same "
        "seed and the same calls give the same ids, amounts and states. Nothing is stored; stop it "
        "with Ctrl-C."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, formatter_class=_Formatter, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=9100, help="0 takes any free one")
        parser.add_argument("--seed", type=int, default=1, help="names the orders of this run")
        parser.add_argument(
            "--api-key",
            action="append",
            help=f"a publisher's key, default {DEFAULT_API_KEY}, or its keys with commas between "
            "them; give it again for a second publisher, who sees nothing of the first",
        )
        parser.add_argument(
            "--brand-key",
            action="append",
            default=[],
            help="a key of the catalogue's first brand (again: of the next); the API refuses it",
        )
        parser.add_argument(
            "--test-key",
            action="append",
            default=[],
            help="a key of a publisher in Button's sandbox mode: own data, the test merchant only",
        )
        parser.add_argument(
            "--api-switch",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="how the API reads where the documents differ, and the limit on offers, such as "
            "offers_per_minute=100; docs/sandbox.md lists them",
        )
        parser.add_argument(
            "--tx-ids",
            choices=list(TxIds),
            default=TxIds.SAME,
            help="an adjustment keeps its tx id (same), or makes a new one and declines the old "
            "one (new-declined) or leaves it pending (new-pending)",
        )
        parser.add_argument(
            "--speed",
            type=float,
            default=DEFAULT_SPEED,
            help="divides life cycles and webhook retries: at 60 a minute takes a second, and an "
            "order is final after 40 to 90 seconds",
        )
        parser.add_argument("--shoppers", type=int, default=0, help="members who buy: member-1 ...")
        parser.add_argument(
            "--orders-per-minute", type=float, default=20.0, help="of all shoppers together"
        )
        parser.add_argument("--max-orders", type=int, default=5000, help="then they stop buying")
        parser.add_argument(
            "--history-days",
            type=int,
            default=0,
            help="begin with orders of so many days before, which no webhook tells of",
        )
        parser.add_argument(
            "--history-orders", type=int, default=100, help="of each brand, in those days"
        )
        parser.add_argument("--webhook-url", help="where events are posted; needs the secret")
        parser.add_argument("--webhook-secret", default="", help="what they are signed with")
        parser.add_argument(
            "--lose-webhooks",
            type=float,
            default=0.0,
            metavar="PERCENT",
            help="of the events, never posted: only the API tells of them",
        )
        add_options(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            sandbox = Sandbox(
                host=options["host"],
                port=options["port"],
                seed=options["seed"],
                api_keys=tuple(options["api_key"] or [DEFAULT_API_KEY]),
                brand_keys=tuple(options["brand_key"]),
                test_keys=tuple(options["test_key"]),
                api_switches=ApiSwitches().with_texts(options["api_switch"]),
                tx_ids=TxIds(options["tx_ids"]),
                speed=options["speed"],
                shoppers=options["shoppers"],
                orders_per_minute=options["orders_per_minute"],
                max_orders=options["max_orders"],
                history_days=options["history_days"],
                history_orders=options["history_orders"],
                webhook_url=options["webhook_url"],
                webhook_secret=options["webhook_secret"],
                lose_webhooks=options["lose_webhooks"],
                **settings_of(options),
            )
        except (InvalidInput, Conflict) as error:
            raise CommandError(str(error)) from error
        except (OSError, OverflowError) as error:
            address = f"{options['host']}:{options['port']}"
            raise CommandError(f"Can't listen on {address}: {error}") from error
        stopped = _until_interrupted()
        if sandbox.sender is not None:
            sandbox.sender.on_pause.append(partial(self._tell_of_pause, sandbox))
        with sandbox:
            self._introduce(sandbox)
            stopped.wait()
        self._say(self._summary(sandbox))

    def _introduce(self, sandbox: Sandbox) -> None:
        self._say(f"Button sandbox on {sandbox.url}, seed {sandbox.seed}")
        self._say(f"API keys:  {', '.join(sandbox.api_keys)} (Basic user name, no password)")
        buying = "An account opens with the first order of its currency"
        if sandbox.shoppers:
            buying = (
                f"{sandbox.shoppers} shoppers buy in USD, GBP, JPY and KWD, "
                f"{sandbox.orders_per_minute:g} orders a minute, {sandbox.max_orders} at most"
            )
        self._say(f"Orders:    {buying}")
        webhooks = f"signed, to {sandbox.webhook_url}" if sandbox.webhook_url else "none"
        self._say(f"Webhooks:  {webhooks}")
        self._say(f"Control:   {sandbox.url}/control/state, POST {sandbox.url}/control/orders")
        self._say("Stop with Ctrl-C")

    def _tell_of_pause(self, sandbox: Sandbox, pause: Pause) -> None:
        self._say(
            f"Webhooks are paused, as Button does it: {pause.why}. They are collected meanwhile. "
            f"Resume: POST {sandbox.url}/control/webhooks/resume"
        )

    def _summary(self, sandbox: Sandbox) -> str:
        told = f"Stopped: {len(sandbox.world.orders)} orders"
        if sandbox.sender is None:
            return told
        counts = sandbox.sender.counts()
        return told + ", webhooks " + ", ".join(f"{n} {state}" for state, n in counts.items() if n)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()  # whoever started us through a pipe waits for the address


def _until_interrupted() -> threading.Event:
    """An event that SIGINT and SIGTERM set: both are a clean stop."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    return stopped
