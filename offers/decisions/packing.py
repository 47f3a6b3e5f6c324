"""Pure: a listing ↔ the text that is kept of it. Equal listings are equal texts."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Any

from offers.clicks.listing import Listed
from offers.decisions.listing import ShownBrand, ShownListing, ShownOffer
from offers.rules.terms import Terms
from offers.shown_reward import RewardType, ShownReward

VERSION = 1
UNPACKED_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What stands in a payload: a listing without its member and its instant."""

    merchant_id: str | None
    brands: tuple[ShownBrand, ...]


def text_of(listing: ShownListing) -> bytes:
    """JSON in ASCII, without member and time."""
    told = {
        "v": VERSION,
        "asked": listing.merchant_id,
        "brands": [_brand_json(brand) for brand in listing.brands],
    }
    return json.dumps(told, separators=(",", ":"), sort_keys=True, allow_nan=False).encode("ascii")


def digest_of(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def packed(text: bytes) -> bytes:
    return zlib.compress(text, 6)


def unpacked(body: bytes | memoryview) -> Shown:
    """What packed() packed. Raises: ValueError where it is none of ours."""
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(bytes(body), UNPACKED_BYTES_MAX)
        if not unpacking.eof:
            raise ValueError("a payload that is cut, or over 64 MiB")
        told = json.loads(text)
        if told["v"] != VERSION:
            raise ValueError(f"a payload of version {told['v']!r}")
        brands = tuple(_brand(row) for row in told["brands"])
        return Shown(merchant_id=told["asked"], brands=brands)
    except (zlib.error, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        raise ValueError("no payload of ours") from error


def _brand_json(brand: ShownBrand) -> dict[str, Any]:
    return {
        "merchant_id": brand.merchant_id,
        "terms": brand.terms.as_json(),
        "exclusions": list(brand.exclusions),
        "offers": [
            {
                "id": offer.offer_id,
                "listed": [offer.listed.value, offer.listed.currency],
                "category": offer.category,
                "reward": offer.reward.as_json(),
            }
            for offer in brand.offers
        ],
    }


def _brand(row: dict[str, Any]) -> ShownBrand:
    return ShownBrand(
        merchant_id=row["merchant_id"],
        terms=Terms.from_json(row["terms"]),
        exclusions=tuple(row["exclusions"]),
        offers=tuple(_offer(told) for told in row["offers"]),
    )


def _offer(told: dict[str, Any]) -> ShownOffer:
    value, currency = told["listed"]
    reward = told["reward"]
    return ShownOffer(
        offer_id=told["id"],
        listed=Listed(value=value, currency=currency),
        category=told["category"],
        reward=ShownReward(
            type=RewardType(reward["type"]), value=reward["value"], currency=reward["currency"]
        ),
    )
