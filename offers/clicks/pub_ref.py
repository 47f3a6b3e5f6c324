"""The reference that goes to Button with a click and comes back with its orders.

It travels in a URL that the shopper can read and change. Sealed, it shows nothing, and whatever is
not as we wrote it is nothing: letters in another case, percent signs, a blank, a cut end. The click
that it names is looked up; a figure read back from it is evidence, and never paid.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

from offers.clicks.listing import VALUE_LENGTH_MAX, Listed, is_offer_id
from rewards_site.kernel import seal_keys
from rewards_site.kernel.sealing import open_sealed
from rewards_site.kernel.sealing import seal as seal_bytes

PURPOSE = "pub_ref"
LENGTH_MAX = 511
"""Of `btn_pub_ref`: Button says «at most 512» here, «under 512» there (sheet, 3.1 and 3.3)."""
_FIELDS = struct.Struct(f"!16s3s{VALUE_LENGTH_MAX}s")
"""Click id, currency, value; the offer id is the rest. Of one size, so that the length of a
reference does not tell how many digits the listed commission has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PubRef:
    """What a reference says: whose click, on what, listed at what."""

    click_id: UUID
    offer_id: str
    listed: Listed


def seal(ref: PubRef, *, secrets: tuple[str, ...] | None = None) -> str:
    """URL-safe, at most `LENGTH_MAX` characters, another text each time. None: keys in force.

    Raises: ValueError (the offer id breaks `is_offer_id`).
    """
    if not is_offer_id(ref.offer_id):
        raise ValueError("An offer with such an id cannot be clicked.")
    currency, value = ref.listed.currency or "", ref.listed.value
    plain = _FIELDS.pack(ref.click_id.bytes, currency.encode(), value.encode())
    return seal_bytes(
        plain + ref.offer_id.encode(), purpose=PURPOSE, secrets=secrets or seal_keys.in_force()
    )


def open(text: str, *, secrets: tuple[str, ...] | None = None) -> PubRef | None:  # noqa: A001  # pub_ref.open
    """What we sealed; None for all else. Never raises, whatever `text` is. None: keys in force."""
    if len(text) > LENGTH_MAX:
        return None
    plain = open_sealed(text, purpose=PURPOSE, secrets=secrets or seal_keys.in_force())
    if plain is None:
        return None
    try:
        click_id, currency, value = _FIELDS.unpack_from(plain)
        listed = Listed(
            value=value.rstrip(b"\0").decode(), currency=currency.rstrip(b"\0").decode() or None
        )
        offer_id = plain[_FIELDS.size :].decode()
    except (struct.error, ValueError):  # sealed by a version of ours that packs otherwise
        return None
    if not is_offer_id(offer_id):
        return None
    return PubRef(click_id=UUID(bytes=click_id), offer_id=offer_id, listed=listed)
