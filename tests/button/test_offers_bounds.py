"""Rates that no brand pays, and answers that are too large: left out, and said so."""

from __future__ import annotations

import json
from typing import Any

from rewards_site.button.offers_reading import read_offers
from rewards_site.button.offers_schemas import OffersAnswer
from rewards_site.button.wirejson import JsonObject, parse


def read(*merchants: Any, **asked: Any) -> OffersAnswer:
    told = parse(json.dumps({"merchant_offers": merchants}).encode())
    assert isinstance(told, JsonObject)
    return read_offers(told, **asked)


def brand(*offers: Any, merchant_id: str = "org-1") -> dict[str, Any]:
    return {"merchant_id": merchant_id, "offers": list(offers)}


def offer(offer_id: str = "offer-1", rate: Any = "4.5", **more: Any) -> dict[str, Any]:
    return {"id": offer_id, "rate_percent": rate, **more}


def test_a_percentage_that_no_brand_pays_is_left_out() -> None:
    answer = read(
        brand(
            offer("a", "100"),
            offer("b", "100.01"),
            offer("c", "999999999999"),
            offer("d", "101", display_params={"offer_type": "exclusion"}),
        )
    )

    (merchant,) = answer.merchants
    assert [one.offer_id for one in merchant.offers] == ["a"]
    assert [(one.offer_id, one.rate_percent) for one in merchant.exclusions] == [("d", None)]
    assert answer.flags == (
        "brand 1: offer 2: left out: `rate_percent` is over 100",
        "brand 1: offer 3: left out: `rate_percent` is over 100",
        "brand 1: offer 4: its rate was dropped: `rate_percent` is over 100",
    )


def test_of_too_many_brands_the_last_are_left_out() -> None:
    brands = [brand(offer(), merchant_id=f"org-{number}") for number in range(2_003)]

    answer = read(None, *brands)

    assert [one.merchant_id for one in answer.merchants] == [f"org-{n}" for n in range(2_000)]
    assert answer.flags == (
        "brands from 2002 to 2004 left out: the answer is too large",
        "brand 1: left out: `brand` is not an object",
    )


def test_a_brand_that_is_asked_for_is_found_behind_any_number_of_others() -> None:
    brands = [brand(offer(), merchant_id=f"org-{number}") for number in range(2_003)]

    answer = read(*brands, merchant_id="org-2002")

    assert [one.merchant_id for one in answer.merchants] == ["org-2002"]


def test_of_too_many_offers_the_last_are_left_out() -> None:
    many = [offer(f"offer-{number}") for number in range(19_999)]

    answer = read(
        brand(*many, merchant_id="org-1"),
        brand(offer("a"), offer("b"), merchant_id="org-2"),
        brand(offer(), merchant_id="org-3"),
    )

    assert [len(one.offers) for one in answer.merchants] == [19_999, 1]
    assert answer.merchants[1].offers[0].offer_id == "a"
    assert answer.flags == (
        "brands from 3 to 3 left out: the answer is too large",
        "brand 2: offers past 1 left out: the answer is too large",
    )
