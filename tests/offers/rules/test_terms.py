"""Terms are stored with clicks and orders for years: what was stored once is read for ever."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.rules.terms import CategoryShare, Terms, TermsKind
from tests.offers.rules.strategies import any_terms


def test_a_plain_share_is_stored_byte_for_byte_as_before_there_were_rules() -> None:
    terms = Terms(share_bps=5000, source="default share")

    assert json.dumps(terms.as_json()) == (
        '{"type": "share", "share_bps": 5000, "source": "default share"}'
    )
    assert Terms.from_json({"type": "share", "share_bps": 5000, "source": "default share"}) == terms


@pytest.mark.parametrize("share_bps", [-1, 0, 10_000, 999_999])
def test_a_share_that_no_rule_could_have_is_still_read_as_it_stands(share_bps: int) -> None:
    stored = {"type": "share", "share_bps": share_bps, "source": "account: member"}

    assert Terms.from_json(stored).as_json() == stored


def test_every_condition_is_stored_by_its_name() -> None:
    terms = Terms(
        kind=TermsKind.POINTS_PER_UNIT,
        points=Decimal("2.5"),
        source="rule: spring",
        currency="USD",
        cap_minor=500,
        minimum_order_minor=2000,
        minimum_currency="GBP",
        is_promotion=True,
        rule_id="rule-7",
        version=3,
    )

    assert terms.as_json() == {
        "type": "points_per_unit",
        "points": "2.5",
        "source": "rule: spring",
        "currency": "USD",
        "cap_minor": 500,
        "minimum_order_minor": 2000,
        "minimum_currency": "GBP",
        "is_promotion": True,
        "rule_id": "rule-7",
        "version": 3,
    }


def test_shares_of_categories_are_stored_in_their_order() -> None:
    shares = (
        CategoryShare(category="Shoes", share_bps=7000, rule_id="rule-2", version=1),
        CategoryShare(category="Gift cards", share_bps=0, cap_minor=100, currency="USD"),
    )
    terms = Terms(share_bps=5000, source="default share", category_shares=shares)

    assert terms.as_json()["category_shares"] == [
        {"category": "Shoes", "share_bps": 7000, "rule_id": "rule-2", "version": 1},
        {"category": "Gift cards", "share_bps": 0, "currency": "USD", "cap_minor": 100},
    ]
    assert Terms.from_json(terms.as_json()) == terms


@given(any_terms())
def test_what_is_stored_is_read_back_unchanged(terms: Terms) -> None:
    stored = json.loads(json.dumps(terms.as_json()))

    assert Terms.from_json(stored) == terms
    assert Terms.from_json(stored).as_json() == terms.as_json()


@pytest.mark.parametrize(
    "stored",
    [
        {"type": "lottery", "source": "?"},
        {"type": "points_fixed", "points": "NaN", "source": "?"},
        {"type": "points_fixed", "points": "1E+999999999", "source": "?"},
        {"type": "points_fixed", "points": "many", "source": "?"},
        {"type": "share", "share_bps": 1, "source": "?", "cap_minor": "500"},
        {"type": "share", "share_bps": 1, "source": "?", "cap_minor": 5.5},
        {"type": "share", "share_bps": 1, "source": "?", "is_promotion": 1},
    ],
)
def test_what_is_none_of_ours_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"lottery|no number of points|of terms is (str|float|int)"
    ):
        Terms.from_json(stored)


@given(st.decimals(min_value=0, max_value=10**12, places=4))
def test_points_keep_every_digit(points: Decimal) -> None:
    terms = Terms(kind=TermsKind.POINTS_PER_UNIT, points=points, currency="USD", source="rule: p")

    assert Terms.from_json(terms.as_json()).points == points
