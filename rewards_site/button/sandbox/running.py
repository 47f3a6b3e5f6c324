"""The sandbox put together and running: `with running_sandbox(seed=7) as sandbox: sandbox.url`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from rewards_site.button.sandbox import api, api_control, catalog, payouts_control
from rewards_site.button.sandbox.api_switches import ApiSwitches
from rewards_site.button.sandbox.calls import Shop
from rewards_site.button.sandbox.clock import Clock, MovableClock, SystemClock
from rewards_site.button.sandbox.control import Control, ControlRoutes
from rewards_site.button.sandbox.fault_control import FaultControl
from rewards_site.button.sandbox.faults import Fault, FaultKind, Faults, Outage
from rewards_site.button.sandbox.history import History
from rewards_site.button.sandbox.keys import add_keys
from rewards_site.button.sandbox.link_control import LinkControl
from rewards_site.button.sandbox.lives import Lives
from rewards_site.button.sandbox.order_control import OrderControl
from rewards_site.button.sandbox.order_faults import OrderFaults
from rewards_site.button.sandbox.payouts import Payouts
from rewards_site.button.sandbox.queueing import WebhookOrder
from rewards_site.button.sandbox.records import Order, TxIds
from rewards_site.button.sandbox.sender import TIMEOUT_SECONDS, Sender
from rewards_site.button.sandbox.server import SandboxServer
from rewards_site.button.sandbox.shoppers import DEFAULT_SPEED, Shoppers
from rewards_site.button.sandbox.switches import Switches
from rewards_site.button.sandbox.taps import Taps
from rewards_site.button.sandbox.timeline import Timeline
from rewards_site.button.sandbox.webhook_control import WebhookControl
from rewards_site.button.sandbox.world import DEFAULT_API_KEY, World
from rewards_site.kernel.errors import InvalidInput

HISTORY_DAYS_MAX = 3650


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
    """Each is a publisher of its own, or several keys of one with commas between them.

    Shoppers buy for the first.
    """
    brand_keys: tuple[str, ...] = ()
    """Keys of the first brands of the catalogue; the API refuses them."""
    test_keys: tuple[str, ...] = ()
    """Of publishers in Button's sandbox mode, each with its own data and the test merchant."""
    api_switches: ApiSwitches = field(default_factory=ApiSwitches)
    tx_ids: TxIds = TxIds.SAME
    speed: float = DEFAULT_SPEED
    """How many minutes of Button's pace (life cycles, webhook retries) a minute here holds."""
    shoppers: int = 0
    orders_per_minute: float = 20.0
    max_orders: int = 5000
    history_days: int = 0
    """How long before its beginning orders were bought that no webhook tells of; 0: none were."""
    history_orders: int = 100
    """Of each brand, over that time."""
    webhook_url: str | None = None
    webhook_secret: str = ""
    lose_webhooks: float = 0.0
    """Percent of the events that no webhook tells of."""
    webhook_timeout_seconds: float = TIMEOUT_SECONDS
    webhook_order: WebhookOrder = WebhookOrder.TRANSACTION
    auto_pause: bool = True
    """Whether too many failures of an hour pause the webhooks, until somebody resumes them."""
    spellings: Mapping[str, object] = field(default_factory=dict)
    """Percentages by switch (switches.py)."""
    standing_faults: tuple[Fault, ...] = ()
    outages: tuple[tuple[float, float], ...] = ()
    """From and to, each in minutes of Button's pace after the start; their webhooks are lost."""
    clock: Clock | None = None
    begins_at: datetime | None = None
    """Where the sandbox's clock begins; now, if not said."""

    def __post_init__(self) -> None:
        self._check()
        self._clock = MovableClock(self.clock or SystemClock(), begins_at=self.begins_at)
        self._is_stopping = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="sandbox-ticker", daemon=True)
        self.world = World(seed=self.seed, api_keys=self.api_keys, tx_ids=self.tx_ids)
        waiting = self._tell_history()
        self.switches = Switches(self.spellings)
        lost = [Fault(kind=FaultKind.LOST, percent=self.lose_webhooks)]
        self.faults = Faults(
            clock=self._clock,
            standing=[*self.standing_faults, *(lost if self.lose_webhooks else [])],
        )
        self.sender = self._sender()
        self.timeline = Timeline(world=self.world, clock=self._clock, sender=self.sender)
        for order, ends_at in waiting:
            self.timeline.open_window(order, ends_at=ends_at)
        self._lay_faults()
        self._shoppers = Shoppers(
            world=self.world,
            agenda=self.timeline.lives,
            count=self.shoppers,
            orders_per_minute=self.orders_per_minute,
            orders_max=self.max_orders,
            speed=self.speed,
        )
        self.shop = Shop.opened(
            world=self.world,
            clock=self._clock,
            switches=self.api_switches,
            speed=self.speed,
        )
        add_keys(
            self.world.keyring,
            brands=catalog.BRANDS,
            brand_keys=self.brand_keys,
            test_keys=self.test_keys,
        )
        self.payouts = Payouts(seed=self.seed, clock=self._clock)
        control = Control(
            world=self.world,
            clock=self._clock,
            planned=self,
            more_routes=self._control_routes(),
        )
        self._server = SandboxServer(
            (self.host, self.port),
            api=partial(api.answer, self.shop, self.payouts),
            control=control.answer,
            faults=self.faults,
            clock=self._clock,
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
            (
                not 0 <= self.history_days <= HISTORY_DAYS_MAX or self.history_orders < 1,
                f"a past is of 1 to {HISTORY_DAYS_MAX} days, with 1 order of each brand at least",
            ),
            (not 0 <= self.lose_webhooks <= 100, "lost webhooks are 0 to 100 percent"),
            (not self.api_keys or not all(self.api_keys), "an API key is needed"),
            (any(":" in key for key in self.api_keys), "an API key holds no colon"),
        ):
            if is_wrong:
                raise InvalidInput(what)

    def _tell_history(self) -> list[tuple[Order, datetime]]:
        """Before anybody listens; what of it is still to end."""
        if not self.history_days:
            return []
        return History(
            world=self.world,
            until=self._clock.now(),
            days=self.history_days,
            orders=self.history_orders,
            members=self.shoppers,
        ).tell()

    def _sender(self) -> Sender | None:
        if self.webhook_url is None:
            return None
        sender = Sender(
            url=self.webhook_url,
            secret=self.webhook_secret,
            clock=self._clock,
            faults=self.faults,
            speed=self.speed,
            order=self.webhook_order,
            has_auto_pause=self.auto_pause,
            timeout_seconds=self.webhook_timeout_seconds,
        )
        self.world.listeners.append(sender.take)
        return sender

    def _lay_faults(self) -> None:
        tell = None if self.sender is None else self.sender.take
        order_faults = OrderFaults(seed=self.seed, faults=self.faults, tell=tell)
        self.world.before_orders += [self.switches.spell, order_faults.meet]
        begin, minute = self._clock.now(), timedelta(minutes=1) / self.speed
        for first, last in self.outages:
            self.faults.add_outage(
                Outage(start=begin + first * minute, end=begin + last * minute, loses_webhooks=True)
            )

    def _control_routes(self) -> ControlRoutes:
        world, clock, sender = self.world, self._clock, self.sender
        taps = Taps(self.seed)
        of_orders = OrderControl(
            world=world, clock=clock, timeline=self.timeline, taps=taps, brands=self.shop.brands
        )
        of_links = LinkControl(
            world=world,
            clock=clock,
            taps=taps,
            brands=self.shop.brands,
            offers=self.shop.offers,
            lives=Lives(world=world, agenda=self.timeline.lives, speed=self.speed),
        )
        of_webhooks = WebhookControl(world=world, clock=clock, taps=taps, sender=sender)
        of_faults = FaultControl(
            world=world,
            clock=clock,
            faults=self.faults,
            switches=self.switches,
            timeline=self.timeline,
            sender=sender,
        )
        return {
            **of_orders.routes(),
            **of_links.routes(),
            **of_webhooks.routes(),
            **of_faults.routes(),
            **api_control.routes(self.shop),
            **payouts_control.routes(self.payouts),
        }

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
        self.payouts.faults.clear()
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
            return self.timeline.lives.run_all(self._clock.now())

    @property
    def planned_count(self) -> int:
        """How many steps the shoppers' orders still have before them."""
        return self.timeline.planned_count

    @property
    def now(self) -> datetime:
        """What the sandbox's clock says."""
        return self._clock.now()

    def advance(self, by: timedelta) -> datetime:
        """Put the clock forward; all that falls due on the way happens. Where it stands then."""
        self.timeline.advance_to(self._clock.now() + by)
        return self._clock.now()

    def _tick(self) -> None:
        wait_seconds = 0.0
        while not self._is_stopping.wait(wait_seconds):
            wait_seconds = self.timeline.run_due()


running_sandbox = Sandbox
"""Reads as a sentence: `with running_sandbox(seed=7) as sandbox`."""
