"""An Offers answer, read tolerantly: nothing is guessed, one bad offer harms no other."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards_site.button.envelope import NotEnvelope
from rewards_site.button.offers_reading import read_offers
from rewards_site.button.offers_schemas import (
    ListedOffer,
    MerchantOffers,
    OffersAnswer,
    OfferType,
)
from rewards_site.button.wirejson import JsonObject, parse
from tests.button.samples import sample


def read(*merchants: Any, **asked: Any) -> OffersAnswer:
    return read_text(json.dumps({"merchant_offers": merchants}), **asked)


def read_text(text: str, **asked: Any) -> OffersAnswer:
    told = parse(text.encode())
    assert isinstance(told, JsonObject)
    return read_offers(told, **asked)


def brand(*offers: Any, merchant_id: str = "org-1", **more: Any) -> dict[str, Any]:
    return {"merchant_id": merchant_id, "offers": list(offers), **more}


def offer(offer_id: str = "offer-1", rate: Any = "4.5", **more: Any) -> dict[str, Any]:
    return {"id": offer_id, "rate_percent": rate, **more}


GOOD = ListedOffer(offer_id="offer-good", rate_percent=Decimal("2"))


def test_the_sample_of_the_reference() -> None:
    answer = read_offers(sample("openapi/offers-200.json")["object"])

    games = {"category": "Video Games", "offer_type": "category"}
    assert answer == OffersAnswer(
        merchants=(
            MerchantOffers(
                merchant_id="org-123",
                offers=(
                    ListedOffer(
                        offer_id="offer-XXX",
                        rate_percent=Decimal("4.5"),
                        rank=1,
                        offer_type=OfferType.CATEGORY,
                        category="Video Games",
                        display_params=games,
                    ),
                    ListedOffer(
                        offer_id="offer-YYY",
                        rate_percent=Decimal("2"),
                        rank=2,
                        tag="promotional",
                        display_params={"offer_tag": "promotional"},
                    ),
                    ListedOffer(
                        offer_id="offer-ZZZ",
                        rate_fixed=Decimal("1.00"),
                        currency="USD",
                        rank=3,
                    ),
                ),
            ),
        )
    )


def test_the_shape_of_2019_has_no_rank_and_a_best_offer() -> None:
    told = sample("third-party/offers-2019-best-offer-id.json")["object"]
    told["merchant_offers"][0]["best_offer_id"] = "offer-5cd2c3107c0a0e3e-1"

    answer = read_offers(told)

    (merchant,) = answer.merchants
    assert [(one.rate_percent, one.category, one.rank) for one in merchant.offers] == [
        (Decimal(5), "Furniture", None),
        (Decimal(10), "Toys", None),
        (Decimal(2), "Electronics", None),
    ]
    assert answer.flags == ()


@pytest.mark.parametrize("spelled", ["Exclusion", "exclusion", " EXCLUSION "])
def test_exclusions_stand_apart_in_whatever_case(spelled: str) -> None:
    excluded = {"category": "Gift cards", "offer_type": spelled}
    answer = read(brand(offer("offer-2", "0", display_params=excluded), offer("offer-1", "3")))

    (merchant,) = answer.merchants
    assert [one.offer_id for one in merchant.offers] == ["offer-1"]
    assert [(one.offer_type, one.category) for one in merchant.exclusions] == [
        (OfferType.EXCLUSION, "Gift cards")
    ]


def test_an_exclusion_is_shown_even_where_its_rate_is_not_one() -> None:
    answer = read(brand({"id": "offer-1", "display_params": {"offer_type": "Exclusion"}}))

    (merchant,) = answer.merchants
    assert [one.rate_percent for one in merchant.exclusions] == [None]
    assert merchant.offers == ()
    assert answer.flags == (
        "brand 1: offer 1: its rate was dropped: `rate_percent` is missing, and `rate_fixed` too",
    )


BAD = [
    ({"id": "o"}, "`rate_percent` is missing, and `rate_fixed` too"),
    ({"id": "o", "rate_percent": ""}, "`rate_percent` is missing, and `rate_fixed` too"),
    (
        {"id": "o", "rate_percent": "1", "rate_fixed": "1", "currency": "USD"},
        "`rate_percent` is told beside `rate_fixed`",
    ),
    ({"id": "o", "rate_fixed": "1"}, "`currency` is missing"),
    ({"id": "o", "rate_fixed": "1", "currency": "XXQ"}, "`currency` is not a currency of ISO 4217"),
    ({"id": "o", "rate_fixed": "1", "currency": "PTS"}, "`currency` is not a currency of ISO 4217"),
    ({"rate_percent": "1"}, "`id` is missing"),
    ({"id": 7, "rate_percent": "1"}, "`id` is not text"),
    ("offer", "`offer` is not an object"),
    *(
        ({"id": "o", "rate_percent": rate}, "`rate_percent` is not a decimal number of 0 or more")
        for rate in ["-1", "4,5", "4.5%", "1e3", "NaN", "Infinity", "٤", True, [], -1, 10**12, "."]
    ),
]


@pytest.mark.parametrize(("bad", "why"), BAD)
def test_a_bad_offer_is_left_out_and_harms_no_other(bad: Any, why: str) -> None:
    answer = read(brand(bad, offer("offer-good", "2")))

    assert answer.merchants == (MerchantOffers(merchant_id="org-1", offers=(GOOD,)),)
    assert answer.flags == (f"brand 1: offer 1: left out: {why}",)


@pytest.mark.parametrize("bad", [None, 1, "x", {}, {"merchant_id": ""}, brand() | {"offers": 1}])
def test_a_bad_brand_harms_no_other(bad: Any) -> None:
    answer = read(bad, brand(offer("offer-good", "2"), merchant_id="org-2"))

    assert answer.merchants == (MerchantOffers(merchant_id="org-2", offers=(GOOD,)),)
    assert [flag.partition(": left out: ")[0] for flag in answer.flags] == ["brand 1"]


@pytest.mark.parametrize(
    ("told", "read_as"),
    [('"0.10"', "0.10"), ("4.5", "4.5"), ("3", "3"), ("1.5e1", "15"), ('" 2 "', "2"), ("0", "0")],
)
def test_a_rate_is_a_decimal_never_a_float(told: str, read_as: str) -> None:
    text = f'{{"id": "o", "rate_percent": {told}}}'
    answer = read_text(f'{{"merchant_offers": [{{"merchant_id": "org-1", "offers": [{text}]}}]}}')

    assert [str(one.rate_percent) for one in answer.merchants[0].offers] == [read_as]


def test_a_rate_told_twice_with_two_values_is_none() -> None:
    text = '{"id": "o", "rate_percent": "4", "rate_percent": "40"}'
    answer = read_text(f'{{"merchant_offers": [{{"merchant_id": "org-1", "offers": [{text}]}}]}}')

    assert answer.merchants == (MerchantOffers(merchant_id="org-1", offers=()),)


def test_rank_decides_and_who_has_none_comes_last() -> None:
    told = [offer("b", rank=2), offer("none"), offer("odd", rank="1"), offer("a", rank=1)]
    answer = read(brand(*told))

    assert [one.offer_id for one in answer.merchants[0].offers] == ["a", "b", "none", "odd"]
    assert answer.flags == ("brand 1: offer 3: `rank` dropped: not an integer",)


def test_params_are_text_and_no_flag_repeats_what_was_told() -> None:
    params = {"ok": "yes", "secret-name": 5, "none": None, "half": "\ud800", "offer_type": "New!"}
    answer = read(brand(offer(display_params=params)))

    (one,) = answer.merchants[0].offers
    assert one.display_params == {"ok": "yes", "offer_type": "New!"}
    assert one.offer_type is None
    assert answer.flags == (
        "brand 1: offer 1: a display parameter was dropped: not text",
        "brand 1: offer 1: a display parameter was dropped: text that cannot be stored",
        "brand 1: offer 1: its type is none that is known",
    )


def test_a_brand_told_twice_is_one_brand() -> None:
    answer = read(
        brand(offer("a", "1", rank=2), offer("c", "5", rank=3)),
        brand(offer("b", "2", rank=1), offer("a", "1", rank=2), offer("c", "6", rank=3)),
    )

    (merchant,) = answer.merchants
    assert [one.offer_id for one in merchant.offers] == ["b", "a"]  # c: 5 or 6, nobody knows
    assert len(answer.flags) == 2


def test_only_the_brand_that_was_asked_for() -> None:
    answer = read(
        brand(offer()),
        brand(offer("offer-good", "2"), merchant_id="org-2"),
        merchant_id="org-2",
    )

    assert answer.merchants == (MerchantOffers(merchant_id="org-2", offers=(GOOD,)),)


@pytest.mark.parametrize(
    "told",
    ["{}", '{"merchant_offers": null}', '{"merchant_offers": {}}'],
)
def test_an_answer_without_a_list_is_no_answer(told: str) -> None:
    with pytest.raises(NotEnvelope, match="held no list of offers"):
        read_text(told)


def test_no_brand_at_all_is_an_answer() -> None:
    assert read() == OffersAnswer(merchants=())


fractions = st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | fractions,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["merchant_id", "offers", "id", "rate_percent", "rate_fixed", "currency"]
            )
            | st.sampled_from(["display_params", "offer_type", "rank", "best_offer_id"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(st.lists(anything, max_size=4))
def test_whatever_is_told_the_good_offer_is_read(told: list[Any]) -> None:
    good = brand(offer("offer-good", "2"), merchant_id="org-untouched")

    answer = read(*told, good)

    assert answer.merchants[-1] == MerchantOffers(merchant_id="org-untouched", offers=(GOOD,))
    for merchant in answer.merchants:
        for one in merchant.offers:
            assert (one.rate_percent is None) != (one.rate_fixed is None)
            assert (one.rate_fixed is None) == (one.currency is None)
