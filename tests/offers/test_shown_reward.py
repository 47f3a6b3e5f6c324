"""What Button lists and terms → what a member is shown: exact, rounded down, never too much."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.rules.reward import OrderFacts, reward_of
from offers.rules.terms import CategoryShare, Terms, TermsKind
from offers.shown_reward import (
    RewardType,
    ShownReward,
    conditions_of,
    label_of,
    nothing_like,
    shown_reward,
)

HALF = Terms(share_bps=5000, source="default share")
TWO = Terms(kind=TermsKind.FIXED, fixed_minor=200, currency="USD", source="rule")
HUNDRED = Terms(kind=TermsKind.POINTS_FIXED, points=Decimal(100), source="rule")
TEN_PER_USD = Terms(
    kind=TermsKind.POINTS_PER_UNIT, points=Decimal(10), currency="USD", source="rule"
)
SHOES = CategoryShare(category="Shoes", share_bps=8000)
SOCKS = CategoryShare(category="Socks", share_bps=2000)
GIFT_CARDS = CategoryShare(category="Gift cards", share_bps=0)


def told(reward: ShownReward) -> tuple[str, str, str | None]:
    return str(reward.type), reward.value, reward.currency


def of(
    listed: str, terms: Terms, *, currency: str | None = None, category: str | None = None
) -> tuple[str, str, str | None]:
    return told(shown_reward(Decimal(listed), currency=currency, terms=terms, category=category))


@pytest.mark.parametrize(
    ("listed", "bps", "value"),
    [
        ("4.5", 5000, "2.25"),
        ("8", 5000, "4"),
        ("4E+2", 10_000, "400"),
        ("200", 5000, "100"),
        ("4.25", 3333, "1.4165"),  # 1.416525: down, and nothing of the share can be read from it
        ("0.0001", 5000, "0"),
        ("10.10", 10_000, "10.1"),
        ("6.5", 0, "0"),
        ("6.5", -1, "0"),
        ("6.5", 20_000, "6.5"),  # more than the commission is for promotions alone
    ],
)
def test_a_share_of_a_percentage_is_a_percentage(listed: str, bps: int, value: str) -> None:
    assert of(listed, replace(HALF, share_bps=bps)) == ("percent", value, None)


def test_a_promotion_may_show_more_than_is_listed() -> None:
    boosted = replace(HALF, share_bps=20_000, is_promotion=True)

    assert of("6.5", boosted) == ("percent", "13", None)
    assert of("2.50", boosted, currency="GBP") == ("fixed", "5.00", "GBP")


@pytest.mark.parametrize(
    ("listed", "currency", "value"),
    [
        ("2.50", "GBP", "1.25"),
        ("2.55", "GBP", "1.27"),  # half of 255 pence is 127.5
        ("2.509", "GBP", "1.25"),  # pence are what is paid
        ("251", "JPY", "125"),
        ("0.005", "KWD", "0.002"),
        ("0", "USD", "0.00"),
    ],
)
def test_a_share_of_an_amount_is_an_amount_of_whole_minor_units(
    listed: str, currency: str, value: str
) -> None:
    assert of(listed, HALF, currency=currency) == ("fixed", value, currency)


def test_a_share_of_an_amount_keeps_to_the_currency_and_the_cap_of_the_terms() -> None:
    capped = replace(HALF, currency="USD", cap_minor=100)

    assert of("2.50", capped, currency="USD") == ("fixed", "1.00", "USD")
    assert of("2.50", capped, currency="GBP") == ("fixed", "0.00", "GBP")


def test_a_fixed_amount_is_at_most_what_is_listed() -> None:
    assert of("4.5", TWO) == ("fixed", "2.00", "USD")
    assert of("5.00", TWO, currency="USD") == ("fixed", "2.00", "USD")
    assert of("1.50", TWO, currency="USD") == ("fixed", "1.50", "USD")
    assert of("0", TWO, currency="USD") == ("fixed", "0.00", "USD")


def test_a_fixed_amount_of_a_promotion_may_be_more() -> None:
    assert of("1.50", replace(TWO, is_promotion=True), currency="USD") == ("fixed", "2.00", "USD")


def test_a_fixed_amount_is_nothing_in_another_currency() -> None:
    assert of("5.00", TWO, currency="EUR") == ("fixed", "0.00", "EUR")


def test_points_for_an_order() -> None:
    assert of("4.5", HUNDRED) == ("points", "100", None)
    assert of("1.00", HUNDRED, currency="GBP") == ("points", "100", None)
    assert of("1.00", replace(HUNDRED, currency="USD"), currency="GBP") == ("points", "0", None)
    assert of("4.5", replace(HUNDRED, cap_minor=60)) == ("points", "60", None)
    assert of("4.5", replace(HUNDRED, points=Decimal("1E+3"))) == ("points", "1000", None)


def test_points_per_unit_of_the_commission_are_points_for_what_is_spent() -> None:
    assert of("4", TEN_PER_USD) == ("points", "0.4", "USD")
    assert of("4.55", replace(TEN_PER_USD, points=Decimal("2.5"))) == ("points", "0.1137", "USD")
    assert of("4", replace(TEN_PER_USD, currency=None)) == ("points", "0", None)


def test_points_per_unit_of_a_listed_amount_are_points_for_the_order() -> None:
    assert of("2.59", TEN_PER_USD, currency="USD") == ("points", "25", None)
    assert of("2.59", replace(TEN_PER_USD, cap_minor=20), currency="USD") == ("points", "20", None)
    assert of("2.59", TEN_PER_USD, currency="GBP") == ("points", "0", None)


@pytest.mark.parametrize(
    ("category", "value"),
    [
        (None, "3.25"),
        ("Running shoes", "3.25"),
        ("shoes ", "3.25"),  # the lines may say «Footwear», or nothing
        ("Socks", "1.3"),
        ("Shoes, Socks", "1.3"),
        ("Gift cards", "0"),
        ("Shoes, Gift cards", "0"),
    ],
)
def test_an_offer_of_a_category_shows_its_share_only_where_that_is_less(
    category: str | None, value: str
) -> None:
    terms = replace(HALF, category_shares=(SHOES, SOCKS, GIFT_CARDS))

    assert of("6.5", terms, category=category) == ("percent", value, None)


def test_labels() -> None:
    def label(kind: str, value: str, currency: str | None, category: str | None = None) -> str:
        reward = ShownReward(type=RewardType(kind), value=value, currency=currency)
        return label_of(reward, category=category)

    assert label("percent", "2.25", None, "Running shoes") == "2.25 % back on Running shoes"
    assert label("percent", "4", None) == "4 % back"
    assert label("fixed", "2.50", "USD") == "2.50 USD back per order"
    assert label("points", "100", None) == "100 points per order"
    assert label("points", "1", None) == "1 point per order"
    assert label("points", "0.4", "USD", "Shoes") == "0.4 points per USD spent on Shoes"
    assert label("fixed", "0.00", "USD", "Shoes") == "No reward on Shoes"
    assert label("percent", "4", None, "x" * 500) == f"4 % back on {'x' * 118} …"


def test_nothing_like_it_is_of_the_same_kind() -> None:
    fixed = ShownReward(type=RewardType.FIXED, value="250", currency="JPY")
    points = ShownReward(type=RewardType.POINTS, value="0.4", currency="USD")

    assert told(nothing_like(fixed)) == ("fixed", "0", "JPY")
    assert told(nothing_like(points)) == ("points", "0", "USD")
    assert nothing_like(points).is_nothing
    assert not fixed.is_nothing


def test_conditions_in_words() -> None:
    share = replace(
        HALF,
        currency="USD",
        cap_minor=2000,
        minimum_order_minor=5000,
        minimum_currency="GBP",
        category_shares=(
            replace(SHOES, currency="USD", cap_minor=500, minimum_order_minor=1),
            SOCKS,
            GIFT_CARDS,
        ),
    )

    assert conditions_of(HALF) == ()
    assert conditions_of(share) == (
        "Only where the store pays in USD.",
        "Only for orders of at least 50.00 GBP.",
        "At most 20.00 USD per order.",
        "«Shoes» earns more than the rest of the order, where the store pays in USD, for orders "
        "of at least 0.01 USD, at most 5.00 USD per order.",
        "«Socks» earns less than the rest of the order.",
        "Nothing for «Gift cards».",
    )
    assert conditions_of(TWO) == (
        "Only where the store pays in USD.",
        "A small order may earn less.",
    )
    assert conditions_of(replace(HUNDRED, cap_minor=60)) == ("At most 60 points per order.",)


def test_a_category_that_makes_no_difference_is_no_condition() -> None:
    same = replace(SHOES, share_bps=5000)

    assert conditions_of(replace(HALF, category_shares=(same,))) == ()
    assert conditions_of(replace(HALF, share_bps=0, category_shares=(GIFT_CARDS,))) == ()
    assert conditions_of(replace(HALF, cap_minor=300, currency="USD", category_shares=(same,)))[
        -1
    ] == ("«Shoes» earns at the same rate.")
    assert conditions_of(replace(HALF, category_shares=(replace(same, currency="USD"),))) == (
        "«Shoes» earns at the same rate, where the store pays in USD.",
    )


def test_of_a_listed_amount_below_a_unit_nothing_is_paid_and_nothing_is_shown() -> None:
    order = OrderFacts(commission_minor=0, currency="USD")

    for terms in (HALF, TWO, replace(TWO, is_promotion=True), HUNDRED, TEN_PER_USD):
        shown = shown_reward(Decimal("0.004"), currency="USD", terms=terms)
        assert (shown.is_nothing, reward_of(terms, order).minor) == (True, 0)
    assert of("0.01", HUNDRED, currency="USD") == ("points", "100", None)


def test_no_more_points_are_shown_than_any_order_is_worth() -> None:
    many = Decimal(10) ** 18

    assert of("4", replace(HUNDRED, points=many)) == ("points", str(10**15), None)
    assert of("200", replace(TEN_PER_USD, points=many)) == ("points", str(10**15), "USD")
    assert conditions_of(replace(HUNDRED, cap_minor=10**16)) == (
        f"At most {10**15} points per order.",
    )
