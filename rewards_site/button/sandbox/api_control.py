"""Control calls for the API's side: keys, readings, brands and offers.

GET    /control/api                      the switches; of each key its owner and its offer calls
POST   /control/api                      any of the switches, by name
POST   /control/keys                     key, of: an organization's id; or a new publisher's name
DELETE /control/keys/KEY
GET    /control/brands                   every brand, with its approval
POST   /control/brands/ID                what it says from now on: any field of GET
POST   /control/brands/ID/offers         offers (null: made up again), user: for one user only
"""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import partial
from urllib.parse import unquote

from rewards_site.button.sandbox.answers import Json, Reply, Request, json_reply
from rewards_site.button.sandbox.brands import Approval, Details
from rewards_site.button.sandbox.calls import Shop
from rewards_site.button.sandbox.control import ControlRoutes
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.keys import of_brand
from rewards_site.button.sandbox.rates import Offer
from rewards_site.kernel.currencies import EXPONENTS
from rewards_site.kernel.errors import InvalidInput, NotFound

_RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_TEXTS = ("name", "homepage", "icon_url")
_TEXTS_OR_NULL = ("description", "subdomain", "further_terms", "exclusion_details")
_FLAGS = ("is_live_ready", "coupons_allowed", "gift_cards_allowed")
_NUMBERS = ("reporting_window_days", "finalization_window_minutes", "pays_percent")


def routes(shop: Shop) -> ControlRoutes:
    """Under /control; every one raises InvalidInput, NotFound or Conflict for what it refuses."""
    return {
        r"/control/api": {"GET": partial(_api, shop), "POST": partial(_change_api, shop)},
        r"/control/keys": {"POST": partial(_add_key, shop)},
        r"/control/keys/(?P<key>[^/]+)": {"DELETE": partial(_remove_key, shop)},
        r"/control/brands": {"GET": partial(_brands, shop)},
        r"/control/brands/(?P<id>[^/]+)": {"POST": partial(_change_brand, shop)},
        r"/control/brands/(?P<id>[^/]+)/offers": {"POST": partial(_lay_down, shop)},
    }


def _api(shop: Shop, _request: Request, _match: re.Match[str]) -> Reply:
    at = shop.clock.now()
    keys: Json = {
        key: {
            "organization": organization.id,
            "name": organization.name,
            "is_publisher": organization.is_publisher,
            "is_test": organization.is_test,
            "offers": shop.offers_limit.count(organization.id, at=at),
        }
        for key, organization in shop.world.keyring.all().items()
    }
    return json_reply({"switches": shop.panel.switches.as_json(), "keys": keys})


def _change_api(shop: Shop, request: Request, match: re.Match[str]) -> Reply:
    shop.panel.change(Fields.read(request.body).rest())
    return _api(shop, request, match)


def _add_key(shop: Shop, request: Request, _match: re.Match[str]) -> Reply:
    """For `of`, a publisher or a brand; without, for a publisher that this makes."""
    fields, world = Fields.read(request.body), shop.world
    key, of, name = fields.text("key") or "", fields.text("of"), fields.text("name")
    is_test = fields.yes("is_test", default=False)
    fields.end()
    if of is not None and (name or is_test):
        raise InvalidInput("name and is_test are for a new publisher: leave out of")
    with world.lock:
        if of is None:
            owner = world.keyring.add_publisher(key, name=name, is_test=is_test)
        else:
            known = {publisher.id: publisher for publisher in world.organizations}
            known.update((brand.id, of_brand(brand)) for brand in world.brands.values())
            if of not in known:
                raise NotFound(f"Could not find {of}")
            owner = known[of]
            world.keyring.give(key, owner)
    return json_reply({"key": key, "organization": owner.id, "name": owner.name}, status=201)


def _remove_key(shop: Shop, _request: Request, match: re.Match[str]) -> Reply:
    shop.world.keyring.take_away(unquote(match["key"]))
    return json_reply({"removed": True})


def _brands(shop: Shop, _request: Request, _match: re.Match[str]) -> Reply:
    found = (shop.brands.find(brand_id) for brand_id in list(shop.world.brands))
    return json_reply({"brands": [asdict(details) for details in found if details is not None]})


def _change_brand(shop: Shop, request: Request, match: re.Match[str]) -> Reply:
    _known(shop, match)
    fields = Fields.read(request.body)
    changes: dict[str, object] = {}
    for name in fields.names:
        if name in _TEXTS_OR_NULL:
            changes[name] = fields.text(name)
        elif name in _TEXTS:
            changes[name] = fields.text(name) or _missing(name)
        elif name in _FLAGS:
            changes[name] = fields.yes(name, default=True)
        elif name in _NUMBERS:
            changes[name] = fields.whole(name, least=0)
        elif name in {"hostnames", "categories"}:
            changes[name] = tuple(fields.texts(name))
        elif name == "approval":
            changes[name] = Approval(fields.choice(name, list(Approval)))
    fields.end()
    details = shop.brands.change(match["id"], changes)
    return json_reply({} if details is None else asdict(details))


def _lay_down(shop: Shop, request: Request, match: re.Match[str]) -> Reply:
    details = _known(shop, match)
    fields = Fields.read(request.body)
    user = fields.text("user")
    is_laid_down = fields.has("offers") or None
    offers = is_laid_down and [_offer(offer) for offer in fields.objects("offers")]
    if is_laid_down is None:
        fields.text("offers")
    fields.end()
    shop.offers.lay_down(details.id, offers, user_id=user)
    return json_reply({"merchant": details.id, "user": user, "count": len(offers or [])})


def _offer(fields: Fields) -> Offer:
    offer = Offer(
        rate_percent=fields.text("rate_percent"),
        rate_fixed=fields.text("rate_fixed"),
        currency=fields.text("currency"),
        category=fields.text("category"),
        offer_type=fields.text("offer_type"),
        offer_tag=fields.text("offer_tag"),
        offer_id=fields.text("id"),
    )
    fields.end()
    for name in ("rate_percent", "rate_fixed"):
        rate = getattr(offer, name)
        if rate is not None and not _RATE.fullmatch(rate):
            raise InvalidInput(f"{name}: not a decimal text such as 4.5")
    if offer.rate_fixed is not None and offer.currency not in EXPONENTS:
        raise InvalidInput("currency: needed with rate_fixed")
    return offer


def _known(shop: Shop, match: re.Match[str]) -> Details:
    details = shop.brands.find(match["id"])
    if details is None:
        raise NotFound(f"Could not find {match['id']}")
    return details


def _missing(name: str) -> str:
    raise InvalidInput(f"{name}: missing", fields={name: "missing"})
