"""Which of Button's words are shown beside an offer, and that they tell no rate."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.display import cosmetic, without_rates

LISTED = {Decimal("6.5"), Decimal(2), Decimal("12.5"), Decimal(1250)}


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
        ("1 " * 2000, "1 " * 2000),
        ("30 days, size 6.25, 100 ml, 24/7", "30 days, size 6.25, 100 ml, 24/7"),
        ("from 1,249 to 1,251", "from 1,249 to 1,251"),
        ("¥1,250 bonus", "¥… bonus"),
        ("1,250.00 or 1.250,00", "… or …"),
        ("1 250, 1\u00a0250.00, 1\u202f250 yen", "…, …, … yen"),
        ("1'250 or 1’250", "… or …"),
        ("2 shoes", "… shoes"),
        ("in 2 500 shops", "in … shops"),  # 2 is a rate
        ("6½ %, 6 ½%, ½ %, 6\u00a01/2 %", "…, …, …, …"),
        ("6½ back, 6 1/2 back, ½ price", "… back, … back, ½ price"),
        ("٦٫٥٪, ٦٫٥, ٪٧", "…, …, …"),
        ("７％ and ７", "… and ７"),
        ("650bps, 650 bps, 5 basis points", "…, …, …"),
        (".5 %, 4.5pct, 5 percentage points", "…, …, … points"),
        ("5-10 %, 5 to 10 %", "…-…, … to …"),
        ("5 shoes, 10 %", "5 shoes, …"),
        ("6.5.1", "6.5.1"),
        ("100 200 300 400 500 600 700 800 900", "100 200 300 400 500 600 700 800 900"),
        ("100 200 300 400 500 600 700 800 002", "…"),
        ("2 for 1/2, 2/3 off, 9/0", "… for …, … off, 9/0"),
        ("65‰, 9 ﹪", "…, …"),
    ],
)
def test_rates_are_struck_out(text: str, shown: str) -> None:
    assert without_rates(text, listed=LISTED) == shown


def test_a_rate_below_one_is_found_however_it_is_written() -> None:
    listed = {Decimal("0.5")}

    assert without_rates(".5 back, 0,5 back, ½ back, 1/2 back", listed=listed) == (
        "… back, … back, … back, … back"
    )
    assert without_rates("5 back, 1.5 back, v.5", listed=listed) == "5 back, 1.5 back, v.5"


def test_without_rates_that_are_known_percentages_go() -> None:
    assert without_rates("6.5 % on orders of 30 or more") == "… on orders of 30 or more"


def test_only_what_button_documents_is_passed_on() -> None:
    told = {"category": "Shoes 2", "offer_tag": "", "offer_type": "Category", "rate": "6.5"}

    assert cosmetic(told, listed=LISTED) == {"category": "Shoes …", "offer_type": "Category"}
