"""Whatever the terms and the order: the parts are the whole, and no float comes near them."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.rules.reward import OrderFacts, Terms, reward_for, reward_of
from offers.rules.terms import CategoryShare, TermsKind
from rewards_site.button.schemas import LineItem
from rewards_site.kernel.currencies import EXPONENTS
from tests.offers.rules.strategies import AMOUNTS, BPS, any_terms, orders


@given(any_terms(), orders())
def test_the_members_part_and_the_publishers_are_the_commission(
    terms: Terms, order: OrderFacts
) -> None:
    reward = reward_of(terms, order)

    assert type(reward.minor) is int
    assert type(reward.margin_minor) is int
    assert reward.minor >= 0
    if terms.is_points:
        assert (reward.currency, reward.margin_minor) == ("PTS", order.commission_minor)
    else:
        assert reward.currency == order.currency
        assert reward.minor + reward.margin_minor == order.commission_minor
        assert reward.minor <= max(0, order.commission_minor)


@given(any_terms(), orders(), AMOUNTS, AMOUNTS)
def test_a_higher_cap_never_pays_less(
    terms: Terms, order: OrderFacts, one: int, another: int
) -> None:
    low, high = sorted([one, another])

    capped_low = reward_of(replace(terms, cap_minor=low), order).minor
    capped_high = reward_of(replace(terms, cap_minor=high), order).minor
    uncapped = reward_of(replace(terms, cap_minor=None), order).minor

    assert capped_low <= capped_high <= uncapped


@given(any_terms(), orders(), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_never_matters(
    terms: Terms, order: OrderFacts, chance: random.Random
) -> None:
    lines = list(order.lines)
    chance.shuffle(lines)

    shuffled = reward_of(terms, replace(order, lines=lines))

    assert (shuffled.minor, shuffled.margin_minor) == (
        reward_of(terms, order).minor,
        reward_of(terms, order).margin_minor,
    )


@given(BPS, orders())
def test_a_category_that_pays_like_the_others_makes_no_difference(
    share_bps: int, order: OrderFacts
) -> None:
    plain = Terms(share_bps=share_bps, source="default share")
    same = CategoryShare(category="Shoes", share_bps=share_bps)

    reward = reward_of(replace(plain, category_shares=(same,)), order)

    assert reward.minor == reward_for(plain, commission_minor=order.commission_minor)


@pytest.mark.slow
def test_a_hundred_thousand_orders_are_split_exactly() -> None:
    """Against the sum in words of the contract, by fractions; every currency, up to 10^15."""
    chance = random.Random(20261122)
    currencies = sorted(EXPONENTS)
    for _ in range(120_000):
        size = 10 ** chance.randrange(1, 15)
        told = [chance.randrange(-size // 4, size) for _ in range(chance.randrange(6))]
        names = [chance.choice(["Shoes", "Socks", "Gift cards", None]) for _ in told]
        shares = {name: chance.randrange(10_001) for name in ("Shoes", "Socks")}
        rest_bps = chance.randrange(10_001)
        lines = [
            LineItem(category=name, commission_minor=minor)
            for name, minor in zip(names, told, strict=True)
        ]
        terms = Terms(
            share_bps=rest_bps,
            source="rule: by chance",
            category_shares=tuple(
                CategoryShare(category=name, share_bps=bps) for name, bps in shares.items()
            ),
        )
        facts = OrderFacts(
            commission_minor=sum(told), currency=chance.choice(currencies), lines=lines
        )

        reward = reward_of(terms, facts)

        exact = sum(
            (
                Fraction(minor * shares.get(name or "", rest_bps), 10_000)
                for name, minor in zip(names, told, strict=True)
            ),
            Fraction(0),
        )
        whole = max(0, sum(told))
        assert reward.minor == min(max(0, exact.numerator // exact.denominator), whole)
        assert reward.minor + reward.margin_minor == sum(told)


@pytest.mark.slow
def test_a_hundred_thousand_orders_earn_points_exactly() -> None:
    chance = random.Random(20261122)
    for _ in range(100_000):
        currency = chance.choice(["USD", "JPY", "KWD", "CLF"])
        points = Decimal(chance.randrange(1, 10**6)).scaleb(-chance.randrange(5))
        commission_minor = chance.randrange(1, 10 ** chance.randrange(1, 9))
        terms = Terms(
            kind=TermsKind.POINTS_PER_UNIT, points=points, currency=currency, source="rule: points"
        )

        reward = reward_of(terms, OrderFacts(commission_minor=commission_minor, currency=currency))

        ten_thousandths = int(points.scaleb(4))
        units = 10**4 * 10 ** EXPONENTS[currency]
        assert reward.minor == ten_thousandths * commission_minor // units
        assert reward.margin_minor == commission_minor
