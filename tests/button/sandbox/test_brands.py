"""The Brands API and the Merchants API before it (sheet, 3.4 and 3.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rewards_site.button.client import ButtonClient
from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from tests.button.sandbox.caller import Caller

BRANDS, MERCHANTS = "/v1/brands", "/v1/merchants"
FIRST = catalog.BRANDS[0].id
PENDING = catalog.PENDING_BRANDS[0].id
AVAILABLE = catalog.AVAILABLE_BRANDS[0].id
TERMS = {
    "reporting_window_days",
    "finalization_window_minutes",
    "exclusion_details",
    "coupons_allowed",
    "gift_cards_allowed",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(test_keys=("sk-test",), brand_keys=("sk-brand",)) as sandbox:
        yield sandbox


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_the_list_holds_the_partners_and_one_by_id_is_the_same(caller: Caller) -> None:
    rows = caller.objects(BRANDS)

    assert names(rows) == [brand.name for brand in catalog.BRANDS]
    for row in rows:
        answer = caller.get(f"{BRANDS}/{row['id']}").json()
        assert answer == {"meta": {"status": "ok"}, "object": row}
    assert rows[0]["urls"] == {"homepage": "https://www.fernhill-outfitters.example"}
    assert set(rows[0]["terms_and_conditions"]) == {*TERMS, "additional_terms"}


@pytest.mark.parametrize(
    ("brand_id", "status", "message"),
    [
        ("org-xxx", 400, "Invalid Brand ID: org-xxx"),
        ("acc-262d6eae90030df9", 400, "Invalid Brand ID: acc-262d6eae90030df9"),
        ("org-262d6eae90030df9", 404, "Could not find org-262d6eae90030df9"),
        (PENDING, 404, f"Could not find {PENDING}"),
    ],
)
def test_a_brand_that_is_not_there(
    caller: Caller, brand_id: str, status: int, message: str
) -> None:
    answer = caller.get(f"{BRANDS}/{brand_id}")

    assert answer.status_code == status
    assert answer.json() == {"meta": {"status": "error"}, "error": {"message": message}}


def test_both_spellings_of_the_terms(caller: Caller) -> None:
    caller.control(f"brands/{FIRST}", further_terms="No resale.")
    told = caller.get(f"{BRANDS}/{FIRST}").json()["object"]["terms_and_conditions"]

    caller.control("api", brand_terms="other_terms")
    other = caller.get(f"{BRANDS}/{FIRST}").json()["object"]["terms_and_conditions"]

    assert told["additional_terms"] == other["other_terms"] == "No resale."
    assert set(other) == {*TERMS, "other_terms"}


def test_both_envelopes_of_the_list(caller: Caller) -> None:
    as_objects = caller.get(BRANDS).json()
    caller.control("api", brands_envelope="object")

    several = caller.get(BRANDS).json()
    alone = caller.get(BRANDS, key="sk-test").json()

    assert several == {"meta": {"status": "ok"}, "object": as_objects["objects"]}
    assert alone["object"]["id"] == catalog.TEST_MERCHANT.id


@pytest.mark.parametrize("envelope", ["objects", "object"])
@pytest.mark.parametrize("terms", ["additional_terms", "other_terms"])
def test_our_own_client_reads_every_reading(caller: Caller, envelope: str, terms: str) -> None:
    caller.control("api", brands_envelope=envelope, brand_terms=terms)
    caller.control(f"brands/{catalog.TEST_MERCHANT.id}", further_terms="Play money.")

    page = ButtonClient(api_key="sk-test", base_url=caller.url).brands()

    (row,) = page.brands
    assert row.brand.merchant_id == catalog.TEST_MERCHANT.id
    assert row.brand.additional_terms == "Play money."
    assert row.brand.flags == ()


def test_our_own_client_reads_every_brand_without_a_complaint(caller: Caller) -> None:
    page = ButtonClient(api_key=DEFAULT_API_KEY, base_url=caller.url).brands()

    assert [row.brand.merchant_id for row in page.brands] == [brand.id for brand in catalog.BRANDS]
    assert {row.brand.flags for row in page.brands} == {()}
    assert page.unreadable == ()


def test_a_brand_changes_what_it_says(caller: Caller) -> None:
    before = caller.get(f"{BRANDS}/{FIRST}").json()["object"]
    changes = {
        "name": "Fernhill",
        "finalization_window_minutes": 10080,
        "coupons_allowed": not before["terms_and_conditions"]["coupons_allowed"],
        "exclusion_details": None,
        "hostnames": ["fernhill.example"],
        "is_live_ready": False,
    }

    caller.control(f"brands/{FIRST}", **changes)

    after = caller.get(f"{BRANDS}/{FIRST}").json()["object"]
    assert after == {
        **before,
        "name": "Fernhill",
        "is_live_ready": False,
        "supported_hostnames": ["fernhill.example"],
        "terms_and_conditions": {
            **before["terms_and_conditions"],
            "finalization_window_minutes": 10080,
            "coupons_allowed": changes["coupons_allowed"],
            "exclusion_details": None,
        },
    }


def test_a_brand_that_an_order_brought_in_is_a_partner(caller: Caller) -> None:
    brand_id = "org-7c1f09aa52d3e418"
    caller.order(merchant=brand_id, merchant_name="Brand Example", total=1000, amount=10)

    assert caller.get(f"{BRANDS}/{brand_id}").json()["object"]["name"] == "Brand Example"
    assert names(caller.objects(BRANDS))[-1] == "Brand Example"


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("approved", [brand.name for brand in catalog.BRANDS]),
        ("pending", ["Quayside Cycles"]),
        ("available", ["Old Mill Ceramics"]),
    ],
)
def test_merchants_by_status(caller: Caller, status: str, found: list[str]) -> None:
    rows = caller.objects(MERCHANTS, status=status)

    assert names(rows) == found
    assert {row["status"] for row in rows} == {status}


def test_merchants_without_a_filter_and_with_a_currency(caller: Caller) -> None:
    rows = caller.objects(MERCHANTS)

    assert len(rows) == len(catalog.BRANDS) + 2
    assert caller.objects(MERCHANTS, currency="GBP") == rows
    for name, value in (("status", "open"), ("currency", "XYZ")):
        answer = caller.get(MERCHANTS, **{name: value})
        assert (answer.status_code, answer.json()["error"]) == (
            400,
            {"message": f"Invalid {name}: {value}"},
        )


def test_in_sandbox_mode_there_is_the_test_merchant_only(caller: Caller) -> None:
    test_merchant = "Button Test Merchant (Sandbox)"
    offers = caller.ask("/v1/offers", {"user_id": "u"}, key="sk-test").json()["object"]
    link = caller.ask("/v1/links", {"url": "https://buttontestmerchant.com/"}, key="sk-test")

    assert names(caller.objects(BRANDS, key="sk-test")) == [test_merchant]
    assert names(caller.objects(MERCHANTS, key="sk-test")) == [test_merchant]
    assert [one["merchant_id"] for one in offers["merchant_offers"]] == ["org-228b55a5707de5c8"]
    assert [row["rate_percent"] for row in offers["merchant_offers"][0]["offers"]] == [
        "10",
        "5",
        "2",
    ]
    assert link.json()["object"]["merchant_id"] == "org-228b55a5707de5c8"
    assert test_merchant not in names(caller.objects(MERCHANTS))
