"""Button is down for four days and loses the webhooks of that time: healed without a hand.

Life at the brands goes on meanwhile. Nobody calls a command: the schedules alone read on, from the
watermark, by `modified_date`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from pytest_django import Settings

from accounts_sync.models import RunKind, RunStatus, SyncRun
from accounts_sync.schedule import install_schedules
from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.running import running_sandbox
from tests.button.sandbox.caller import Caller
from tests.conftest import CommittedDatabase
from tests.journeys.books import Balances, member_balances
from tests.journeys.processes import API_KEY, WEBHOOK_SECRET, Product
from tests.journeys.shop import LONG_AGO, Shop, open_shop, the_books_are
from tests.journeys.worker import tick

BEFORE: Balances = {
    "anna": {"USD": {"pending": 293 + 50}},
    "ben": {"USD": {"pending": 200}},
}
AFTER_IN_KNOWN_ACCOUNTS: Balances = {
    "anna": {"USD": {"available": 173}},  # 347 // 2; the other was cancelled
    "ben": {"USD": {"pending": 500}},
    "cleo": {"USD": {"available": 38}},  # bought and validated while Button was down: 77 // 2
}
AFTER: Balances = AFTER_IN_KNOWN_ACCOUNTS | {
    "dora": {"GBP": {"pending": 61}},  # 123 // 2, in an account that nobody has heard of yet
}


@dataclass
class Days:
    """Our clock goes as Button's does; the worker looks each time it has moved."""

    shop: Shop
    traveller: time_machine.Traveller

    @property
    def now(self) -> datetime:
        return self.shop.sandbox.now

    def later(self, **span: float) -> None:
        self.shop.sandbox.advance(timedelta(**span))
        self.traveller.move_to(self.now)
        tick(self.now)


@contextmanager
def in_step(shop: Shop) -> Iterator[Days]:
    with time_machine.travel(shop.sandbox.now, tick=True) as traveller:
        install_schedules(shop.sandbox.now)
        tick(shop.sandbox.now)
        yield Days(shop, traveller)


def events_before(shop: Shop) -> dict[str, str]:
    """Three orders that webhooks tell of; their ids by name."""
    amounts = {"kept": 587, "cancelled": 100, "raised": 400}
    customers = {"kept": "anna", "cancelled": "anna", "raised": "ben"}
    return {
        name: shop.caller.order(
            customer=customers[name], amount=amount, total=10 * amount, finalization_minutes=86_400
        )["button_order_id"]
        for name, amount in amounts.items()
    }


def events_meanwhile(shop: Shop, orders: dict[str, str]) -> None:
    """What no webhook tells of: adjusted, validated, cancelled, bought, an account opened."""
    caller = shop.caller
    caller.control(f"orders/{orders['kept']}/adjust", amount=347)
    caller.control(f"orders/{orders['cancelled']}/cancel")
    caller.control(f"orders/{orders['raised']}/adjust", amount=1000)
    bought = caller.order(customer="cleo", amount=77, total=770)["button_order_id"]
    shop.sandbox.advance(timedelta(hours=1))
    caller.control(f"orders/{orders['kept']}/validate")
    caller.control(f"orders/{bought}/validate")
    caller.order(customer="dora", currency="GBP", amount=123, total=1230)


@pytest.mark.slow  # the same in steps, in two seconds: tests/accounts_sync/test_outage.py
@pytest.mark.parametrize("kind", ["drop", "500", "html"])
def test_the_schedules_alone_bring_everything_back(
    committed_db: CommittedDatabase, settings: Settings, kind: str
) -> None:
    with open_shop(settings) as shop, in_step(shop) as days:
        orders = events_before(shop)
        days.later(minutes=5)
        days.later(minutes=35)
        assert member_balances() == BEFORE
        good = SyncRun.objects.filter(kind=RunKind.TRANSACTIONS, status=RunStatus.DONE)
        assert good.exists()
        good_count = good.count()

        shop.caller.control("outages", days=4, kind=kind, loses_webhooks=True)
        shop.sandbox.advance(timedelta(hours=30))
        events_meanwhile(shop, orders)
        days.later(hours=35)
        assert member_balances() == BEFORE
        assert good.count() == good_count
        assert SyncRun.objects.filter(status=RunStatus.FAILED).exists()

        days.later(hours=30)  # the four days are over
        days.later(minutes=35)  # the longest that the worker waits after failures
        known = {who: held for who, held in member_balances().items() if who != "dora"}
        assert known == AFTER_IN_KNOWN_ACCOUNTS

        for _ in range(24):  # accounts are asked for once a day
            days.later(hours=1)
        the_books_are(AFTER)
        assert shop.states() == {"acknowledged", "lost"}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_running_product_heals_itself(committed_db: CommittedDatabase, tmp_path: Path) -> None:
    """Web server and worker as in production; only Button's clock is put forward."""
    begins_at = datetime.now(tz=UTC).replace(microsecond=0) - LONG_AGO
    product = Product(database_url=committed_db.url, button_url="http://unset", home=tmp_path)
    with running_sandbox(
        api_keys=(API_KEY,),
        webhook_url=f"{product.url}/webhooks/button/",
        webhook_secret=WEBHOOK_SECRET,
        speed=1,
        clock=SteppedClock(begins_at),
    ) as sandbox:
        product.point_at(sandbox.url)
        shop = Shop(sandbox, Caller(sandbox))
        try:
            web, worker = product.start_web(), product.start_worker()
            orders = events_before(shop)
            sandbox.advance(timedelta(hours=1))
            assert member_balances() == BEFORE
            runs = SyncRun.objects.filter(kind=RunKind.TRANSACTIONS)
            wait_for(runs.filter(status=RunStatus.DONE).exists)

            shop.caller.control("outages", days=4, loses_webhooks=True)
            sandbox.advance(timedelta(hours=30))
            events_meanwhile(shop, orders)
            wait_for(runs.filter(status=RunStatus.FAILED).exists)
            assert member_balances() == BEFORE
            sandbox.advance(timedelta(days=3))

            wait_for(lambda: member_balances() == AFTER_IN_KNOWN_ACCOUNTS)
            assert (web.stop(), worker.stop()) == (0, 0)
        finally:
            print(product.logs())
            product.end()
    verified = product.run("verify_ledger")
    assert verified.status == 0, verified.output


def wait_for(is_so: Callable[[], bool], *, seconds_max: int = 420) -> None:
    pause = threading.Event()
    for _ in range(seconds_max):
        if is_so():
            return
        pause.wait(1)
    raise AssertionError("it did not come about in time")
