"""Which of Button's words are shown beside an offer, and that they tell no rate."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.display import cosmetic, without_rates

LISTED = {Decimal("6.5"), Decimal(2), Decimal("12.5")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Running shoes", "Running shoes"),
        ("now 6.5", "now …"),
        ("now 6,50 for all", "now … for all"),
        ("06.500", "…"),
        ("6.51 and 16.5", "6.51 and 16.5"),
        ("up to 30% off", "up to … off"),
        ("30 percent, 30 per cent", "…, …"),
        ("2-piece suits", "…-piece suits"),
        ("$12.50 back", "$… back"),
        ("1.000,50 and 1" * 9, "1.000,50 and 1" * 9),
        ("size 42", "size 42"),
        ("9" * 4000, "9" * 4000),
    ],
)
def test_rates_are_struck_out(text: str, shown: str) -> None:
    assert without_rates(text, listed=LISTED) == shown


def test_only_what_button_documents_is_passed_on() -> None:
    told = {"category": "Shoes 2", "offer_tag": "", "offer_type": "Category", "rate": "6.5"}

    assert cosmetic(told, listed=LISTED) == {"category": "Shoes …", "offer_type": "Category"}
