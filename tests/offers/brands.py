"""The Brands API at the wire, as tests have it answer."""

from __future__ import annotations

import json
from typing import Any

import responses

from offers.catalog import CatalogReport, sync_merchants
from rewards_site.kernel import clock
from tests.accounts_sync.world import API, client
from tests.factories import MERCHANT

BRANDS_URL = f"{API}/v1/brands"


def wire_brand(merchant_id: str = MERCHANT, **changes: Any) -> dict[str, Any]:
    """A brand as the Brands API lists it (the sheet's sample); `terms` changes some of its terms.

    A value of `...` leaves the field out.
    """
    terms = {
        "reporting_window_days": 1,
        "finalization_window_minutes": 43200,
        "additional_terms": None,
        "exclusion_details": "No commission on taxes, delivery or gift cards.",
        "coupons_allowed": True,
        "gift_cards_allowed": False,
    } | changes.pop("terms", {})
    brand = {
        "id": merchant_id,
        "name": "Brand Example",
        "is_live_ready": True,
        "description": "Sports goods",
        "urls": {"homepage": "https://www.brand-example.com"},
        "icon_url": f"https://img.example.net/{merchant_id}/icon.png",
        "apps": [{"os": "ios", "scheme": "brandexample://"}],
        "supported_hostnames": ["brand-example.com", "www.brand-example.com"],
        "subdomain": None,
        "terms_and_conditions": {name: value for name, value in terms.items() if value is not ...},
    } | changes
    return {name: value for name, value in brand.items() if value is not ...}


def listed(button: responses.RequestsMock, *brands: Any) -> None:
    """From now on the Brands API lists these."""
    answer(button, json.dumps({"meta": {"status": "ok"}, "objects": list(brands)}))


def answer(button: responses.RequestsMock, body: str, *, status: int = 200) -> None:
    button.upsert(
        responses.GET, BRANDS_URL, body=body, status=status, content_type="application/json"
    )


def read_catalog(**options: Any) -> CatalogReport:
    """Read the Brands API once, as the command does."""
    return sync_merchants(client=client(), at=clock.now(), **options)
