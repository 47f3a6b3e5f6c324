"""The sandbox put together and running: `with running_sandbox(seed=7) as sandbox: sandbox.url`."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from rewards_site.button.sandbox import api
from rewards_site.button.sandbox.agenda import Agenda
from rewards_site.button.sandbox.clock import Clock, SystemClock
from rewards_site.button.sandbox.control import Control
from rewards_site.button.sandbox.faults import Faults
from rewards_site.button.sandbox.records import TxIds
from rewards_site.button.sandbox.sender import TIMEOUT_SECONDS, Sender
from rewards_site.button.sandbox.server import SandboxServer
from rewards_site.button.sandbox.shoppers import DEFAULT_SPEED, Shoppers
from rewards_site.button.sandbox.world import DEFAULT_API_KEY, World
from rewards_site.kernel.errors import InvalidInput

TICK_SECONDS_MAX = 0.25


@dataclass(kw_only=True)
class Sandbox:
    """A local Button. Every field is an option; entering it starts it, leaving it stops it.

    Raises InvalidInput when made with options that make no sense.
    """

    host: str = "127.0.0.1"
    port: int = 0
    """0: any free one; `url` tells which."""
    seed: int = 1
    api_keys: tuple[str, ...] = (DEFAULT_API_KEY,)
    """Each is a publisher of its own. Shoppers buy for the first."""
    tx_ids: TxIds = TxIds.SAME
    speed: float = DEFAULT_SPEED
    """How many minutes of Button's pace (life cycles, webhook retries) a minute here holds."""
    shoppers: int = 0
    orders_per_minute: float = 20.0
    max_orders: int = 5000
    webhook_url: str | None = None
    webhook_secret: str = ""
    lose_webhooks: float = 0.0
    """Percent of the events that no webhook tells of."""
    webhook_timeout_seconds: float = TIMEOUT_SECONDS
    clock: Clock | None = None

    def __post_init__(self) -> None:
        self._check()
        self._clock = self.clock or SystemClock()
        self._agenda = Agenda()
        self._is_stopping = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="sandbox-ticker", daemon=True)
        self.world = World(seed=self.seed, api_keys=self.api_keys, tx_ids=self.tx_ids)
        self.faults = Faults()
        self.sender = self._sender()
        self._shoppers = Shoppers(
            world=self.world,
            agenda=self._agenda,
            count=self.shoppers,
            orders_per_minute=self.orders_per_minute,
            orders_max=self.max_orders,
            speed=self.speed,
        )
        control = Control(
            world=self.world,
            clock=self._clock,
            faults=self.faults,
            sender=self.sender,
            planned=self,
        )
        self._server = SandboxServer(
            (self.host, self.port),
            api=partial(api.answer, self.world),
            control=control.answer,
            faults=self.faults,
        )
        self._listener = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sandbox-server", daemon=True
        )

    def _check(self) -> None:
        parts = urlsplit(self.webhook_url or "http://unset")
        for is_wrong, what in (
            (self.webhook_url and not self.webhook_secret, "a webhook URL needs a webhook secret"),
            (parts.scheme not in {"http", "https"} or not parts.hostname, "no URL for webhooks"),
            (self.speed <= 0, "speed must be above 0"),
            (self.orders_per_minute <= 0, "orders per minute must be above 0"),
            (self.shoppers < 0 or self.max_orders < 0, "shoppers and orders can't be below 0"),
            (not 0 <= self.lose_webhooks <= 100, "lost webhooks are 0 to 100 percent"),
            (not self.api_keys or not all(self.api_keys), "an API key is needed"),
            (any(":" in key for key in self.api_keys), "an API key holds no colon"),
        ):
            if is_wrong:
                raise InvalidInput(what)

    def _sender(self) -> Sender | None:
        if self.webhook_url is None:
            return None
        sender = Sender(
            url=self.webhook_url,
            secret=self.webhook_secret,
            speed=self.speed,
            lost_percent=self.lose_webhooks,
            timeout_seconds=self.webhook_timeout_seconds,
        )
        self.world.listeners.append(sender.take)
        return sender

    @property
    def url(self) -> str:
        """Where it answers, such as http://127.0.0.1:9100."""
        return self._server.url

    def start(self) -> None:
        self._listener.start()
        if self.sender is not None:
            self.sender.start()
        with self.world.lock:
            self._shoppers.open(self._clock.now())
        self._ticker.start()

    def stop(self) -> None:
        """Stop every thread; a webhook on the wire is waited for."""
        self._is_stopping.set()
        self._ticker.join()
        if self.sender is not None:
            self.sender.stop()
        self._server.close()
        self._listener.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def settle(self) -> int:
        """Stop buying and bring every life to its end now; how many steps that took."""
        with self.world.lock:
            self._shoppers.stop()
            return self._agenda.run_all(self._clock.now())

    @property
    def planned_count(self) -> int:
        """How many steps the shoppers' orders still have before them."""
        with self.world.lock:
            return len(self._agenda)

    def _tick(self) -> None:
        wait_seconds = 0.0
        while not self._is_stopping.wait(wait_seconds):
            with self.world.lock:
                now = self._clock.now()
                self._agenda.run_due(now)
                due_at = self._agenda.next_due_at
            wait_seconds = TICK_SECONDS_MAX
            if due_at is not None:
                wait_seconds = min(max((due_at - now).total_seconds(), 0.0), TICK_SECONDS_MAX)


running_sandbox = Sandbox
"""Reads as a sentence: `with running_sandbox(seed=7) as sandbox`."""
