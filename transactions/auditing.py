"""What an order should have earned by what Button listed when it was tapped."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from math import floor

from offers.clicks.models import Click
from rewards_site.kernel.currencies import exponent_of


def is_tapped_before(click: Click, purchased_at: datetime) -> bool:
    """By whole second, as clicked.py."""
    return click.clicked_at.replace(microsecond=0) <= purchased_at


def expected_minor(click: Click, total_minor: int | None, currency: str) -> int | None:
    """The listed commission of an order of this total, in minor units, rounded down.

    A percentage needs the total, an amount the same currency; else None.
    """
    listed = Fraction(click.listed_value)
    if click.listed_currency:
        if click.listed_currency != currency:
            return None
        return floor(listed * int(10 ** exponent_of(currency)))
    if total_minor is None:
        return None
    return floor(listed * total_minor / 100)
