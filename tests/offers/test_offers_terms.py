"""offers/ shows what this member would get: by the rules in force, the record, and go-live."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import responses
from pytest_django import Settings

from offers.brandrecord.models import BrandRecord
from offers.rules.promise import Promise
from offers.rules.publishing import withdraw
from offers.rules.terms import TermsKind
from rewards_site.kernel import clock
from tests.factories import MERCHANT, NOON, observe, tell
from tests.offers.brands import listed, read_catalog, wire_brand
from tests.offers.menus import (
    brand,
    fixed,
    make_merchant,
    menu,
    offered,
    only_offer,
    opened,
    percent,
)
from tests.offers.rules.making import person, published
from transactions.models import ButtonAccount, ShareMode

pytestmark = pytest.mark.django_db

HALF = Promise(zone="UTC", share_bps=5_000)
POINTS = replace(HALF, share_bps=0, kind=TermsKind.POINTS_PER_UNIT, points=Decimal(10))


@pytest.fixture(autouse=True)
def few_permits(settings: Settings) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 20


def rewards(*brands: str) -> dict[str, list[tuple[str, str, str | None]]]:
    return {
        one["merchant_id"]: [tuple(offer["reward"].values()) for offer in one["offers"]]
        for one in menu()
    }


def test_the_default_share_is_a_setting(button: responses.RequestsMock, settings: Settings) -> None:
    offered(button, brand("org-a", percent(rate="4.5")))
    settings.REWARD_DEFAULT_SHARE_BPS = 8_000

    assert only_offer()["reward"]["value"] == "3.6"
    settings.REWARD_DEFAULT_SHARE_BPS = 0
    assert (only_offer()["reward"]["value"], only_offer()["label"]) == ("0", "No reward")


def test_each_brand_goes_by_the_rule_for_it(button: responses.RequestsMock) -> None:
    make_merchant("org-own")
    published("All", HALF, share_bps=6_000)
    published("Own", HALF, share_bps=9_000, merchant_id="org-own")
    published("Gift cards", HALF, share_bps=0, category="Gift cards", merchant_id="org-own")
    offered(
        button,
        brand("org-any", percent("o-1", "10"), fixed("o-2", "1.00", "USD")),
        brand("org-own", percent("o-3", "10"), percent("o-4", "10", category="gift cards")),
        brand("org-other", percent("o-5", "10")),
    )

    assert rewards() == {
        "org-any": [("percent", "6", None), ("fixed", "0.60", "USD")],
        "org-own": [("percent", "9", None), ("percent", "0", None)],
        "org-other": [("percent", "6", None)],
    }
    own = menu()[1]
    assert own["terms"]["reward_conditions"] == ["Nothing for «Gift cards»."]
    sealed = opened(own["offers"][0]["token"]).terms
    assert sealed["source"] == "rule «Own» v1"
    assert sealed["category_shares"][0]["category"] == "Gift cards"


def test_a_withdrawn_rule_is_not_shown_any_more(button: responses.RequestsMock) -> None:
    version = published("All", HALF, share_bps=6_000)
    offered(button, brand("org-any", percent(rate="10")))
    assert only_offer()["reward"]["value"] == "6"

    withdraw(version_id=version.pk, actor=person(), reason="It is over", at=clock.now())

    assert only_offer()["reward"]["value"] == "5"


def test_amounts_and_points(button: responses.RequestsMock) -> None:
    for name in ("org-amount", "org-points"):
        make_merchant(name)
    amount: dict[str, Any] = {"kind": TermsKind.FIXED, "share_bps": 0, "fixed_minor": 250}
    published("Amount", HALF, merchant_id="org-amount", currency="USD", **amount)
    published("Points", POINTS, merchant_id="org-points", currency="USD", cap_minor=500)
    offered(
        button,
        brand("org-amount", percent("o-1", "4"), fixed("o-2", "1.00", "USD")),
        brand("org-points", percent("o-3", "4")),
    )

    first, second = menu()

    assert [offer["reward"]["value"] for offer in first["offers"]] == ["2.50", "1.00"]
    assert first["terms"]["reward_conditions"] == [
        "Only where the store pays in USD.",
        "A small order may earn less.",
    ]
    assert second["offers"][0]["reward"] == {"type": "points", "value": "0.4", "currency": "USD"}
    assert second["offers"][0]["label"] == "0.4 points per USD spent"
    assert second["terms"]["reward_conditions"] == [
        "Only where the store pays in USD.",
        "At most 500 points per order.",
    ]


def test_before_going_live_nothing_is_promised_and_the_terms_are_frozen_all_the_same(
    button: responses.RequestsMock, settings: Settings
) -> None:
    live_at = clock.now() + timedelta(days=2)
    settings.GO_LIVE_AT = live_at
    offered(button, brand("org-a", percent(), fixed("o-2", "2.00", "USD")))
    assert [offer["reward"]["value"] for offer in menu()[0]["offers"]] == ["2.25", "1.00"]

    settings.REWARD_BEFORE_GO_LIVE = False
    [merchant] = menu()

    assert [offer["reward"]["value"] for offer in merchant["offers"]] == ["0", "0.00"]
    assert [offer["label"] for offer in merchant["offers"]] == ["No reward", "No reward"]
    assert merchant["terms"]["reward_conditions"] == [
        f"Orders of before {live_at:%Y-%m-%d %H:%M} UTC earn nothing."
    ]
    assert opened(merchant["offers"][0]["token"]).terms["share_bps"] == 5_000

    settings.GO_LIVE_AT = clock.now() - timedelta(seconds=1)
    assert menu()[0]["offers"][0]["reward"]["value"] == "2.25"


def test_what_really_happened_goes_before_the_window(button: responses.RequestsMock) -> None:
    listed(button, wire_brand("org-known"), wire_brand("org-young"))
    read_catalog()
    BrandRecord.objects.create(
        merchant_id="org-known",
        median_days=41,
        low_days=30,
        high_days=66,
        sample_size=500,
        pending_count=0,
        declined_count=0,
        measured_at=NOON,
        from_at=NOON - timedelta(days=365),
        until_at=NOON,
    )
    offered(button, brand("org-known", percent("o-1")), brand("org-young", percent("o-2")))

    known, young = menu()

    expected = ("expected_days_to_available", "expected_range", "basis")
    assert [known[name] for name in expected] == [41, [30, 66], "history"]
    assert [young[name] for name in expected] == [31, None, "window"]


@pytest.mark.parametrize(
    ("reporting_days", "window_minutes", "days"),
    [(45, 43_200, 75), (None, 43_200, 30), (..., 43_200, 30), (0, 61, 1), (45, None, None)],
)
def test_a_window_begins_when_the_order_is_reported(
    button: responses.RequestsMock, reporting_days: Any, window_minutes: Any, days: int | None
) -> None:
    terms = {
        "reporting_window_days": reporting_days,
        "finalization_window_minutes": window_minutes,
    }
    listed(button, wire_brand(terms=terms))
    read_catalog()
    offered(button, brand(MERCHANT, percent()))

    [merchant] = menu()

    basis = None if days is None else "window"
    assert (merchant["expected_days_to_available"], merchant["basis"]) == (days, basis)


def test_no_category_is_shown_more_than_an_order_whose_lines_say_otherwise_is_paid(
    button: responses.RequestsMock,
) -> None:
    published("Shoes", HALF, share_bps=9_000, category="Shoes")
    offered(button, brand(MERCHANT, percent(rate="10", category="Shoes", offer_type="Category")))

    [merchant] = menu()

    assert merchant["offers"][0]["label"] == "5 % back on Shoes"
    assert merchant["terms"]["reward_conditions"] == [
        "«Shoes» earns more than the rest of the order."
    ]


def test_a_brands_own_words_tell_no_rate(button: responses.RequestsMock) -> None:
    words = {
        "exclusion_details": "Electronics 1.5 %, gift cards. Within 30 days.",
        "additional_terms": "Partners earn 650 bps, or ¥1,250 for new customers.",
    }
    listed(button, wire_brand(terms=words))
    read_catalog()
    offered(button, brand(MERCHANT, percent("o-1", "6.5"), fixed("o-2", "1250", "JPY")))

    [merchant] = menu()

    assert merchant["terms"]["exclusions"] == "Electronics …, gift cards. Within 30 days."
    assert merchant["exclusions"] == ["Electronics …, gift cards. Within 30 days."]
    assert merchant["terms"]["additional_terms"] == "Partners earn …, or ¥… for new customers."
    assert opened(merchant["offers"][0]["token"]).exclusions == tuple(merchant["exclusions"])


def test_while_every_account_keeps_the_commission_nothing_is_promised(
    button: responses.RequestsMock,
) -> None:
    offered(button, brand("org-a", percent(), fixed("o-2", "2.00", "USD")))
    tell(observe("tx-1"), observe("tx-2", account_id="acc-2", currency="EUR"))
    ButtonAccount.objects.update(share_mode=ShareMode.PUBLISHER)

    [merchant] = menu()

    assert [offer["reward"]["value"] for offer in merchant["offers"]] == ["0", "0.00"]
    assert merchant["offers"][0]["label"] == "No reward"
    assert merchant["terms"]["reward_conditions"] == ["Orders earn nothing at the moment."]
    assert opened(merchant["offers"][0]["token"]).reward["value"] == "0"

    ButtonAccount.objects.filter(pk="acc-2").update(share_mode=ShareMode.SHARED)
    [merchant] = menu()
    assert [offer["reward"]["value"] for offer in merchant["offers"]] == ["2.25", "1.00"]
    assert merchant["terms"]["reward_conditions"] == []
