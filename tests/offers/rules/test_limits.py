"""What a rule may not promise is said by its field, with the way out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.rules.limits import check_promise
from offers.rules.reward import Terms
from offers.rules.terms import CategoryShare, TermsKind
from rewards_site.kernel.errors import InvalidInput

HALF = Terms(share_bps=5000, source="rule: half")
FIXED = Terms(kind=TermsKind.FIXED, fixed_minor=200, currency="USD", source="rule: two")
POINTS = Terms(kind=TermsKind.POINTS_FIXED, points=Decimal(100), source="rule: points")
PER_UNIT = Terms(
    kind=TermsKind.POINTS_PER_UNIT, points=Decimal("2.5"), currency="USD", source="rule: per unit"
)


@pytest.mark.parametrize(
    "terms",
    [
        HALF,
        replace(HALF, share_bps=0),
        replace(HALF, share_bps=10_000),
        replace(HALF, share_bps=15_000, is_promotion=True),
        replace(HALF, cap_minor=500, currency="JPY"),
        replace(HALF, minimum_order_minor=500, minimum_currency="GBP"),
        FIXED,
        POINTS,
        replace(POINTS, points=Decimal("1E+2"), cap_minor=50),
        PER_UNIT,
    ],
)
def test_what_a_rule_may_promise(terms: Terms) -> None:
    check_promise(terms, category=None)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (replace(HALF, share_bps=-1), "share_bps"),
        (replace(HALF, share_bps=10_001), "share_bps"),
        (replace(HALF, share_bps=100_001, is_promotion=True), "share_bps"),
        (replace(HALF, cap_minor=500), "currency"),
        (replace(HALF, cap_minor=0, currency="USD"), "cap_minor"),
        (replace(HALF, currency="XYZ"), "currency"),
        (replace(HALF, currency="PTS"), "currency"),
        (replace(HALF, minimum_order_minor=500), "minimum_currency"),
        (replace(HALF, minimum_order_minor=-1, currency="USD"), "minimum_order_minor"),
        (replace(HALF, category_shares=(CategoryShare(category="A", share_bps=1),)),
         "category_shares"),
        (replace(FIXED, fixed_minor=0), "fixed_minor"),
        (replace(FIXED, fixed_minor=10**15 + 1), "fixed_minor"),
        (replace(FIXED, currency=None), "currency"),
        (replace(POINTS, points=Decimal("1.5")), "points"),
        (replace(POINTS, points=Decimal(0)), "points"),
        (replace(POINTS, points=Decimal("NaN")), "points"),
        (replace(POINTS, points=Decimal("Infinity")), "points"),
        (replace(PER_UNIT, points=Decimal("0.00001")), "points"),
        (replace(PER_UNIT, currency=None), "currency"),
    ],
)  # fmt: skip
def test_what_it_may_not(terms: Terms, field: str) -> None:
    with pytest.raises(InvalidInput) as told:
        check_promise(terms, category=None)

    assert list(told.value.fields) == [field]


def test_more_than_the_whole_commission_takes_a_second_person() -> None:
    with pytest.raises(InvalidInput, match="only as a promotion that a second person approves"):
        check_promise(replace(HALF, share_bps=10_001), category=None)


@pytest.mark.parametrize("terms", [FIXED, POINTS, PER_UNIT])
def test_a_category_has_only_a_share(terms: Terms) -> None:
    check_promise(HALF, category="Shoes")

    with pytest.raises(InvalidInput, match="Make it a share, or leave the category out") as told:
        check_promise(terms, category="Shoes")

    assert list(told.value.fields) == ["kind"]


@pytest.mark.parametrize("category", ["", "  "])
def test_a_category_has_a_name(category: str) -> None:
    with pytest.raises(InvalidInput) as told:
        check_promise(HALF, category=category)

    assert list(told.value.fields) == ["category"]
