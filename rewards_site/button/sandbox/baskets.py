"""What shoppers put into a basket, and what a brand pays for it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.rates import Offer
from rewards_site.button.sandbox.records import Basket, Goods, Line, total_of
from rewards_site.kernel.currencies import exponent_of

FREE_TRIAL: Basket = (Line(identifier="trial", description="Free trial", amount=0),)
"""An order of nothing."""


def basket_of(goods: Sequence[Goods], currency: str, *, chance: random.Random) -> Basket:
    """One to three articles, sometimes with a discount; each line pays what its article pays."""
    count = chance.randint(1, min(3, len(goods)))
    lines = []
    for article in chance.sample(goods, count):
        amount, quantity = catalog.price_in(currency, article.cents), chance.choice([1, 1, 1, 2, 3])
        lines.append(
            Line(
                identifier=article.sku,
                description=article.description,
                category=article.category,
                subcategory=article.subcategory,
                amount=amount,
                quantity=quantity,
                commission=amount * quantity * article.bps // 10_000,
            )
        )
    spent = sum(line.total for line in lines)
    if spent > 0 and chance.random() < 0.15:
        off = spent // 10
        share = sum(line.commission for line in lines) // 10
        lines.append(
            Line(identifier="promo", description="10 % off", amount=-off, commission=-share)
        )
    return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    """What an order of an offer pays: a part of its total, or an amount for an order of any."""

    part: Fraction = Fraction(0)
    fixed_minor: int | None = None

    def of(self, total: int) -> int:
        """In minor units, rounded down once; nothing for an order of nothing."""
        if self.fixed_minor is not None:
            return self.fixed_minor if total > 0 else 0
        return max(0, floor(total * self.part))


def pay_of(offer: Offer, *, percent: int) -> Pay:
    """`percent`: how much of what it lists the brand pays."""
    if offer.rate_fixed is not None and offer.currency is not None:
        unit = int(10 ** exponent_of(offer.currency))
        return Pay(fixed_minor=floor(Fraction(offer.rate_fixed) * unit * percent / 100))
    return Pay(part=Fraction(offer.rate_percent or "0") * percent / 10_000)


def priced(basket: Basket, pay: Pay) -> Basket:
    """The same lines, each with its part of what the order pays: together exactly that."""
    total = total_of(basket)
    owed = pay.of(total)
    lines, so_far = [], 0
    for line in basket:
        before = _part(owed, so_far, total)
        so_far += line.total
        lines.append(replace(line, commission=_part(owed, so_far, total) - before))
    return tuple(lines)


def _part(owed: int, so_far: int, total: int) -> int:
    return owed * so_far // total if total else 0
