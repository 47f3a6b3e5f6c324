"""Pure: what Button lists for an offer, within the bounds that a sealed text has room for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

OFFER_ID_BYTES_MAX = 255
VALUE_LENGTH_MAX = 31
_VALUE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The commission that Button lists, word for word. The publisher's secret (contract, 5)."""

    value: str
    """A decimal as text, never negative: percent, or major units of `currency`."""
    currency: str | None = None
    """None: `value` is in percent."""

    def __post_init__(self) -> None:
        if _VALUE.fullmatch(self.value) is None:
            raise ValueError("The listed commission is no plain decimal of 15 and 15 digits.")
        if self.currency is not None and _CURRENCY.fullmatch(self.currency) is None:
            raise ValueError("The currency of the listed commission is not three capital letters.")

    @classmethod
    def of(cls, value: Decimal, *, currency: str | None = None) -> Listed:
        """Raises: ValueError (negative, no number, or of more digits than there is room for)."""
        return cls(value=format(value, "f"), currency=currency)


def is_offer_id(text: str) -> bool:
    """Whether an offer of this id can be clicked: 1-255 bytes of UTF-8, nothing unprintable.

    Button's are ASCII, of up to 255 characters (sheet, 1.5).
    """
    return text.isprintable() and 1 <= len(text.encode()) <= OFFER_ID_BYTES_MAX
