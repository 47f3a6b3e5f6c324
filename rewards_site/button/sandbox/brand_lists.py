"""The Brands API and the Merchants API that came before it (sheet, 3.4 and 3.6)."""

from __future__ import annotations

import re

from rewards_site.button.sandbox.answers import ApiError, Json, Reply, json_reply
from rewards_site.button.sandbox.api_switches import ApiSwitches, BrandsEnvelope
from rewards_site.button.sandbox.brands import Approval, Details
from rewards_site.button.sandbox.calls import Call, Routes, many, one
from rewards_site.kernel.currencies import EXPONENTS

_BRAND_ID = re.compile(r"org-[0-9a-f]{16}")


def _list_brands(call: Call) -> Reply:
    rows = [_brand_row(brand, call.switches) for brand in _partners(call)]
    if call.switches.brands_envelope is BrandsEnvelope.OBJECTS:
        return many(rows)
    return json_reply({"meta": {"status": "ok"}, "object": rows[0] if len(rows) == 1 else rows})


def _one_brand(call: Call) -> Reply:
    brand_id = call.match["brand_id"]
    brand = next((brand for brand in _partners(call) if brand.id == brand_id), None)
    if brand is not None:
        return one(_brand_row(brand, call.switches))
    if not _BRAND_ID.fullmatch(brand_id):
        raise ApiError(400, f"Invalid Brand ID: {brand_id}")
    raise ApiError(404, f"Could not find {brand_id}")


def _list_merchants(call: Call) -> Reply:
    """`currency` filters the rates of a merchant, and the payload known holds none."""
    parameters = call.request.parameters
    status, currency = parameters.get("status"), parameters.get("currency")
    if status is not None and status not in list(Approval):
        raise ApiError(400, f"Invalid status: {status}")
    if currency is not None and currency.upper() not in EXPONENTS:
        raise ApiError(400, f"Invalid currency: {currency}")
    return many(
        [
            _merchant_row(brand)
            for brand in call.shop.brands.visible_to(call.organization)
            if status in {None, brand.approval}
        ]
    )


def _partners(call: Call) -> list[Details]:
    """Those who have approved the caller: the reference speaks of partners only."""
    return [
        brand
        for brand in call.shop.brands.visible_to(call.organization)
        if brand.approval is Approval.APPROVED
    ]


def _brand_row(brand: Details, switches: ApiSwitches) -> Json:
    return {
        "id": brand.id,
        "name": brand.name,
        "is_live_ready": brand.is_live_ready,
        "description": brand.description,
        "urls": {"homepage": brand.homepage},
        "icon_url": brand.icon_url,
        "apps": [{"os": os, "scheme": brand.scheme} for os in ("ios", "android")],
        "supported_hostnames": list(brand.hostnames),
        "subdomain": brand.subdomain,
        "terms_and_conditions": {
            "reporting_window_days": brand.reporting_window_days,
            "finalization_window_minutes": brand.finalization_window_minutes,
            str(switches.brand_terms): brand.further_terms,
            "exclusion_details": brand.exclusion_details,
            "coupons_allowed": brand.coupons_allowed,
            "gift_cards_allowed": brand.gift_cards_allowed,
        },
    }


def _merchant_row(brand: Details) -> Json:
    return {
        "id": brand.id,
        "name": brand.name,
        "categories": list(brand.categories),
        "metadata": {
            "description": brand.description,
            "icon_url": brand.icon_url,
            "banner_url": "not supported yet",
        },
        "urls": {"homepage": brand.homepage, "terms_and_conditions": None},
        "available_platforms": ["web", "ios", "android"],
        "supported_products": [],
        "status": str(brand.approval),
        "additional_terms": brand.further_terms,
        "exclusion_details": brand.exclusion_details,
    }


ROUTES: Routes = {
    r"/v1/brands/?": {"GET": _list_brands},
    r"/v1/brands/(?P<brand_id>[^/]+)": {"GET": _one_brand},
    r"/v1/merchants/?": {"GET": _list_merchants},
}
