"""The token of an offer as it was shown to one member: what a click of it may promise.

It goes through the member's app and back, and must tell it nothing of the commission. Good for 30
minutes (contract, section 5).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from offers.clicks.listing import VALUE_LENGTH_MAX, Listed, is_offer_id
from rewards_site.kernel import seal_keys
from rewards_site.kernel.errors import InvalidInput
from rewards_site.kernel.sealing import OVERHEAD_BYTES, open_sealed
from rewards_site.kernel.sealing import seal as seal_bytes

PURPOSE = "offer_token"
GOOD_FOR = timedelta(minutes=30)
CLOCKS_APART_MAX = timedelta(minutes=1)
"""How far ahead the clock of the machine that showed the offer may be."""
PLAIN_BYTES_MAX = 64 * 1024
LENGTH_MAX = (PLAIN_BYTES_MAX + OVERHEAD_BYTES) * 4 // 3 + 1
_STEP_BYTES = 256
"""Tokens grow in steps: their length does not tell how many digits a rate or a share has."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_JSON = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One offer, as one member saw it."""

    member_public_id: UUID
    merchant_id: str
    offer_id: str
    listed: Listed
    terms: Mapping[str, Any]
    """`Terms.as_json()` of the offer."""
    reward: Mapping[str, str | None]
    """`ShownReward.as_json()`: what stood beside the offer."""
    exclusions: tuple[str, ...] = ()
    """What earns nothing, as it stood beside the offer."""
    shown_at: datetime


class OfferTokenRefused(InvalidInput):
    """Expired, altered, forged or another member's: it does not say which."""

    code = "offer_token_refused"


def seal(shown: Shown, *, secrets: tuple[str, ...] | None = None) -> str:
    """URL-safe, at most `LENGTH_MAX` characters. None: keys in force.

    Raises: ValueError (the offer id breaks `is_offer_id`, or all of it is over `PLAIN_BYTES_MAX`):
    an offer that cannot be clicked, so leave it out.
    """
    if not is_offer_id(shown.offer_id):
        raise ValueError("An offer with such an id cannot be clicked.")
    told = {
        "member": str(shown.member_public_id),
        "merchant_id": shown.merchant_id,
        "offer_id": shown.offer_id,
        "value": shown.listed.value.ljust(VALUE_LENGTH_MAX),
        "currency": shown.listed.currency,
        "terms": shown.terms,
        "reward": shown.reward,
        "exclusions": shown.exclusions,
        "shown_at": (shown.shown_at - _EPOCH) // _MICROSECOND,
    }
    plain = _JSON.encode(told).encode()
    plain += b" " * (-len(plain) % _STEP_BYTES)
    if len(plain) > PLAIN_BYTES_MAX:
        raise ValueError("Terms and exclusions of the offer are too long for a token.")
    return seal_bytes(plain, purpose=PURPOSE, secrets=secrets or seal_keys.in_force())


def open_token(
    text: str, *, member_public_id: UUID, at: datetime, secrets: tuple[str, ...] | None = None
) -> Shown:
    """What was shown to this member less than 30 minutes before `at`. None: keys in force.

    Raises: OfferTokenRefused, with the field `offer_token`.
    """
    if len(text) > LENGTH_MAX:
        refuse()
    plain = open_sealed(text, purpose=PURPOSE, secrets=secrets or seal_keys.in_force())
    shown = None if plain is None else _read(plain)
    if shown is None or shown.member_public_id != member_public_id:
        refuse()
    if not -CLOCKS_APART_MAX <= at - shown.shown_at < GOOD_FOR:
        refuse()
    return shown


def _read(plain: bytes) -> Shown | None:
    """None where a version of ours sealed it that writes other fields."""
    try:
        told = json.loads(plain)
        return Shown(
            member_public_id=UUID(told["member"]),
            merchant_id=told["merchant_id"],
            offer_id=told["offer_id"],
            listed=Listed(value=told["value"].rstrip(), currency=told["currency"]),
            terms=told["terms"],
            reward=told["reward"],
            exclusions=tuple(told["exclusions"]),
            shown_at=_EPOCH + told["shown_at"] * _MICROSECOND,
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None


def refuse() -> NoReturn:
    """Raises: OfferTokenRefused, always."""
    sentence = "This offer can no longer be used. Ask for offers again, and send the new token."
    raise OfferTokenRefused(sentence, fields={"offer_token": sentence})
