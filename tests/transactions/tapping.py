"""Clicks that orders come by, made through the service that records them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from offers.clicks.listing import Listed
from offers.clicks.models import Click
from offers.clicks.offer_token import Shown
from offers.clicks.services import record_click
from offers.rules.terms import Terms
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_members
from tests.factories import MEMBER, MERCHANT, NOON

EIGHTY = Terms(share_bps=8_000, source="rule «Autumn» v2", rule_id=str(uuid4()), version=2)


def tap(
    customer_id: str = MEMBER,
    *,
    merchant_id: str = MERCHANT,
    terms: Terms = EIGHTY,
    at: datetime = NOON - timedelta(hours=1),
    offer_id: str = "offer-41d0c7be9a2f6603-0",
) -> Click:
    """`customer_id` taps, an hour before noon by default; 80 % of the commission is promised."""
    member = Member.objects.get(pk=ensure_members({customer_id}, at=at)[customer_id])
    shown = Shown(
        member_public_id=member.public_id,
        merchant_id=merchant_id,
        offer_id=offer_id,
        listed=Listed(value="10"),
        terms=terms.as_json(),
        reward={"type": "percent", "value": "8", "currency": None},
        shown_at=at - timedelta(minutes=1),
    )
    return record_click(shown=shown, member=member, at=at)
