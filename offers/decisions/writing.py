"""Decisions → rows, many in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date

from offers.decisions.listing import ShownListing
from offers.decisions.models import RateDecision, ShownPayload
from offers.decisions.packing import digest_of, packed, text_of
from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, insert_missing

_Key = tuple[date, bytes]


def write(listings: Sequence[ShownListing]) -> None:
    """Keep them all, or none. Raises: DatabaseError."""
    keys: list[_Key] = []
    texts: dict[_Key, bytes] = {}
    for listing in listings:
        text = text_of(listing)
        key = (listing.shown_at.astimezone(UTC).date(), digest_of(text))
        keys.append(key)
        texts[key] = text
    with atomic():
        payloads = _payloads(texts)
        made = [
            RateDecision(
                member_id=listing.member_id,
                shown_at=listing.shown_at,
                payload_id=payloads[key],
                brand_count=len(listing.brands),
                offer_count=sum(len(brand.offers) for brand in listing.brands),
            )
            for listing, key in zip(listings, keys, strict=True)
        ]
        rows.run(rows.insert(made))


def _payloads(texts: dict[_Key, bytes]) -> dict[_Key, int]:
    """Their primary keys, made where no member was shown the same that day."""
    known = _known(texts)
    missing = sorted(texts.keys() - known.keys())
    if missing:
        insert_missing(
            ShownPayload(day=day, digest=digest, body=packed(texts[day, digest]))
            for day, digest in missing
        )
        known |= _known(missing)
    return known


def _known(keys: Sequence[_Key] | dict[_Key, bytes]) -> dict[_Key, int]:
    found = ShownPayload.objects.filter(
        day__in={day for day, _ in keys}, digest__in=[digest for _, digest in keys]
    )
    return {
        (day, bytes(digest)): pk for pk, day, digest in found.values_list("pk", "day", "digest")
    }
