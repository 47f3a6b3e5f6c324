"""GET and POST offers/: what Button offers this member now, as this member would be rewarded."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import responses
from pytest_django import DjangoAssertNumQueries, Settings

from offers.clicks.listing import Listed
from offers.models import Merchant
from rewards_site.kernel import clock
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_member
from tests.api_keys.calling import make_key
from tests.factories import MEMBER, MERCHANT
from tests.members.calling import call, read
from tests.offers.brands import listed, read_catalog, wire_brand
from tests.offers.menus import (
    HASH,
    NOT_TOLD,
    asked_of_button,
    brand,
    decided,
    fixed,
    menu,
    offered,
    only_offer,
    opened,
    percent,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_permits(settings: Settings) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 20


def test_offers_as_a_member_sees_them(button: responses.RequestsMock) -> None:
    listed(button, wire_brand())
    read_catalog()
    shoes = percent(
        "offer-0", "6.5", category="Running shoes", offer_type="Category", offer_tag="promotional"
    )
    rest = percent("offer-1", "3", offer_type="Default")
    cards = percent("offer-2", "0", category="Gift cards", offer_type="Exclusion")
    offered(button, brand(MERCHANT, shoes, rest, cards))

    [merchant] = menu()

    tokens = [offer.pop("token") for offer in merchant["offers"]]
    exclusions = ["No commission on taxes, delivery or gift cards.", "Gift cards"]
    assert merchant == {
        "merchant_id": MERCHANT,
        "name": "Brand Example",
        "icon_url": f"https://img.example.net/{MERCHANT}/icon.png",
        "categories": [],
        "featured": False,
        "terms": {
            "finalization_window_days": 30,
            "reporting_window_days": 1,
            "coupons_allowed": True,
            "gift_cards_allowed": False,
            "exclusions": "No commission on taxes, delivery or gift cards.",
            "additional_terms": None,
            "terms_url": None,
            "reward_conditions": [],
        },
        "expected_days_to_available": 31,
        "expected_range": None,
        "basis": "window",
        "exclusions": exclusions,
        "offers": [
            {
                "id": "offer-0",
                "rank": 1,
                "reward": {"type": "percent", "value": "3.25", "currency": None},
                "label": "3.25 % back on Running shoes",
                "display_params": {
                    "category": "Running shoes",
                    "offer_type": "Category",
                    "offer_tag": "promotional",
                },
            },
            {
                "id": "offer-1",
                "rank": 2,
                "reward": {"type": "percent", "value": "1.5", "currency": None},
                "label": "1.5 % back",
                "display_params": {"offer_type": "Default"},
            },
        ],
    }
    shown = opened(tokens[0])
    assert (shown.merchant_id, shown.offer_id) == (MERCHANT, "offer-0")
    assert shown.listed == Listed(value="6.5")
    assert shown.terms == {"type": "share", "share_bps": 5000, "source": "default share"}
    assert shown.reward == {"type": "percent", "value": "3.25", "currency": None}
    assert shown.exclusions == tuple(exclusions)
    assert clock.now() - shown.shown_at < timedelta(minutes=1)


def test_every_call_is_a_fresh_one(button: responses.RequestsMock) -> None:
    offered(button, brand(MERCHANT, percent(rate="4")))
    assert only_offer()["reward"]["value"] == "2"

    offered(button, brand(MERCHANT, percent(rate="9")))
    assert only_offer()["reward"]["value"] == "4.5"

    assert asked_of_button(button) == [{"user_id": MEMBER}] * 2


def test_nothing_is_offered_where_button_offers_nothing(button: responses.RequestsMock) -> None:
    offered(button)

    assert read("offers/") == {"merchants": []}


def test_one_merchant_only(button: responses.RequestsMock) -> None:
    offered(button, brand("org-a", percent()))

    assert [one["merchant_id"] for one in menu("offers/?merchant_id=org-a")] == ["org-a"]
    assert menu("offers/?merchant_id=org-unknown") == []
    assert [told["merchant_id"] for told in asked_of_button(button)] == ["org-a", "org-unknown"]


def test_identifiers_go_to_button_trimmed_and_lower_cased(button: responses.RequestsMock) -> None:
    offered(button, brand("org-a", percent()))
    body: dict[str, Any] = {
        "device_ids": [" 6D92078A-8246-4BA4-AE5B-76104861E7DC "],
        "email_sha256s": [f"\t{HASH.upper()}\n"],
        "merchant_id": "org-a",
        "further": "ignored",
    }

    answer = call("offers/", method="POST", body=body)

    assert answer.status_code == 200
    assert [one["merchant_id"] for one in answer.json()["merchants"]] == ["org-a"]
    assert asked_of_button(button) == [
        {
            "user_id": MEMBER,
            "device_ids": ["6D92078A-8246-4BA4-AE5B-76104861E7DC"],
            "email_sha256s": [HASH],
            "merchant_id": "org-a",
        }
    ]


def test_identifiers_may_be_left_out(button: responses.RequestsMock) -> None:
    offered(button, brand("org-a", percent()))

    nothing: dict[str, Any] = {"device_ids": None, "email_sha256s": [], "merchant_id": None}
    bodies: list[dict[str, Any]] = [{}, nothing]
    for body in bodies:
        assert call("offers/", method="POST", body=body).status_code == 200
    assert asked_of_button(button) == [{"user_id": MEMBER}] * 2


def test_a_customer_id_not_seen_before_becomes_a_member(button: responses.RequestsMock) -> None:
    offered(button, brand(MERCHANT, percent()))

    [merchant] = menu(customer_id="u-new")

    member = Member.objects.get(customer_id="u-new")
    token = merchant["offers"][0]["token"]
    assert opened(token, customer_id="u-new").member_public_id == member.public_id


def test_an_alias_gets_the_tokens_of_the_member_that_it_stands_for(
    button: responses.RequestsMock,
) -> None:
    member = ensure_member(MEMBER, at=clock.now())
    Member.objects.create(customer_id="u-old", created_at=clock.now(), same_as=member)
    offered(button, brand(MERCHANT, percent()))

    [merchant] = menu(customer_id="u-old")

    assert opened(merchant["offers"][0]["token"]).member_public_id == member.public_id
    assert asked_of_button(button) == [{"user_id": "u-old"}]


def test_a_brand_never_seen_before_is_shown_and_becomes_a_merchant(
    button: responses.RequestsMock,
) -> None:
    offered(button, brand("org-new", percent()), brand("org-newer", percent("offer-2")))

    first, second = menu()

    assert [first["merchant_id"], second["merchant_id"]] == ["org-new", "org-newer"]
    assert first["name"] == "org-new"
    assert first["terms"] == NOT_TOLD
    assert (first["expected_days_to_available"], first["basis"]) == (None, None)
    assert set(Merchant.objects.values_list("pk", flat=True)) == {"org-new", "org-newer"}
    assert read("merchants/org-new/")["status"] == "not_described"
    assert len(menu()) == 2


def test_brands_that_shoppers_cannot_be_sent_to_are_left_out(
    button: responses.RequestsMock,
) -> None:
    listed(
        button,
        wire_brand("org-good"),
        wire_brand("org-not-live", is_live_ready=False),
        wire_brand("org-not-approved", status="available"),
    )
    read_catalog()
    decided("org-off", is_switched_off=True)
    told = ("org-off", "org-not-live", "org-good", "org-not-approved")
    offered(button, *(brand(one, percent()) for one in told))

    assert [one["merchant_id"] for one in menu()] == ["org-good"]


def test_what_ops_decided_is_shown_in_the_order_that_ops_decided(
    button: responses.RequestsMock,
) -> None:
    decided("org-second", position=1, shown_name="The Second", categories=("Shoes", "Sport"))
    decided("org-first", is_featured=True)
    decided("org-zeroth", is_featured=True, position=7)
    told = ("org-x", "org-first", "org-second", "org-y", "org-zeroth")
    offered(button, *(brand(one, percent()) for one in told))

    merchants = menu()

    assert [one["merchant_id"] for one in merchants] == [
        *("org-zeroth", "org-first", "org-second", "org-x", "org-y")
    ]
    assert [one["featured"] for one in merchants] == [True, True, False, False, False]
    assert merchants[2]["name"] == "The Second"
    assert merchants[2]["categories"] == ["Shoes", "Sport"]


def test_exclusions_and_rates_of_nothing_are_no_offers(button: responses.RequestsMock) -> None:
    offered(
        button,
        brand(
            "org-a",
            percent("offer-1", "4", category="Shoes"),
            percent("offer-2", "0.0", category="Gift cards"),
            percent("offer-3", "2", category="Vouchers, delivery", offer_type="EXCLUSION"),
            percent("offer-4", "0", offer_type="default"),
        ),
        brand("org-b", percent("offer-5", "0", category="Everything")),
    )

    [merchant] = menu()

    assert [offer["id"] for offer in merchant["offers"]] == ["offer-1"]
    assert merchant["exclusions"] == ["Gift cards", "Everything else", "Vouchers, delivery"]


def test_fixed_rates_are_major_units(button: responses.RequestsMock) -> None:
    offered(button, brand("org-a", fixed("o-1", "2.50", "GBP"), fixed("o-2", "250", "JPY")))

    [merchant] = menu()

    assert [(one["reward"], one["label"]) for one in merchant["offers"]] == [
        ({"type": "fixed", "value": "1.25", "currency": "GBP"}, "1.25 GBP back per order"),
        ({"type": "fixed", "value": "125", "currency": "JPY"}, "125 JPY back per order"),
    ]


def test_what_button_lists_is_in_no_words_of_the_brand(button: responses.RequestsMock) -> None:
    telling = percent("o-1", "6.5", category="Shoes at 6.50 %, socks 2", offer_tag="now 6,5")
    odd = percent("o-2", "2", payout="2", commission_hint="6.5", category="5 stars")
    offered(button, brand("org-a", telling, odd))

    answer = call("offers/").content.decode()

    [merchant] = json.loads(answer)["merchants"]
    assert [offer["display_params"] for offer in merchant["offers"]] == [
        {"category": "Shoes at …, socks …", "offer_tag": "now …"},
        {"category": "5 stars"},
    ]
    assert merchant["offers"][0]["label"] == "3.25 % back on Shoes at …, socks …"
    assert "6.5" not in answer


def test_an_offer_that_cannot_be_clicked_is_left_out(button: responses.RequestsMock) -> None:
    offered(button, brand("org-a", percent("x" * 256), percent("é" * 200), percent("offer-1")))

    assert only_offer()["id"] == "offer-1"


def test_the_back_end_asks_for_any_member(button: responses.RequestsMock) -> None:
    offered(button, brand("org-a", percent()))
    key = make_key().text

    answer = call("members/u-77/offers/?merchant_id=org-a", token=key)

    assert answer.status_code == 200
    assert answer.json()["merchants"][0]["offers"][0]["label"] == "2.25 % back"
    assert asked_of_button(button) == [{"user_id": "u-77", "merchant_id": "org-a"}]


def test_many_brands_cost_no_more_questions_than_one(
    button: responses.RequestsMock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    brands = [brand(f"org-{number}", percent(f"o-{number}")) for number in range(100)]
    offered(button, *brands)
    menu()  # makes the merchants, the member and the permits
    for told in (brands[:1], brands):
        offered(button, *told)
        with django_assert_num_queries(6):  # a permit, member, brands, rules, accounts, releases
            assert len(menu()) == len(told)
