"""A brand as Button may list it: every spelling, every wrong type, any JSON at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards_site.button.brands import (
    FACTS,
    BrandApp,
    BrandRecord,
    read_brand,
    read_brands,
)
from rewards_site.button.fields import Unreadable
from rewards_site.button.pages import Page
from rewards_site.button.wirejson import parse, text_of
from tests.button.samples import sample
from tests.button.test_reading_properties import JSON, SCALARS, TEXT

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def brand(**fields: Any) -> BrandRecord:
    return read_brand({"id": "org-1"} | fields)


def terms(**fields: Any) -> BrandRecord:
    return brand(terms_and_conditions=fields)


def test_buttons_own_sample() -> None:
    assert read_brand(sample("openapi/brands-200.json")["object"]) == BrandRecord(
        merchant_id="org-3eec44df0966f6f0",
        name="Brand123",
        description="Brand description",
        icon_url="https://button.imgix.net/org-3eec44df0966f6f0/icon/f2efde260ddabd11.png",
        homepage_url="https://brandhomepage.com",
        is_live_ready=True,
        hostnames=("brand123.com", "brand123homepage.com", "us.brand123homepage.com"),
        subdomain="brandapp",
        apps=(BrandApp(os="ios", scheme="brandapp://"),),
        reporting_window_days=0,
        finalization_window_minutes=129600,
        coupons_allowed=False,
        gift_cards_allowed=False,
        exclusion_details="Commissions are not valid on taxes, delivery fees, promotions, or "
        "payments made with bitcoin.",
        told=frozenset(FACTS) - {"terms_url", "status", "categories"},
    )


def test_the_legacy_merchants_api() -> None:
    row = sample("third-party/merchants-2019-sandbox.json")["objects"][0]

    assert read_brand(row) == BrandRecord(
        merchant_id="org-228b55a5707de5c8",
        name="Button Test Merchant (Sandbox)",
        description="Button's Test Merchant",
        icon_url="https://button.imgix.net/org-228b55a5707de5c8/icon/37852d867dd8185c.jpg",
        homepage_url="https://buttontestmerchant.com",
        status="approved",
        categories=("E-Commerce",),
        told=frozenset(
            {"name", "description", "icon_url", "homepage_url", "terms_url", "status"}
            | {"categories", "exclusion_details", "additional_terms"}
        ),
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"additional_terms": "One per person"},
        {"other_terms": "One per person"},
        {"additional_terms": None, "other_terms": "One per person"},
        {"additional_terms": "One per person", "other_terms": "Something else"},
    ],
)
def test_both_spellings_of_the_terms(fields: dict[str, Any]) -> None:
    assert terms(**fields).additional_terms == "One per person"


def test_none_is_told_and_silence_is_not() -> None:
    read = terms(other_terms=None, exclusion_details="")

    assert read.told == {"additional_terms", "exclusion_details"}
    assert read.facts() == {"exclusion_details": None, "additional_terms": None}
    assert brand().facts() == {}


@pytest.mark.parametrize("row", [None, [], "org-1", 5, {}, {"id": None}, {"id": 7}, {"id": "a\n"}])
def test_without_a_usable_id_there_is_no_brand(row: object) -> None:
    with pytest.raises(Unreadable):
        read_brand(row)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("name", 7, "`name` dropped: not text"),
        ("icon_url", "ftp://x.example/i.png", "`icon_url` dropped: not a web address"),
        ("icon_url", "javascript:alert(1)", "`icon_url` dropped: not a web address"),
        ("icon_url", "https://", "`icon_url` dropped: not a web address"),
        ("icon_url", "https://[::1", "`icon_url` dropped: not a web address"),
        ("icon_url", "https://a.example/a b", "`icon_url` dropped: not a web address"),
        ("is_live_ready", "yes", "`is_live_ready` dropped: neither true nor false"),
        ("is_live_ready", 1, "`is_live_ready` dropped: neither true nor false"),
        ("supported_hostnames", "a.com", "`supported_hostnames` dropped: not an array"),
        ("supported_hostnames", ["a.com", 5], "`supported_hostnames` dropped: not text"),
        ("apps", ["ios"], "`apps` dropped: not an object"),
        ("urls", "https://a.example", "`urls` dropped: not an object"),
        ("terms_and_conditions", [], "`terms_and_conditions` dropped: not an object"),
        ("categories", ["x"] * 501, "`categories` dropped: an array of more than 500"),
    ],
)
def test_a_wrong_type_is_dropped_and_said(name: str, value: object, why: str) -> None:
    read = brand(**{name: value})

    assert read == BrandRecord(merchant_id="org-1", flags=(why,))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("43200", "not an integer"),
        (True, "not an integer"),
        (43200.5, "not an integer"),
        (-1, "not between 0 and 5256000"),
        (5_256_001, "not between 0 and 5256000"),
        (10**30, "a number past 64 bits"),
    ],
)
def test_a_window_is_whole_minutes_of_at_most_ten_years(value: object, why: str) -> None:
    read = terms(finalization_window_minutes=value)

    assert read.finalization_window_minutes is None
    assert read.told == frozenset()
    said = f"terms_and_conditions: `finalization_window_minutes` dropped: {why}"
    assert read.flags == (said,)


def test_a_bare_host_is_a_home_page() -> None:
    assert brand(urls={"homepage": "shop.example"}).homepage_url == "https://shop.example"


def test_what_is_told_twice_differently_is_not_told() -> None:
    row = parse(b'{"id": "org-1", "name": "A", "name": "B", "subdomain": "x", "subdomain": null}')

    read = read_brand(row)

    assert read.told == frozenset()
    assert len(read.flags) == 2


def test_a_page_of_rows_keeps_the_evidence_of_each() -> None:
    rows: list[object] = [{"id": "org-1", "new_field": [1, 2]}, {"id": ""}]
    page = Page(rows=rows, next_url=None, read_at=NOON, server_at=None, url="")

    read = read_brands([page])

    assert [row.row for row in read.brands] == ['{"id": "org-1", "new_field": [1, 2]}']
    assert [(row.row, row.reason) for row in read.unreadable] == [
        ('{"id": ""}', "`id` is missing.")
    ]
    assert read.read_at == NOON


NAMES = [
    *("id", "name", "description", "icon_url", "urls", "metadata", "apps", "status", "categories"),
    *("is_live_ready", "supported_hostnames", "subdomain", "terms_and_conditions"),
    *("additional_terms", "other_terms", "exclusion_details"),
]
TERMS = [
    *("reporting_window_days", "finalization_window_minutes", "coupons_allowed"),
    *("gift_cards_allowed", "exclusion_details", "additional_terms", "other_terms"),
    *("homepage", "terms_and_conditions", "description", "icon_url"),
]
INNER = st.dictionaries(st.sampled_from(TERMS), SCALARS, max_size=5)
ROWS = st.dictionaries(
    st.sampled_from(NAMES),
    JSON | INNER | st.lists(TEXT, max_size=3) | st.just("org-1"),
    max_size=8,
)


@given(JSON | ROWS)
def test_whatever_is_sent_is_a_brand_or_a_refusal(row: object) -> None:
    try:
        read = read_brand(row)
    except Unreadable:
        return
    facts = read.facts()
    assert json.loads(json.dumps(facts)) == facts
    assert facts.keys() == read.told <= set(FACTS)
    assert all("\x00" not in str(value) for value in facts.values())
    assert read_brand(parse(text_of(row).encode())) == read
    assert replace(read) == read
