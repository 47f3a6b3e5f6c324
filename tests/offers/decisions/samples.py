"""Listings as live offers hand them over."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from offers.clicks.listing import Listed
from offers.decisions.listing import ShownBrand, ShownListing, ShownOffer
from offers.rules.terms import Terms
from offers.shown_reward import shown_reward
from rewards_site.members.services import ensure_member
from tests.factories import MEMBER, MERCHANT, NOON

DEFAULT = Terms(source="default share", share_bps=5000)


def brand(
    *rates: str, merchant_id: str = MERCHANT, terms: Terms = DEFAULT, category: str | None = None
) -> ShownBrand:
    """A brand with an offer in percent for each rate, shown as the rules have it."""
    offers = tuple(
        ShownOffer(
            offer_id=f"offer-{number}",
            listed=Listed(value=rate),
            category=category,
            reward=shown_reward(Decimal(rate), currency=None, terms=terms, category=category),
        )
        for number, rate in enumerate(rates)
    )
    return ShownBrand(merchant_id=merchant_id, terms=terms, offers=offers, exclusions=("Gift",))


def listing(*brands: ShownBrand, customer_id: str = MEMBER, at: datetime = NOON) -> ShownListing:
    member = ensure_member(customer_id, at=NOON)
    return ShownListing(member_id=member.pk, shown_at=at, brands=brands or (brand("6.5"),))
