"""A past: orders of the months before the sandbox began, which no webhook told of.

Each brand takes about as long as its window to validate them, some a good deal longer, and
declines a few; what is not final by now waits for the end of its window. The same for a seed,
counted back from the instant at which the sandbox begins.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.baskets import basket_of
from rewards_site.button.sandbox.brands import BrandBook
from rewards_site.button.sandbox.chance import dice, make_id
from rewards_site.button.sandbox.life import Fate, live
from rewards_site.button.sandbox.records import Brand, Order, Purchase
from rewards_site.button.sandbox.shoppers import CURRENCY_WEIGHTS
from rewards_site.button.sandbox.world import World

LATEST = timedelta(days=1)
"""No order of the past is younger: what happens today is told as it happens."""
DECLINED_PERCENT = 10
SLOW_PERCENT = 12
_FATES = {Fate.PLAIN: 70, Fate.ADJUSTED_DOWN: 20, Fate.ADJUSTED_UP: 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`orders` of each brand, bought over `days` before `until` by members 1 to `members`."""

    world: World
    until: datetime
    days: int
    orders: int
    members: int

    def tell(self) -> list[tuple[Order, datetime]]:
        """Have all of it happen; the orders that are not final yet, and when each will be."""
        brands = BrandBook(self.world)
        waiting = []
        for brand in catalog.BRANDS:
            details = brands.find(brand.id)
            assert details is not None
            window = timedelta(minutes=details.finalization_window_minutes)
            for number in range(self.orders):
                order, ends_at = self._live(brand, number, window=window)
                if not order.now.status.is_final:
                    waiting.append((order, ends_at))
        return waiting

    def _live(self, brand: Brand, number: int, *, window: timedelta) -> tuple[Order, datetime]:
        chance = dice(self.world.seed, "history", brand.id, number)
        span = timedelta(days=self.days) - LATEST
        age = LATEST + span * ((number + chance.random()) / self.orders)
        purchase = self._purchase(brand, number, at=self.until - age, chance=chance)
        reported_at = purchase.purchased_at + timedelta(hours=chance.uniform(1, 20))
        is_declined = chance.random() * 100 < DECLINED_PERCENT
        wait = window * (chance.uniform(0.1, 0.8) if is_declined else _pace(chance))
        ends_at = max(purchase.purchased_at + wait, reported_at + timedelta(hours=1))
        fate = chance.choices(list(_FATES), list(_FATES.values()))[0]
        adjusted = live(fate, purchase.basket, chance=chance).changes[:-1]
        order = self.world.report(purchase, at=reported_at)
        assert order.button_order_id is not None
        adjusted_at = reported_at + (ends_at - reported_at) / 2
        if adjusted and adjusted_at < self.until:
            self.world.adjust(order.button_order_id, adjusted[0].basket, at=adjusted_at)
        if ends_at < self.until:
            end = self.world.decline if is_declined else self.world.validate
            end(order.button_order_id, at=ends_at)
        return order, ends_at

    def _purchase(
        self, brand: Brand, number: int, *, at: datetime, chance: random.Random
    ) -> Purchase:
        key = f"history/{brand.id}/{number}"
        currency = chance.choices(list(CURRENCY_WEIGHTS), list(CURRENCY_WEIGHTS.values()))[0]
        return Purchase(
            key=key,
            organization=self.world.organizations[0],
            brand=brand,
            currency=currency,
            basket=basket_of(brand.goods, currency, chance=chance),
            purchased_at=at,
            customer=f"member-{chance.randint(1, max(self.members, 1))}",
            btn_ref=make_id("srctok", self.world.seed, key),
            country=catalog.COUNTRIES[currency],
        )


def _pace(chance: random.Random) -> float:
    """Of the window: most a little after it, some much later."""
    if chance.random() * 100 < SLOW_PERCENT:
        return chance.uniform(1.2, 1.6)
    return chance.uniform(0.9, 1.15)
