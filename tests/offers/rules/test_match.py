"""Which rule holds: at its instants, by priority, by what is more specific, then the latest."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.rules.match import Rule, most_specific, terms_in_force
from offers.rules.reward import OrderFacts, Terms, reward_of
from offers.rules.terms import CategoryShare, TermsKind
from offers.rules.window import Window
from rewards_site.button.schemas import LineItem
from tests.factories import NOON
from tests.offers.rules.strategies import CATEGORIES, MERCHANTS, instants, maybe, rules, versions_of

DEFAULT = Terms(share_bps=5000, source="default share")
HOUR = timedelta(hours=1)
LATER = NOON + 9 * HOUR
ALL = Rule(
    id="all",
    version=1,
    published_at=NOON,
    terms=Terms(share_bps=1000, source="rule: all", rule_id="all", version=1),
)
SHOES = replace(
    ALL,
    id="shoes",
    category="Shoes",
    terms=Terms(share_bps=2000, source="rule: shoes", rule_id="shoes", version=1),
)
BRAND = replace(ALL, id="brand", merchant_id="org-a")
BRAND_SHOES = replace(SHOES, id="brand-shoes", merchant_id="org-a")


def winner(
    *rules: Rule, at: datetime = LATER, merchant: str = "org-a", category: str = "Shoes"
) -> str | None:
    found = most_specific(rules, merchant_id=merchant, at=at, categories=[category])
    return None if found is None else found.id


def test_what_is_more_specific_goes_first() -> None:
    assert winner(ALL, SHOES, BRAND, BRAND_SHOES) == "brand-shoes"
    assert winner(ALL, SHOES, BRAND) == "brand"
    assert winner(ALL, SHOES) == "shoes"
    assert winner(ALL) == "all"
    assert winner() is None


def test_other_merchants_and_categories_have_their_own() -> None:
    every = [ALL, SHOES, BRAND, BRAND_SHOES]

    assert winner(*every, category="Socks") == "brand"
    assert winner(*every, merchant="org-b") == "shoes"
    assert winner(*every, merchant="org-b", category="Socks") == "all"
    assert winner(BRAND, BRAND_SHOES, merchant="org-b") is None


def test_priority_goes_before_what_is_more_specific() -> None:
    assert winner(replace(ALL, priority=1), BRAND_SHOES) == "all"
    assert winner(replace(BRAND_SHOES, priority=-1), ALL) == "all"


def test_of_equals_the_one_published_latest_goes_first() -> None:
    newer = replace(ALL, version=2, published_at=NOON + HOUR)
    other = replace(ALL, id="older-but-seventh", version=7)

    found = most_specific([other, newer, ALL], merchant_id=None, at=LATER)

    assert found == newer


@pytest.mark.parametrize(
    ("after_noon", "holds"),
    [
        (timedelta(0), False),
        (timedelta(microseconds=1), True),
        (2 * HOUR - timedelta(microseconds=1), True),
        (2 * HOUR, False),
    ],
)
def test_a_rule_holds_after_it_is_published_until_it_is_withdrawn(
    after_noon: timedelta, holds: bool
) -> None:
    rule = replace(ALL, withdrawn_at=NOON + 2 * HOUR)

    assert (winner(rule, at=NOON + after_noon) == "all") is holds


@pytest.mark.parametrize(
    ("hours", "holds"), [(0.9, False), (1, True), (2.9, True), (3, False), (4, False)]
)
def test_a_rule_holds_within_its_window(hours: float, holds: bool) -> None:
    rule = replace(ALL, window=Window(starts_at=NOON + HOUR, ends_at=NOON + 3 * HOUR))

    assert (winner(rule, at=NOON + hours * HOUR) == "all") is holds


def test_a_later_version_for_december_leaves_november_to_the_earlier() -> None:
    december = replace(
        ALL, version=2, published_at=NOON + HOUR, window=Window(starts_at=NOON + 5 * HOUR)
    )

    before = most_specific([ALL, december], merchant_id=None, at=NOON + 4 * HOUR)
    after = most_specific([ALL, december], merchant_id=None, at=NOON + 5 * HOUR)

    assert (before, after) == (ALL, december)


RULES = st.lists(rules(), max_size=8, unique_by=versions_of)


@given(RULES, maybe(MERCHANTS), instants(), st.sets(CATEGORIES), st.randoms())
def test_the_order_of_the_rules_never_matters(
    some: list[Rule],
    merchant: str | None,
    at: datetime,
    categories: set[str],
    chance: random.Random,
) -> None:
    found = most_specific(some, merchant_id=merchant, at=at, categories=categories)
    terms = terms_in_force(some, merchant_id=merchant, at=at, default=DEFAULT)
    chance.shuffle(some)

    assert most_specific(some, merchant_id=merchant, at=at, categories=categories) == found
    assert terms_in_force(some, merchant_id=merchant, at=at, default=DEFAULT) == terms


@settings(max_examples=300)
@given(RULES, maybe(MERCHANTS), instants(), st.sets(CATEGORIES))
def test_the_rule_is_the_one_that_the_contract_names_in_words(
    some: list[Rule], merchant: str | None, at: datetime, categories: set[str]
) -> None:
    found = most_specific(some, merchant_id=merchant, at=at, categories=categories)

    assert found == slowly(some, merchant=merchant, at=at, categories=categories)


def slowly(
    some: Sequence[Rule], *, merchant: str | None, at: datetime, categories: set[str]
) -> Rule | None:
    """Contract, section 4, sentence by sentence."""
    left = [rule for rule in some if rule.published_at < at]
    left = [rule for rule in left if not (rule.withdrawn_at and rule.withdrawn_at <= at)]
    left = [rule for rule in left if not (rule.window.starts_at and at < rule.window.starts_at)]
    left = [rule for rule in left if not (rule.window.ends_at and at >= rule.window.ends_at)]
    left = [rule for rule in left if rule.merchant_id in {None, merchant}]
    left = [rule for rule in left if rule.category is None or rule.category in categories]
    left = [rule for rule in left if all(rule.priority >= other.priority for other in left)]
    for has_merchant, has_category in ((True, True), (True, False), (False, True), (False, False)):
        tier = [
            rule
            for rule in left
            if (rule.merchant_id is not None) is has_merchant
            and (rule.category is not None) is has_category
        ]
        if tier:
            tier.sort(key=lambda rule: (rule.published_at, rule.version, rule.id))
            return tier[-1]
    return None


def test_terms_bring_the_shares_of_categories_along() -> None:
    terms = terms_in_force([SHOES, BRAND], merchant_id="org-b", at=LATER, default=DEFAULT)

    assert terms == replace(
        DEFAULT,
        category_shares=(
            CategoryShare(
                category="Shoes",
                share_bps=2000,
                source="rule: shoes",
                rule_id="shoes",
                version=1,
            ),
        ),
    )


def test_of_two_rules_for_a_category_the_terms_bring_the_one_that_goes_first() -> None:
    terms = terms_in_force(
        [SHOES, replace(BRAND_SHOES, terms=replace(SHOES.terms, share_bps=3000)), ALL],
        merchant_id="org-a",
        at=LATER,
        default=DEFAULT,
    )

    assert [share.share_bps for share in terms.category_shares] == [3000]


def test_without_a_rule_the_terms_are_the_default() -> None:
    assert terms_in_force([BRAND], merchant_id="org-b", at=LATER, default=DEFAULT) == DEFAULT
    assert terms_in_force([], merchant_id=None, at=LATER, default=DEFAULT) == DEFAULT


def test_a_rule_for_all_that_goes_first_leaves_no_category_its_share() -> None:
    first = replace(ALL, priority=1)

    assert terms_in_force([first, SHOES], merchant_id=None, at=LATER, default=DEFAULT) == ALL.terms


def test_beside_points_no_line_has_a_share() -> None:
    points = Terms(kind=TermsKind.POINTS_FIXED, points=DEFAULT.points + 100, source="rule: p")
    rule = replace(ALL, terms=points)

    assert terms_in_force([rule, SHOES], merchant_id=None, at=LATER, default=DEFAULT) == points


@settings(max_examples=300)
@given(
    RULES,
    maybe(MERCHANTS),
    instants(),
    st.lists(st.tuples(maybe(CATEGORIES), st.integers(1, 999)), max_size=4),
)
def test_each_line_is_paid_by_the_rule_that_is_most_specific_for_it(
    some: list[Rule], merchant: str | None, at: datetime, told: list[tuple[str | None, int]]
) -> None:
    lines = [LineItem(category=name, commission_minor=minor) for name, minor in told]
    order = OrderFacts(
        commission_minor=sum(minor for _, minor in told), currency="USD", lines=lines
    )

    reward = reward_of(terms_in_force(some, merchant_id=merchant, at=at, default=DEFAULT), order)

    exact = Fraction(0)
    for name, minor in told:
        rule = slowly(some, merchant=merchant, at=at, categories={name} if name else set())
        exact += Fraction(minor * (rule.terms if rule else DEFAULT).share_bps, 10_000)
    assert reward.minor == exact.numerator // exact.denominator
