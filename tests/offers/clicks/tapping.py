"""Members who were shown an offer and tapped, as the tests of other rooms need them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from offers.clicks.models import Click
from offers.clicks.offer_token import Shown
from offers.clicks.services import record_click
from rewards_site.members.services import ensure_member
from tests.factories import MEMBER, MERCHANT, NOON
from tests.offers.clicks.samples import SHOWN


def shown_to(
    customer_id: str = MEMBER, *, merchant_id: str = MERCHANT, at: datetime = NOON, **fields: Any
) -> Shown:
    """What a member was shown: by default 6.5 % listed, of which half is theirs."""
    member = ensure_member(customer_id, at=at)
    values: dict[str, Any] = {"merchant_id": merchant_id, "shown_at": at} | fields
    return replace(SHOWN, member_public_id=member.public_id, **values)


def tapped(
    customer_id: str = MEMBER,
    *,
    merchant_id: str = MERCHANT,
    at: datetime = NOON,
    link: str = "https://r.bttn.io?btn_ref=org-1",
    **fields: Any,
) -> Click:
    """A recorded click, as if Button had made its link."""
    shown = shown_to(customer_id, merchant_id=merchant_id, at=at, **fields)
    return record_click(shown=shown, member=ensure_member(customer_id, at=at), at=at, link=link)
