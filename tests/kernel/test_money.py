"""Money is integers of minor units; nothing else gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards_site.kernel.currencies import EXPONENTS, UnknownCurrency, exponent_of
from rewards_site.kernel.money import CurrencyMismatch, Money, decimal_text, floor_share


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1999, "USD", "19.99"),
        (5, "USD", "0.05"),
        (-5, "KWD", "-0.005"),
        (500, "JPY", "500"),
        (120, "PTS", "120"),
        (12345, "CLF", "1.2345"),
    ],
)
def test_amounts_are_shown_with_the_digits_of_their_currency(
    minor: int, currency: str, text: str
) -> None:
    assert decimal_text(minor, currency) == text


def test_an_unknown_currency_is_an_error_and_never_two_digits() -> None:
    with pytest.raises(UnknownCurrency):
        exponent_of("XYZ")
    assert "PTS" not in EXPONENTS


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_only_integers_are_money(minor: object) -> None:
    with pytest.raises(TypeError):
        Money(minor, "USD")  # type: ignore[arg-type]  # the point of the test


def test_currencies_do_not_mix() -> None:
    with pytest.raises(CurrencyMismatch):
        Money(1, "USD") + Money(1, "EUR")


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 10_000))
def test_a_share_is_floored_once_and_never_negative(amount: int, bps: int) -> None:
    share = floor_share(amount, bps=bps)

    assert share >= 0
    assert share <= max(0, amount)
    if amount >= 0:
        assert share * 10_000 <= amount * bps < (share + 1) * 10_000
