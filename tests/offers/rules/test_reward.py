"""What an order is worth to its member, by each kind of terms; to the minor unit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.rules.reward import ORDER_POINTS_MAX, OrderFacts, Reward, Terms, reward_for, reward_of
from offers.rules.terms import TermsKind

HALF = Terms(share_bps=5000, source="default share")
TWO_USD = Terms(kind=TermsKind.FIXED, fixed_minor=200, currency="USD", source="rule: two")
HUNDRED_POINTS = Terms(kind=TermsKind.POINTS_FIXED, points=Decimal(100), source="rule: points")
TEN_A_DOLLAR = Terms(
    kind=TermsKind.POINTS_PER_UNIT, points=Decimal(10), currency="USD", source="rule: ten"
)


def usd(commission_minor: int, *, total_minor: int | None = None) -> OrderFacts:
    return OrderFacts(
        commission_minor=commission_minor,
        currency="USD",
        order_total_minor=total_minor,
        order_currency=None if total_minor is None else "USD",
    )


@pytest.mark.parametrize(
    ("commission_minor", "minor"), [(1001, 500), (1, 0), (0, 0), (-1001, 0), (10**15, 5 * 10**14)]
)
def test_a_share_is_floored_once_and_never_below_0(commission_minor: int, minor: int) -> None:
    assert reward_for(HALF, commission_minor=commission_minor) == minor
    assert reward_of(HALF, usd(commission_minor)).minor == minor


def test_a_reward_says_what_is_kept_and_how_it_came() -> None:
    assert reward_of(HALF, usd(1001)) == Reward(
        minor=500,
        currency="USD",
        margin_minor=501,
        why="The share of the commission, rounded down.",
    )


@pytest.mark.parametrize("terms", [HALF, TWO_USD, HUNDRED_POINTS, TEN_A_DOLLAR])
@pytest.mark.parametrize("commission_minor", [0, -1, -5000])
def test_nothing_is_paid_while_the_commission_is_not_above_0(
    terms: Terms, commission_minor: int
) -> None:
    reward = reward_of(replace(terms, is_promotion=True), usd(commission_minor))

    assert (reward.minor, reward.margin_minor) == (0, commission_minor)
    assert reward.why == "Nothing: the commission is not above 0."


@pytest.mark.parametrize(
    ("commission_minor", "minor", "why"),
    [
        (1000, 200, "A fixed amount per order."),
        (200, 200, "A fixed amount per order."),
        (199, 199, "A fixed amount per order. At most the commission."),
    ],
)
def test_a_fixed_amount_is_at_most_the_commission(
    commission_minor: int, minor: int, why: str
) -> None:
    reward = reward_of(TWO_USD, usd(commission_minor))

    assert (reward.minor, reward.currency, reward.why) == (minor, "USD", why)


def test_an_approved_promotion_may_pay_more_than_the_commission() -> None:
    reward = reward_of(replace(TWO_USD, is_promotion=True), usd(1))

    assert (reward.minor, reward.margin_minor) == (200, -199)


def test_a_share_above_the_whole_pays_it_only_as_a_promotion() -> None:
    rule = Terms(share_bps=15_000, source="rule: all and a half", rule_id="rule-1", version=1)

    assert reward_of(rule, usd(1000)).minor == 1000
    assert reward_for(rule, commission_minor=1000) == 1000
    assert reward_of(replace(rule, is_promotion=True), usd(1000)).minor == 1500


def test_a_fixed_amount_pays_only_in_its_currency() -> None:
    reward = reward_of(TWO_USD, OrderFacts(commission_minor=5000, currency="EUR"))

    assert (reward.minor, reward.currency, reward.margin_minor) == (0, "EUR", 5000)
    assert reward.why == "Nothing: it pays in USD only, and the commission is in EUR."


def test_points_per_order_take_nothing_of_the_commission() -> None:
    reward = reward_of(HUNDRED_POINTS, usd(1))

    assert reward == Reward(minor=100, currency="PTS", margin_minor=1, why="Points per order.")


@pytest.mark.parametrize(
    ("points", "commission_minor", "currency", "minor"),
    [
        ("10", 1999, "USD", 199),
        ("10", 9, "USD", 0),
        ("0.5", 399, "USD", 1),
        ("10", 1999, "JPY", 19_990),
        ("10", 1999, "KWD", 19),
        ("0.0001", 10**6, "USD", 1),
    ],
)
def test_points_per_unit_go_by_major_units_of_the_currency(
    points: str, commission_minor: int, currency: str, minor: int
) -> None:
    terms = replace(TEN_A_DOLLAR, points=Decimal(points), currency=currency)

    reward = reward_of(terms, OrderFacts(commission_minor=commission_minor, currency=currency))

    assert (reward.minor, reward.currency) == (minor, "PTS")


def test_no_order_is_worth_more_points_than_the_books_can_hold() -> None:
    terms = replace(TEN_A_DOLLAR, points=Decimal(ORDER_POINTS_MAX))

    assert reward_of(terms, usd(10**15)).minor == ORDER_POINTS_MAX


@pytest.mark.parametrize(
    ("terms", "cap_minor", "why"),
    [
        (HALF, 300, "The share of the commission, rounded down. Capped at 3.00 USD per order."),
        (TWO_USD, 150, "A fixed amount per order. Capped at 1.50 USD per order."),
        (HUNDRED_POINTS, 60, "Points per order. Capped at 60 PTS per order."),
        (
            TEN_A_DOLLAR,
            60,
            "Points per USD of the commission, rounded down. Capped at 60 PTS per order.",
        ),
    ],
)
def test_a_cap_is_the_most_of_one_order(terms: Terms, cap_minor: int, why: str) -> None:
    capped = replace(terms, cap_minor=cap_minor, currency="USD")

    reward = reward_of(capped, usd(1000))

    assert (reward.minor, reward.why) == (cap_minor, why)


@pytest.mark.parametrize(
    ("total_minor", "minor", "why"),
    [
        (5000, 500, "The share of the commission, rounded down."),
        (4999, 0, "Nothing: the order is below the minimum of 50.00 USD."),
        (None, 0, "Nothing: there is a minimum order, and no order total in USD is told."),
    ],
)
def test_below_the_minimum_order_nothing_is_paid(
    total_minor: int | None, minor: int, why: str
) -> None:
    terms = replace(HALF, currency="USD", minimum_order_minor=5000)

    reward = reward_of(terms, usd(1000, total_minor=total_minor))

    assert (reward.minor, reward.margin_minor, reward.why) == (minor, 1000 - minor, why)


def test_a_minimum_order_has_a_currency_of_its_own() -> None:
    terms = replace(TWO_USD, minimum_order_minor=3000, minimum_currency="GBP")
    in_pounds = replace(usd(1000, total_minor=3000), order_currency="GBP")

    assert reward_of(terms, in_pounds).minor == 200
    assert reward_of(terms, replace(in_pounds, order_currency="USD")).minor == 0
    assert reward_of(terms, replace(in_pounds, order_currency=None)).minor == 0


@pytest.mark.parametrize(
    "terms", [TWO_USD, HUNDRED_POINTS, replace(HALF, cap_minor=1, currency="USD")]
)
def test_terms_that_need_more_than_the_commission_say_so(terms: Terms) -> None:
    with pytest.raises(ValueError, match="more of the order than its commission"):
        reward_for(terms, commission_minor=1000)
