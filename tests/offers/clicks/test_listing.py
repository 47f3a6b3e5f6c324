"""What Button lists, within the bounds that a sealed text has room for."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.clicks.listing import Listed, is_offer_id


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("6.5", "6.5"),
        ("2.50", "2.50"),
        ("0", "0"),
        ("1E+2", "100"),
        ("1E-9", "0.000000001"),
        ("999999999999999.999999999999999", "999999999999999.999999999999999"),
    ],
)
def test_a_decimal_is_kept_digit_by_digit(said: str, kept: str) -> None:
    assert Listed.of(Decimal(said)) == Listed(value=kept)
    assert Listed.of(Decimal(said), currency="GBP") == Listed(value=kept, currency="GBP")


@pytest.mark.parametrize("said", ["-1", "-0", "NaN", "Infinity", "1E+15", "1E-16"])
def test_what_is_no_rate_or_too_long_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="no plain decimal"):
        Listed.of(Decimal(said))


@pytest.mark.parametrize(
    ("value", "currency"),
    [
        *[(value, None) for value in ("", "-1", "+1", ".5", "5.", "1e3", "٣", "5\n", "1" * 16)],
        *[("5", currency) for currency in ("", "usd", "US", "USDT", "ÜSD")],
    ],
)
def test_a_text_that_is_no_plain_decimal_is_refused(value: str, currency: str | None) -> None:
    with pytest.raises(ValueError, match="listed commission"):
        Listed(value=value, currency=currency)


@pytest.mark.parametrize("text", ["offer-41d0c7be9a2f6603-0", "o", "o" * 255, "é" * 127, "a b"])
def test_offer_ids_that_can_be_clicked(text: str) -> None:
    assert is_offer_id(text)


@pytest.mark.parametrize(
    "text", ["", "o" * 256, "é" * 128, "offer\x00", "offer\n", "\ud800"], ids=ascii
)
def test_offer_ids_that_there_is_no_room_for(text: str) -> None:
    assert not is_offer_id(text)
