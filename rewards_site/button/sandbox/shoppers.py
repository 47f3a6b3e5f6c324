"""Members who buy: a steady stream of purchases, each with its life laid out from the start."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from functools import partial

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.agenda import Agenda
from rewards_site.button.sandbox.baskets import FREE_TRIAL, basket_of
from rewards_site.button.sandbox.chance import dice, make_id
from rewards_site.button.sandbox.life import DECK, OPENING, Fate, live
from rewards_site.button.sandbox.lives import Lives
from rewards_site.button.sandbox.records import (
    EXISTING_USER_ORDER,
    NEW_USER_ORDER,
    Oddities,
    Purchase,
)
from rewards_site.button.sandbox.world import World

DEFAULT_SPEED = 60.0
"""A minute of Button's pace takes a second."""

CURRENCY_WEIGHTS = {"USD": 50, "GBP": 25, "JPY": 15, "KWD": 10}


class Shoppers:
    """`count` members, `member-1` and on, who between them buy `orders_per_minute`.

    Call it under the world's lock, as the agenda that runs it must be. Order number n is the same
    for the same seed and count, whenever it happens and whatever happened before.
    """

    def __init__(
        self,
        *,
        world: World,
        agenda: Agenda,
        count: int,
        orders_per_minute: float,
        orders_max: int,
        speed: float = DEFAULT_SPEED,
    ) -> None:
        self._world = world
        self._agenda = agenda
        self._lives = Lives(world=world, agenda=agenda, speed=speed)
        self._count = count
        self._between = timedelta(minutes=1 / orders_per_minute)
        self._orders_max = orders_max
        self._is_buying = count > 0

    def open(self, at: datetime) -> None:
        """Plan the first purchase: it happens at once."""
        self._plan_purchase(1, due_at=at)

    def stop(self) -> None:
        """No further purchases; what was bought lives on."""
        self._is_buying = False

    def _plan_purchase(self, number: int, *, due_at: datetime) -> None:
        if self._is_buying and number <= self._orders_max:
            self._agenda.plan(due_at, partial(self._buy, number, due_at))

    def _buy(self, number: int, due_at: datetime, at: datetime) -> None:
        if not self._is_buying:
            return
        chance = dice(self._world.seed, "shoppers", number)
        fate = self._fate(number)
        purchase = self._purchase(number, fate=fate, chance=chance, at=at)
        life = live(fate, purchase.basket, chance=chance)
        self._lives.begin(purchase, fate=fate, life=life)
        # Counted from when it was due, so that a slow tick makes no order less.
        pause = self._between * dice(self._world.seed, "pause", number).uniform(0.5, 1.5)
        self._plan_purchase(number + 1, due_at=due_at + pause)

    def _fate(self, number: int) -> Fate:
        if number <= len(OPENING):
            return OPENING[number - 1]
        hand, place = divmod(number - len(OPENING) - 1, len(DECK))
        return dice(self._world.seed, "deck", hand).sample(DECK, len(DECK))[place]

    def _purchase(
        self, number: int, *, fate: Fate, chance: random.Random, at: datetime
    ) -> Purchase:
        is_opening = number <= len(OPENING)
        # The first orders go round the currencies, so that every account opens early.
        currencies = list(CURRENCY_WEIGHTS)
        currency = (
            currencies[(number - 1) % len(currencies)]
            if is_opening
            else chance.choices(currencies, list(CURRENCY_WEIGHTS.values()))[0]
        )
        brand = chance.choice(catalog.BRANDS)
        country = catalog.COUNTRIES[currency]
        is_known = is_opening or chance.random() >= 0.04
        has_pub_ref = chance.random() < 0.8
        return Purchase(
            key=f"shoppers/{number}",
            organization=self._world.organizations[0],
            brand=brand,
            currency=currency,
            basket=(
                FREE_TRIAL if fate is Fate.ZERO else basket_of(brand.goods, currency, chance=chance)
            ),
            purchased_at=at,
            customer=f"member-{(number - 1) % self._count + 1}" if is_known else None,
            pub_ref=make_id("c", self._world.seed, number) if has_pub_ref else None,
            btn_ref=make_id("srctok", self._world.seed, "shoppers", number),
            category=EXISTING_USER_ORDER if chance.random() < 0.15 else NEW_USER_ORDER,
            country=country.lower() if chance.random() < 0.3 else country,
            channel=chance.choice(["app", "app", "webview"]),
            oddities=Oddities(
                has_category_lists=chance.random() < 0.1,
                has_line_totals=fate is not Fate.ZERO and chance.random() >= 0.2,
                has_lines_when_final=chance.random() < 0.5,
                has_unknown_fields=chance.random() < 0.1,
            ),
        )
