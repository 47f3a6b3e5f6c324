"""The Offers API: what one user would earn, at each brand, now (sheet, section 2)."""

from __future__ import annotations

import re

from rewards_site.button.sandbox.answers import ApiError, Json, Reply
from rewards_site.button.sandbox.api_switches import OffersShape
from rewards_site.button.sandbox.bodies import read_body
from rewards_site.button.sandbox.brands import Approval
from rewards_site.button.sandbox.calls import Call, Routes, one
from rewards_site.button.sandbox.rates import Offer, Person

IDENTIFIERS_MAX = 10
"""Devices and e-mails together."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _offers(call: Call) -> Reply:
    shop, at = call.shop, call.shop.clock.now()
    if not shop.offers_limit.take(
        call.organization.id, per_minute=call.switches.offers_per_minute, at=at
    ):
        raise ApiError(429, "Too many requests", headers={"Retry-After": "1"})
    person, merchant_id = _read(call)
    answered = []
    for details in shop.brands.visible_to(call.organization):
        if details.approval is Approval.APPROVED and merchant_id in {None, details.id}:
            brand = shop.world.brand(details.id)
            offers = shop.offers.offers_of(details, brand, person, at=at)
            told = shop.offers.tell(details.id, offers)
            answered.append(_merchant(details.id, told, shape=call.switches.offers_shape))
    return one({"merchant_offers": answered})


def _read(call: Call) -> tuple[Person, str | None]:
    body = read_body(call.request)
    user_id = body.user("user_id")
    if user_id is None:
        raise ApiError(400, "Missing user_id")
    devices, emails = body.texts("device_ids"), body.texts("email_sha256s")
    if len(devices) + len(emails) > IDENTIFIERS_MAX:
        raise ApiError(400, f"At most {IDENTIFIERS_MAX} identifiers are accepted")
    hashes = tuple(email.lower() for email in emails)
    if not all(_SHA256.fullmatch(email) for email in hashes):
        raise body.wrong("email_sha256s")
    person = Person(
        user_id=user_id,
        device_ids=tuple(device.strip().lower() for device in devices),
        email_sha256s=hashes,
    )
    return person, body.text("merchant_id")


def _merchant(brand_id: str, told: list[tuple[str, Offer]], *, shape: OffersShape) -> Json:
    rows = [
        _row(key, offer, rank=number, shape=shape)
        for number, (key, offer) in enumerate(told, start=1)
    ]
    answered: Json = {"merchant_id": brand_id, "offers": rows}
    if shape is OffersShape.YEAR_2019:
        answered["best_offer_id"] = rows[0]["id"] if rows else None
    return answered


def _row(key: str, offer: Offer, *, rank: int, shape: OffersShape) -> Json:
    row: Json = {"id": key}
    for name in ("rate_percent", "rate_fixed", "currency"):
        if (value := getattr(offer, name)) is not None:
            row[name] = value
    shown = ["category"]
    if shape is OffersShape.CURRENT:
        row["rank"] = rank
        shown += ["offer_type", "offer_tag"]
    row["display_params"] = {
        name: value for name in shown if (value := getattr(offer, name)) is not None
    }
    return row


ROUTES: Routes = {r"/v1/offers/?": {"POST": _offers}}
