"""What Button offers one user now, as frozen dataclasses. Reading the wire is offers_reading.py.

The rates are the commission that the publisher would get: its secret, and no more than an
indication (sheet, section 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class OfferType(StrEnum):
    """`display_params.offer_type`, in whatever case it is told."""

    DEFAULT = "default"
    CATEGORY = "category"
    PRODUCT = "product"
    EXCLUSION = "exclusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedOffer:
    """One rate. Exactly one of the two rates is set; an exclusion may have neither."""

    offer_id: str
    rate_percent: Decimal | None = None
    """4.5 is 4.5 %."""
    rate_fixed: Decimal | None = None
    """Major units of `currency`, unlike all other money of Button's (sheet, 1.5)."""
    currency: str | None = None
    """ISO 4217; set beside `rate_fixed` only."""
    rank: int | None = None
    """1 is listed first; nobody had one in 2019."""
    offer_type: OfferType | None = None
    category: str | None = None
    """What it covers, or excludes, in words to show."""
    tag: str | None = None
    """Marks a promotional, temporary rate."""
    display_params: Mapping[str, str] = field(default_factory=dict)
    """All of them, for templates; never a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantOffers:
    """What one brand offers this user, best rank first, and what it excludes."""

    merchant_id: str
    offers: tuple[ListedOffer, ...]
    exclusions: tuple[ListedOffer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersAnswer:
    """A whole answer. Brands stand in the order told, each once."""

    merchants: tuple[MerchantOffers, ...]
    flags: tuple[str, ...] = ()
    """What was left out or dropped, each as one plain sentence for ops."""
