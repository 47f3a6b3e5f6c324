"""GET merchants/ and GET merchants/{merchant_id}/, as a mobile app calls them."""

from __future__ import annotations

import pytest
import responses
from pytest_django import DjangoAssertNumQueries

from offers.models import MerchantProfile
from tests.factories import MERCHANT, NOON, observe, tell
from tests.members.calling import call, problem_of, read
from tests.offers.brands import listed, read_catalog, wire_brand

pytestmark = pytest.mark.django_db


def test_a_merchant_as_a_shopper_sees_it(button: responses.RequestsMock) -> None:
    listed(button, wire_brand(categories=["Sport"]))
    read_catalog()

    assert read(f"merchants/{MERCHANT}/") == {
        "merchant_id": MERCHANT,
        "name": "Brand Example",
        "status": "active",
        "description": "Sports goods",
        "icon_url": f"https://img.example.net/{MERCHANT}/icon.png",
        "homepage_url": "https://www.brand-example.com",
        "categories": ["Sport"],
        "featured": False,
        "hostnames": ["brand-example.com", "www.brand-example.com"],
        "terms": {
            "finalization_window_days": 30,
            "reporting_window_days": 1,
            "coupons_allowed": True,
            "gift_cards_allowed": False,
            "exclusions": "No commission on taxes, delivery or gift cards.",
            "additional_terms": None,
            "terms_url": None,
        },
    }
    assert read("merchants/") == {
        "next": None,
        "previous": None,
        "results": [read(f"merchants/{MERCHANT}/")],
    }


def test_the_list_holds_what_a_shopper_can_go_to(button: responses.RequestsMock) -> None:
    tell(observe(merchant_id="org-by-order", merchant_name="By order"))
    brands = [
        wire_brand("org-active"),
        wire_brand("org-untold", is_live_ready=...),
        wire_brand("org-approved", status="approved"),
        wire_brand("org-not-live", is_live_ready=False),
        wire_brand("org-not-approved", status="available"),
    ]
    listed(button, *brands, wire_brand("org-gone"))
    read_catalog()
    listed(button, *brands)
    read_catalog()

    ids = {row["merchant_id"] for row in read("merchants/")["results"]}
    assert ids == {"org-active", "org-untold", "org-approved"}
    for merchant_id in ("org-not-live", "org-not-approved", "org-gone"):
        assert read(f"merchants/{merchant_id}/")["status"] == "inactive"


def test_a_merchant_known_by_an_order_only_is_told_as_such() -> None:
    tell(observe(merchant_name="Corner shop"))

    assert read("merchants/")["results"] == []
    found = read(f"merchants/{MERCHANT}/")
    assert (found["name"], found["status"], found["homepage_url"]) == (
        "Corner shop",
        "not_described",
        None,
    )
    assert set(found["terms"].values()) == {None}


def test_the_list_is_paged_newest_first(button: responses.RequestsMock) -> None:
    for number in range(5):
        listed(button, *(wire_brand(f"org-{one}") for one in range(number + 1)))
        read_catalog()

    first = read("merchants/?limit=2")
    second = read(first["next"])
    third = read(second["next"])

    pages = [[row["merchant_id"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [["org-4", "org-3"], ["org-2", "org-1"], ["org-0"]]
    assert third["next"] is None
    assert read(second["previous"])["results"] == first["results"]


def test_the_list_costs_the_same_for_1_and_for_50(
    button: responses.RequestsMock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 50):
        listed(button, *(wire_brand(f"org-{number:02}") for number in range(count)))
        read_catalog()
        with django_assert_num_queries(1):
            assert len(read("merchants/?limit=200")["results"]) == count


@pytest.mark.parametrize("merchant_id", ["org-none", "..", "%00", "%F0%9F%92%A9", "a" * 5000])
def test_a_merchant_that_nobody_knows_is_not_found(merchant_id: str) -> None:
    problem_of(call(f"merchants/{merchant_id}/"), status=404)


def test_a_token_is_needed() -> None:
    problem_of(call("merchants/", token="none"), status=401)
    problem_of(call(f"merchants/{MERCHANT}/", token="none"), status=401)


def test_a_bad_cursor_is_400() -> None:
    problem_of(call("merchants/?cursor=nonsense"), status=400)


def test_no_answer_holds_what_the_publisher_keeps_to_itself(
    button: responses.RequestsMock,
) -> None:
    listed(button, wire_brand(commission_rate="7.5", internal_note="secret"))
    read_catalog()

    body = call(f"merchants/{MERCHANT}/").content + call("merchants/").content

    assert b"7.5" not in body
    assert b"secret" not in body
    assert "7.5" in MerchantProfile.objects.get().row


def test_a_brands_own_words_tell_no_percentage(button: responses.RequestsMock) -> None:
    words = {
        "exclusion_details": "Electronics 1.5 %, gift cards",
        "additional_terms": "Partners earn 6½ % within 30 days.",
    }
    listed(button, wire_brand(terms=words, description="650 bps for partners since 1899"))
    read_catalog()

    found = read(f"merchants/{MERCHANT}/")

    assert found["description"] == "… for partners since 1899"
    assert found["terms"]["exclusions"] == "Electronics …, gift cards"
    assert found["terms"]["additional_terms"] == "Partners earn … within 30 days."
    assert read("merchants/")["results"] == [found]


def test_a_window_of_less_than_a_day_counts_as_one(button: responses.RequestsMock) -> None:
    listed(button, wire_brand(terms={"finalization_window_minutes": 61}))
    read_catalog()

    assert read(f"merchants/{MERCHANT}/")["terms"]["finalization_window_days"] == 1
    MerchantProfile.objects.update(finalization_window_minutes=0, changed_at=NOON)
    assert read(f"merchants/{MERCHANT}/")["terms"]["finalization_window_days"] is None
