"""The Offers API at the wire, and calls of `offers/` as an app makes them."""

from __future__ import annotations

import json
from typing import Any

import responses
from django.contrib.auth.models import User

from offers.clicks.offer_token import Shown, open_token
from offers.models import Merchant
from offers.overlay import Look, decide_look
from rewards_site.kernel import clock
from rewards_site.members.queries import find_member
from tests.factories import MEMBER, MERCHANT, NOON
from tests.members.calling import read

OFFERS_URL = "https://pubapi.usebutton.com/v1/offers"
HASH = "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"
NOT_TOLD: dict[str, Any] = {
    "finalization_window_days": None,
    "reporting_window_days": None,
    "coupons_allowed": None,
    "gift_cards_allowed": None,
    "exclusions": None,
    "additional_terms": None,
    "terms_url": None,
    "reward_conditions": [],
}


def percent(offer_id: str = "offer-1", rate: str = "4.5", **params: str) -> dict[str, Any]:
    return {"id": offer_id, "rate_percent": rate, "display_params": params}


def fixed(offer_id: str, rate: str, currency: str) -> dict[str, Any]:
    return {"id": offer_id, "rate_fixed": rate, "currency": currency, "display_params": {}}


def brand(merchant_id: str = MERCHANT, *offers: dict[str, Any]) -> dict[str, Any]:
    ranked = [{"rank": number} | offer for number, offer in enumerate(offers, start=1)]
    return {"merchant_id": merchant_id, "offers": ranked}


def offered(button: responses.RequestsMock, *brands: dict[str, Any]) -> None:
    """From now on Button offers this, to whoever asks."""
    told = {"meta": {"status": "ok"}, "object": {"merchant_offers": list(brands)}}
    button.upsert(responses.POST, OFFERS_URL, json=told)


def asked_of_button(button: responses.RequestsMock) -> list[dict[str, Any]]:
    """The bodies of what was asked, in order."""
    return [json.loads(call.request.body or b"") for call in button.calls]


def menu(path: str = "offers/", *, customer_id: str = MEMBER) -> list[dict[str, Any]]:
    merchants: list[dict[str, Any]] = read(path, customer_id=customer_id)["merchants"]
    return merchants


def only_offer(path: str = "offers/") -> dict[str, Any]:
    """The one offer of the one merchant that is shown."""
    [merchant] = menu(path)
    [offer] = merchant["offers"]
    assert isinstance(offer, dict)
    return offer


def opened(token: str, *, customer_id: str = MEMBER) -> Shown:
    member = find_member(customer_id)
    assert member is not None
    return open_token(token, member_public_id=member.public_id, at=clock.now())


def make_merchant(merchant_id: str = MERCHANT, name: str = "Brand Example") -> Merchant:
    made, _ = Merchant.objects.get_or_create(
        merchant_id=merchant_id, defaults={"name": name, "first_seen_at": NOON}
    )
    return made


def decided(merchant_id: str = MERCHANT, *, reason: str = "as agreed", **look: Any) -> None:
    """Ops decides so about a merchant, known or not until now."""
    make_merchant(merchant_id, name=merchant_id)
    actor, _ = User.objects.get_or_create(username="olga", is_staff=True)
    decide_look(
        merchant_id=merchant_id, look=Look(**look), actor=actor, reason=reason, at=clock.now()
    )
