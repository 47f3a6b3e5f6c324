"""Shares of categories: by the lines last told, summed, floored once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from offers.rules.reward import OrderFacts, Terms, reward_of
from offers.rules.terms import CategoryShare
from rewards_site.button.schemas import LineItem

SHOES = CategoryShare(category="Shoes", share_bps=7000)
TERMS = Terms(share_bps=5000, source="default share", category_shares=(SHOES,))


def order(commission_minor: int, *lines: tuple[str | None, int]) -> OrderFacts:
    return OrderFacts(
        commission_minor=commission_minor,
        currency="USD",
        lines=tuple(LineItem(category=name, commission_minor=minor) for name, minor in lines),
    )


def test_each_line_goes_by_the_share_of_its_category() -> None:
    reward = reward_of(TERMS, order(587, ("Shoes", 480), ("Socks", 147), (None, -40)))

    assert (reward.minor, reward.margin_minor) == (389, 198)  # 336 + 73.5 - 20 = 389.5
    assert reward.why == "The shares of the lines, summed, then rounded down."


def test_shares_are_summed_before_they_are_floored() -> None:
    # Floored line by line this is 0.
    reward = reward_of(TERMS, order(4, ("Shoes", 1), ("Shoes", 1), ("Socks", 1), ("Socks", 1)))

    assert reward.minor == 2  # 0.7 + 0.7 + 0.5 + 0.5 = 2.4


def test_without_lines_all_goes_by_the_share_of_the_terms() -> None:
    reward = reward_of(TERMS, order(1001))

    assert (reward.minor, reward.why) == (500, "The share of the commission, rounded down.")


def test_what_the_lines_leave_unexplained_goes_by_the_share_of_the_terms() -> None:
    assert reward_of(TERMS, order(1000, ("Shoes", 400))).minor == 580  # 280 + 600 / 2


def test_lines_that_claim_more_than_the_commission_count_for_less_in_proportion() -> None:
    # Told of an order that was cut down to a tenth since.
    assert reward_of(TERMS, order(100, ("Shoes", 1000))).minor == 70
    assert reward_of(TERMS, order(100, ("Shoes", 500), ("Socks", 500))).minor == 60


def test_a_returned_line_takes_back_at_the_share_it_gave() -> None:
    assert reward_of(TERMS, order(300, ("Shoes", 1000), ("Shoes", -700))).minor == 210


def test_lines_never_make_more_than_the_commission_or_less_than_nothing() -> None:
    only_shoes = replace(TERMS, share_bps=0)

    rich = reward_of(only_shoes, order(100, ("Shoes", 1000), ("Socks", -900)))
    poor = reward_of(only_shoes, order(100, ("Shoes", -900), ("Socks", 1000)))

    assert (rich.minor, rich.margin_minor) == (100, 0)
    assert rich.why.endswith("At most the commission.")
    assert (poor.minor, poor.margin_minor) == (0, 100)


@pytest.mark.parametrize("told", ["shoes", " SHOES ", "Sport, Shoes", "Shoes,Sport"])
def test_a_category_is_known_by_its_name_however_it_is_written(told: str) -> None:
    assert reward_of(TERMS, order(1000, (told, 1000))).minor == 700


@pytest.mark.parametrize("told", ["Snowshoes", "Shoes & bags", "", "Shoe s"])
def test_another_category_is_another_one(told: str) -> None:
    assert reward_of(TERMS, order(1000, (told, 1000))).minor == 500


def test_a_comma_may_be_part_of_a_category() -> None:
    home = CategoryShare(category="Home, Garden", share_bps=1000)
    terms = replace(TERMS, category_shares=(home,))

    assert reward_of(terms, order(1000, ("Home, Garden", 1000))).minor == 100
    assert reward_of(terms, order(1000, ("Garden", 1000))).minor == 500


def test_of_two_categories_of_a_line_the_stronger_rule_pays() -> None:
    sport = CategoryShare(category="Sport", share_bps=1000)
    both = order(1000, ("Sport, Shoes", 1000))

    assert reward_of(replace(TERMS, category_shares=(sport, SHOES)), both).minor == 100
    assert reward_of(replace(TERMS, category_shares=(SHOES, sport)), both).minor == 700


def test_a_cap_of_a_category_binds_its_lines_alone() -> None:
    capped = replace(SHOES, cap_minor=100, currency="USD")
    terms = replace(TERMS, category_shares=(capped,))

    reward = reward_of(terms, order(2000, ("Shoes", 1000), ("Socks", 1000)))

    assert reward.minor == 600
    assert reward.why == (
        "The shares of the lines, summed, then rounded down. Capped at 1.00 USD per order."
    )


def test_a_minimum_of_the_terms_binds_the_other_lines_alone() -> None:
    terms = replace(TERMS, minimum_order_minor=5000, minimum_currency="USD")
    small = replace(
        order(2000, ("Shoes", 1000), ("Socks", 1000)), order_total_minor=100, order_currency="USD"
    )

    reward = reward_of(terms, small)

    assert (reward.minor, reward.margin_minor) == (700, 1300)
    assert reward.why == (
        "The shares of the lines, summed, then rounded down. "
        "Nothing for other lines: the order is below the minimum of 50.00 USD."
    )


def test_a_minimum_of_a_category_that_is_not_met_pays_its_lines_nothing() -> None:
    dear = replace(SHOES, minimum_order_minor=5000, currency="USD")

    reward = reward_of(
        replace(TERMS, category_shares=(dear,)), order(2000, ("Shoes", 1000), ("Socks", 1000))
    )

    assert reward.minor == 500
    assert "Nothing for «Shoes»: there is a minimum order" in reward.why
