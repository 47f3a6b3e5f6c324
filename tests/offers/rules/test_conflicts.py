"""Before a rule is published, ops read what it would compete with, and what could never win."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from offers.rules.conflicts import dead, overlaps
from offers.rules.match import Rule, most_specific
from offers.rules.reward import Terms
from offers.rules.terms import TermsKind
from offers.rules.window import Window
from tests.factories import NOON
from tests.offers.rules.strategies import rules, versions_of

HOUR = timedelta(hours=1)
SHARE = Terms(share_bps=1000, source="rule: a test")
POINTS = Terms(kind=TermsKind.POINTS_FIXED, points=Decimal(100), source="rule: points")
SPRING = Rule(id="r-1", version=1, name="Spring", published_at=NOON, terms=SHARE)
EASTER = replace(SPRING, id="r-2", name="Easter", published_at=NOON + HOUR)
BRAND = replace(SPRING, id="r-3", name="Brand", merchant_id="org-a")
SHOES = replace(SPRING, id="r-4", name="Shoes", category="Shoes")


def test_two_rules_for_the_same_compete() -> None:
    assert overlaps([SPRING, EASTER]) == (
        "«Easter» (version 1) and «Spring» (version 1) compete for every merchant, both with "
        "priority 0, from 2026-11-20 13:00 UTC on: «Easter» (version 1) goes first, as it was "
        "published later.",
    )


def test_the_time_both_hold_is_told() -> None:
    ended = replace(SPRING, withdrawn_at=NOON + 3 * HOUR)
    brief = replace(EASTER, window=Window(starts_at=NOON + 2 * HOUR, ends_at=NOON + 9 * HOUR))

    (sentence,) = overlaps([ended, brief])

    assert "from 2026-11-20 14:00 UTC until 2026-11-20 15:00 UTC:" in sentence


def test_categories_compete_however_they_are_written() -> None:
    again = replace(SHOES, id="r-5", name="Again", category=" shoes", merchant_id=None)

    (sentence,) = overlaps([SHOES, again])

    assert "compete for every merchant, category «" in sentence


def test_what_something_else_decides_does_not_compete() -> None:
    alone = [
        SPRING,
        replace(SPRING, version=2, published_at=NOON + HOUR),  # what the rule has become
        replace(EASTER, priority=1),
        BRAND,
        replace(BRAND, id="r-6", merchant_id="org-b"),
        SHOES,
        replace(SHOES, id="r-7", category="Socks"),
    ]

    assert overlaps(alone) == ()


def test_rules_that_follow_each_other_do_not_compete() -> None:
    first = replace(SPRING, window=Window(ends_at=NOON + 5 * HOUR))
    second = replace(EASTER, window=Window(starts_at=NOON + 5 * HOUR))

    assert overlaps([first, second]) == ()


def test_what_is_over_is_no_matter() -> None:
    ended = replace(SPRING, withdrawn_at=NOON + 3 * HOUR)
    never = replace(BRAND, withdrawn_at=NOON + 3 * HOUR, priority=-1)

    assert overlaps([ended, EASTER], since=NOON + 3 * HOUR) == ()
    assert dead([SPRING, replace(SPRING, id="r-9", priority=1), never], since=NOON + 3 * HOUR) == (
        "«Spring» (version 1) can never win: «Spring» (version 1) always goes before it.",
    )


def test_a_category_beside_points_is_told_to_pay_nothing() -> None:
    (sentence,) = overlaps([replace(SPRING, name="Points", terms=POINTS), SHOES])

    assert sentence == (
        "«Shoes» (version 1) pays nothing where «Points» (version 1) holds, from 2026-11-20 12:00 "
        "UTC on: a category has a share of its own only beside a share of the commission."
    )


def test_a_category_that_goes_after_points_is_dead_not_in_conflict() -> None:
    points = replace(SPRING, name="Points", terms=POINTS, priority=1)

    assert overlaps([points, SHOES]) == ()
    assert dead([points, SHOES]) == (
        "«Shoes» (version 1) can never win: «Points» (version 1) always goes before it.",
    )


def test_a_category_beside_another_merchants_points_is_no_matter() -> None:
    brand_shoes = replace(SHOES, merchant_id="org-b")

    assert overlaps([replace(BRAND, terms=POINTS), brand_shoes]) == ()


def test_a_rule_that_another_always_goes_before_is_dead() -> None:
    assert dead([BRAND, replace(SPRING, priority=1)]) == (
        "«Brand» (version 1) can never win: «Spring» (version 1) always goes before it.",
    )


def test_a_rule_is_alive_if_it_has_a_moment() -> None:
    brief = replace(SPRING, priority=1, window=Window(ends_at=NOON + 9 * HOUR))

    assert dead([BRAND, brief]) == ()
    assert dead([replace(BRAND, withdrawn_at=NOON + 9 * HOUR), brief]) == (
        "«Brand» (version 1) can never win: «Spring» (version 1) always goes before it.",
    )


def test_rules_that_cover_one_together_are_all_named() -> None:
    first = replace(SPRING, priority=1, window=Window(ends_at=NOON + 5 * HOUR))
    second = replace(EASTER, priority=1, window=Window(starts_at=NOON + 5 * HOUR))

    assert dead([BRAND, first, second]) == (
        "«Brand» (version 1) can never win: «Spring» (version 1), «Easter» (version 1) always go "
        "before it.",
    )


def test_a_rule_that_never_holds_is_dead() -> None:
    late = replace(SPRING, window=Window(ends_at=NOON))

    assert dead([late]) == ("«Spring» (version 1) never holds: it is over before it begins.",)


MOMENTS = [
    NOON + hours * HOUR + step
    for hours, step in product(range(10), (timedelta(0), timedelta.resolution))
]
BASKETS = [
    set(basket)
    for size in range(4)
    for basket in combinations(["Shoes", "Socks", "Gift cards"], size)
]


@given(st.lists(rules(), max_size=6, unique_by=versions_of))
def test_the_dead_are_those_that_no_order_ever_meets(some: list[Rule]) -> None:
    met = {
        versions_of(found)
        for merchant, at, basket in product(["org-a", "org-b", "org-c"], MOMENTS, BASKETS)
        if (found := most_specific(some, merchant_id=merchant, at=at, categories=basket))
    }

    told = dead(some)

    for rule in some:
        is_dead = any(
            sentence.startswith(f"«{rule.id}» (version {rule.version}) ") for sentence in told
        )
        assert is_dead is (versions_of(rule) not in met)


@given(st.lists(rules(), max_size=6, unique_by=versions_of), st.randoms(use_true_random=False))
def test_what_is_told_does_not_hang_on_the_order_of_the_rules(
    some: list[Rule], chance: random.Random
) -> None:
    told = overlaps(some), dead(some)
    chance.shuffle(some)

    assert (overlaps(some), dead(some)) == told
