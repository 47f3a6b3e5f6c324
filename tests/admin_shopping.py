"""Clicks and rate decisions for the admin's tests."""

from __future__ import annotations

from offers.clicks.listing import Listed
from offers.decisions.listing import ShownBrand, ShownListing, ShownOffer
from offers.decisions.writing import write
from offers.rules.terms import Terms
from offers.shown_reward import RewardType, ShownReward
from rewards_site.members.services import ensure_member
from tests.factories import NOON
from tests.offers.clicks.tapping import tapped


def fill_shopping(number: int) -> None:
    """What a member was shown, a listing like no other's, and what they tapped."""
    customer_id, merchant_id = f"u-{number:04d}", f"org-{number:04d}"
    tapped(customer_id, merchant_id=merchant_id)
    offer = ShownOffer(
        offer_id=f"offer-{number}",
        listed=Listed(value="6.5"),
        reward=ShownReward(type=RewardType.PERCENT, value="3.25"),
    )
    terms = Terms(source="default share", share_bps=5000)
    brand = ShownBrand(
        merchant_id=merchant_id, terms=terms, offers=(offer,), exclusions=("Gift cards",)
    )
    member_id = ensure_member(customer_id, at=NOON).pk
    write([ShownListing(member_id=member_id, shown_at=NOON, brands=(brand,))])
