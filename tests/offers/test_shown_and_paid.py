"""Whatever the terms, and however the lines are worded: never more is shown than is paid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from offers.rules.reward import OrderFacts, reward_of
from offers.rules.terms import CategoryShare, Terms, TermsKind
from offers.shown_reward import RewardType, shown_reward
from rewards_site.button.schemas import LineItem
from rewards_site.kernel.currencies import exponent_of
from tests.offers.rules.strategies import any_terms

PLAIN = Terms(share_bps=5000, source="default share")
MONEY = st.sampled_from(["USD", "JPY", "KWD"])
PERCENTAGES = st.decimals(0, 60, places=3)
CATEGORY = st.none() | st.sampled_from(["Shoes", "Socks", "Shoes, Socks", "Toys"])
LINES = st.lists(
    st.sampled_from(["as the offer", "in part", "otherwise", "not at all"]), max_size=3
)
WORDED = st.tuples(CATEGORY, LINES)
"""What the offer is for, and how each line of the order says so."""
SHARING = st.builds(
    lambda share, shoes, socks: replace(
        PLAIN,
        share_bps=share,
        category_shares=(
            CategoryShare(category="Shoes", share_bps=shoes),
            CategoryShare(category="Socks", share_bps=socks),
        ),
    ),
    *[st.integers(0, 10_000)] * 3,
)
"""Any terms are seldom a share with one for the very category of the offer."""


@settings(max_examples=300)
@given(SHARING | any_terms(), PERCENTAGES, st.integers(0, 100), MONEY, WORDED)
def test_never_more_is_shown_than_an_order_without_conditions_is_paid(
    terms: Terms,
    percent: Decimal,
    thousands: int,
    currency: str,
    worded: tuple[str | None, list[str]],
) -> None:
    """Caps and minimums apart, which stand beside it in words: whatever its lines call it."""
    terms = _unconditional(terms)
    reward = shown_reward(percent, currency=None, terms=terms, category=worded[0])
    total_minor = thousands * 100_000  # of which each such percentage is a whole number
    commission_minor = int(percent * total_minor / 100)
    paid = reward_of(terms, _order(commission_minor, currency, *worded))

    assert "E" not in reward.value
    match reward.type:
        case RewardType.PERCENT:
            assert int(Fraction(reward.value) * total_minor / 100) <= paid.minor
        case RewardType.POINTS if reward.currency == currency:
            spent = Fraction(total_minor, 10 ** exponent_of(currency))
            assert int(Fraction(reward.value) * spent) <= paid.minor
        case RewardType.POINTS if reward.currency is None and commission_minor > 0:
            assert int(reward.value) <= paid.minor
        case RewardType.FIXED if reward.currency == currency:
            shown_minor = Fraction(reward.value) * 10 ** exponent_of(currency)
            assert min(shown_minor, commission_minor) <= paid.minor
        case _:  # in another currency, of an order that pays nothing: what is shown says so
            pass


@settings(max_examples=300)
@given(SHARING | any_terms(), st.integers(0, 10**6), MONEY, WORDED)
def test_of_a_listed_amount_never_more_is_shown_than_is_paid_to_the_unit(
    terms: Terms, minor: int, currency: str, worded: tuple[str | None, list[str]]
) -> None:
    terms = replace(terms, minimum_order_minor=None, minimum_currency=None)
    terms = replace(
        terms,
        category_shares=tuple(
            replace(share, minimum_order_minor=None) for share in terms.category_shares
        ),
    )
    listed = Decimal(minor).scaleb(-exponent_of(currency))
    reward = shown_reward(listed, currency=currency, terms=terms, category=worded[0])
    paid = reward_of(terms, _order(minor, currency, *worded))

    scale = 1 if reward.type is RewardType.POINTS else 10 ** exponent_of(currency)
    assert Fraction(reward.value) * scale <= paid.minor


def _unconditional(terms: Terms) -> Terms:
    kept = terms.currency if terms.kind in {TermsKind.FIXED, TermsKind.POINTS_PER_UNIT} else None
    shares = tuple(
        CategoryShare(category=share.category, share_bps=share.share_bps)
        for share in terms.category_shares
    )
    return replace(
        terms,
        cap_minor=None,
        minimum_order_minor=None,
        minimum_currency=None,
        currency=kept,
        category_shares=shares,
    )


def _order(
    commission_minor: int, currency: str, category: str | None, worded: list[str]
) -> OrderFacts:
    """An order of what the offer is for, as its lines word it: maybe not as the offer does."""
    words = {
        "as the offer": category,
        "in part": category.rsplit(", ", maxsplit=1)[-1] if category else None,
        "otherwise": "Footwear",
        "not at all": None,
    }
    each, rest = divmod(commission_minor, len(worded) or 1)
    lines = tuple(
        LineItem(category=words[how], commission_minor=each + (rest if number == 0 else 0))
        for number, how in enumerate(worded)
    )
    return OrderFacts(commission_minor=commission_minor, currency=currency, lines=lines)
