"""Money: an integer of minor units with its currency."""

from __future__ import annotations

from dataclasses import dataclass

from rewards_site.kernel.currencies import exponent_of

BIGINT_MAX = 2**63 - 1
"""The largest amount the books can hold, in minor units (a signed 64-bit column)."""


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were put together."""

    code = "currency_mismatch"


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`minor` units of `currency`: Money(1999, "USD") is $19.99, Money(500, "JPY") is ¥500.

    Bools and floats are refused, and so is arithmetic across currencies.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are an int, not {type(self.minor).__name__}")
        exponent_of(self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")
        return other.minor

    def __str__(self) -> str:
        return f"{decimal_text(self.minor, self.currency)} {self.currency}"


def decimal_text(minor: int, currency: str) -> str:
    """`minor` units in major units, exact: (1999, "USD") → "19.99", (-5, "KWD") → "-0.005"."""
    exponent = exponent_of(currency)
    if exponent == 0:
        return str(minor)
    digits = str(abs(minor)).rjust(exponent + 1, "0")
    return f"{'-' if minor < 0 else ''}{digits[:-exponent]}.{digits[-exponent:]}"


def floor_share(amount_minor: int, *, bps: int) -> int:
    """floor(amount × bps / 10000) in minor units, never below 0; `bps` are basis points."""
    return max(0, amount_minor * bps // 10_000)
