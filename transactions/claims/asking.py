"""What a claim tells of the purchase: whether it can be read, and what the reward would be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, DecimalException
from typing import Any

from django.utils.translation import gettext as _

from offers.clicks.models import Click
from offers.shown_reward import RewardType
from rewards_site.kernel.currencies import EXPONENTS, POINTS, UnknownCurrency, exponent_of
from rewards_site.kernel.errors import InvalidInput
from transactions.claims.models import (
    CLICK_ID_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    ORDER_REFERENCE_LENGTH_MAX,
)

ORDER_TOTAL_MAX = 10**15
"""As much as the books take of one order, in minor units (transactions/known.py)."""
_ESTIMATE_MAX = 10**12
"""More is no estimate of a reward; and no sum of them passes a column of the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a member tells. All but the click may be unknown to them."""

    click_id: str
    order_reference: str = ""
    order_total_minor: int | None = None
    order_currency: str = ""
    purchased_at: datetime | None = None
    note: str = ""


def check(asked: Asked, *, at: datetime) -> None:
    """Raises: InvalidInput, for what is wrong in content whatever the click is."""
    fields = {}
    for name, text, most in (
        ("click_id", asked.click_id, CLICK_ID_LENGTH_MAX),
        ("order_reference", asked.order_reference, ORDER_REFERENCE_LENGTH_MAX),
        ("note", asked.note, NOTE_LENGTH_MAX),
    ):
        if len(text) > most:
            fields[name] = _("This has at most %(most)d characters.") % {"most": most}
    if (asked.order_total_minor is None) != (not asked.order_currency):
        fields["currency"] = _("An amount and its currency go together.")
    if asked.order_total_minor is not None and asked.order_total_minor < 0:
        fields["order_total"] = _("In minor units of the currency, and not below zero.")
    elif (asked.order_total_minor or 0) > ORDER_TOTAL_MAX:
        words = _("This is more than an order can be: at most %(most)d.")
        fields["order_total"] = words % {"most": ORDER_TOTAL_MAX}
    if asked.order_currency and asked.order_currency not in EXPONENTS:
        fields["currency"] = _("This is not an ISO 4217 currency.")
    if asked.purchased_at is not None and asked.purchased_at > at:
        fields["purchased_at"] = _("This lies in the future.")
    if fields:
        raise InvalidInput(_("The claim cannot be read so."), fields=fields)


def estimate_of(click: Click, asked: Asked) -> tuple[int | None, str]:
    """What the reward would come to by what the member was shown: (minor units, currency).

    An estimate, rounded down; (None, "") where it hangs on a total that was not told, or is more
    than any reward.
    """
    shown: dict[str, Any] = click.reward
    try:
        minor, currency = _estimate(shown, asked)
        if minor is not None and abs(minor) <= _ESTIMATE_MAX:
            return int(minor), currency
    except (KeyError, ValueError, DecimalException, UnknownCurrency):
        pass
    return None, ""


def _estimate(shown: dict[str, Any], asked: Asked) -> tuple[Decimal | None, str]:
    """Raises: KeyError, ValueError, DecimalException, UnknownCurrency."""
    value, kind = Decimal(str(shown["value"])), RewardType(shown["type"])
    if kind is RewardType.FIXED:
        currency = str(shown["currency"])
        return value.scaleb(exponent_of(currency)), currency
    if kind is RewardType.POINTS and shown.get("currency") is None:
        return value, POINTS
    if asked.order_total_minor is None:
        return None, ""
    if kind is RewardType.PERCENT:
        return asked.order_total_minor * value / 100, asked.order_currency
    if shown["currency"] != asked.order_currency:
        return None, ""
    spent = Decimal(asked.order_total_minor).scaleb(-exponent_of(asked.order_currency))
    return spent * value, POINTS
