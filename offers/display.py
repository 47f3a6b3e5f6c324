"""Pure: which of Button's words an app may show beside an offer, and how.

They are the brand's own, and may repeat what Button lists, which is the publisher's secret
(contract, section 5): so each percentage, and each number that is a listed one, is struck out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation

STRUCK = "…"
COSMETIC = ("category", "offer_type", "offer_tag")
"""Those that Button documents (sheet, section 2); nobody says what others mean."""
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)*)(\s*(?:%|per\s?cent\b))?", re.IGNORECASE)
_DIGITS_MAX = 30


def cosmetic(told: Mapping[str, str], *, listed: Collection[Decimal]) -> dict[str, str]:
    """Of `display_params`, what is fit to be shown. `listed`: every rate of the brand."""
    return {name: without_rates(told[name], listed=listed) for name in COSMETIC if told.get(name)}


def without_rates(text: str, *, listed: Collection[Decimal]) -> str:
    """`text` with each percentage, and each number that is one of `listed`, struck out.

    The words stay: they say what an offer is for, and without them it would promise more.
    """

    def struck(match: re.Match[str]) -> str:
        if match[2] or _is_listed(match[1], listed):
            return STRUCK
        return match[0]

    return _NUMBER.sub(struck, text)


def _is_listed(text: str, listed: Collection[Decimal]) -> bool:
    """With a point or a comma before the decimals: brands write both."""
    if len(text) > _DIGITS_MAX:
        return False
    try:
        return Decimal(text.replace(",", ".")) in listed
    except InvalidOperation:  # 1.000,50: thousands, which no rate has
        return False
