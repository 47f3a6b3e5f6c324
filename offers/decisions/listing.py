"""Pure: what one answer of `offers/` showed to one member, to be kept as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from offers.clicks.listing import Listed
from offers.rules.terms import Terms
from offers.shown_reward import ShownReward


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOffer:
    """One offer of a brand, and what the member was shown for it."""

    offer_id: str
    listed: Listed
    """Button's word, the publisher's secret."""
    category: str | None = None
    """As `shown_reward` was given it."""
    reward: ShownReward


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownBrand:
    """A brand, by what terms its offers were turned into rewards, and what earns nothing there."""

    merchant_id: str
    terms: Terms
    offers: tuple[ShownOffer, ...]
    exclusions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownListing:
    """One answer, in the order in which it was shown."""

    member_id: int
    """Primary key."""
    shown_at: datetime
    """The instant whose rules were in force: the `at` that the terms were chosen by."""
    merchant_id: str | None = None
    """The brand that was asked for; None: all."""
    brands: tuple[ShownBrand, ...]
