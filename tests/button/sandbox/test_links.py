"""Links, link info and short links over a socket (sheet, 3.1, 3.2 and 3.5)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rewards_site.button.sandbox import catalog
from tests.button.sandbox.caller import Caller

LINKS, INFO, SHORT = "/v1/links", "/v1/links/info", "/v1/shortlink/create"
TARGET = "https://www.fernhill-outfitters.example/p/123?color=red&size=é"
PENDING_TARGET = "https://quayside-cycles.example/"
NO_MERCHANT = {
    "meta": {"status": "error"},
    "error": {
        "message": "Merchant could not be detected from the url",
        "type": "NoMerchantLinkSupport",
    },
}


def our_id(caller: Caller) -> str:
    identity: str = caller.state()["organizations"][0]["id"]
    return identity


def test_a_link_carries_target_user_and_reference(caller: Caller) -> None:
    experience = {
        "btn_pub_user": "u-8f14e45fceea",
        "btn_pub_ref": "c-1&x=ü",
        "btn_desktop_url": "https://www.example.com/desktop",
    }

    answer = caller.ask(LINKS, {"url": TARGET, "experience": experience}).json()
    link = answer["object"]["links"]["universal"]

    assert answer["meta"] == {"status": "ok"}
    assert answer["object"]["merchant_id"] == catalog.BRANDS[0].id
    assert answer["object"]["affiliate"] is None
    assert link.startswith("https://r.bttn.io?btn_url=https%3A%2F%2Fwww.fernhill-outfitters")
    assert parse_qs(urlsplit(link).query) == {
        "btn_url": [TARGET],
        "btn_ref": [our_id(caller)],
        **{name: [value] for name, value in experience.items()},
    }


def test_what_is_not_given_is_not_in_the_link(caller: Caller) -> None:
    answer = caller.ask(LINKS + "/", {"url": "https://shop.cafe-aurore.example"}).json()

    assert answer["object"]["merchant_id"] == catalog.BRANDS[1].id
    assert answer["object"]["links"]["universal"] == (
        f"https://r.bttn.io?btn_url=https%3A%2F%2Fshop.cafe-aurore.example&btn_ref={our_id(caller)}"
    )


def test_no_link_to_a_brand_that_has_not_approved(caller: Caller) -> None:
    answer = caller.ask(LINKS, {"url": PENDING_TARGET})

    assert answer.status_code == 403
    assert answer.json() == {
        "meta": {"status": "error"},
        "error": {
            "message": "Not approved for link building",
            "type": "NoMerchantApproval",
            "details": {"merchant_id": catalog.PENDING_BRANDS[0].id},
        },
    }
    caller.control(f"brands/{catalog.PENDING_BRANDS[0].id}", approval="approved")
    assert caller.ask(LINKS, {"url": PENDING_TARGET}).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.org/",
        "https://notcafe-aurore.example/",
        "https://example/",
        "https://buttontestmerchant.com/",
    ],
)
def test_no_link_where_no_brand_is_detected(caller: Caller, url: str) -> None:
    for path in (LINKS, INFO):
        answer = caller.ask(path, {"url": url})

        assert answer.status_code == 404
        assert answer.json() == NO_MERCHANT


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Missing url"),
        ({"url": None}, "Missing url"),
        ({"url": "fernhill-outfitters.example"}, "Invalid url"),
        ({"url": "ftp://fernhill-outfitters.example/"}, "Invalid url"),
        ({"url": "https://"}, "Invalid url"),
        ({"url": "https://[::1"}, "Invalid url"),
        ({"url": 7}, "Invalid url"),
        ({"url": TARGET + "\ud800"}, "Invalid url"),
        ({"url": TARGET, "experience": "x"}, "Invalid experience"),
        (
            {"url": TARGET, "experience": {"btn_pub_user": "a b"}},
            "Invalid experience.btn_pub_user",
        ),
        (
            {"url": TARGET, "experience": {"btn_pub_ref": "r" * 513}},
            "Invalid experience.btn_pub_ref",
        ),
        (
            {"url": TARGET, "experience": {"btn_desktop_url": "nowhere"}},
            "Invalid experience.btn_desktop_url",
        ),
    ],
)
def test_what_cannot_be_linked_is_a_400(caller: Caller, body: Any, message: str) -> None:
    answer = caller.ask(LINKS, body)

    assert answer.status_code == 400
    assert answer.json() == {"meta": {"status": "error"}, "error": {"message": message}}


def test_a_reference_of_512_characters_is_taken(caller: Caller) -> None:
    answer = caller.ask(LINKS, {"url": TARGET, "experience": {"btn_pub_ref": "r" * 512}})

    assert answer.status_code == 200


def test_link_info_says_whose_it_is_and_whether_it_may_be_linked(caller: Caller) -> None:
    approved = caller.ask(INFO, {"url": TARGET}).json()["object"]
    pending = caller.ask(INFO, {"url": PENDING_TARGET}).json()["object"]

    assert (approved["organization_id"], approved["approved"]) == (catalog.BRANDS[0].id, True)
    assert (pending["organization_id"], pending["approved"]) == (
        catalog.PENDING_BRANDS[0].id,
        False,
    )
    for platform in ("ios_support", "android_support"):
        assert set(approved[platform]) == {
            "app_to_web",
            "app_to_app",
            "web_to_web",
            "web_to_app",
            "web_to_app_with_install",
        }


@pytest.mark.parametrize("path", [SHORT, SHORT + "/"])
def test_a_short_link_and_the_long_one_behind_it(caller: Caller, path: str) -> None:
    body = {"link_url": TARGET, "btn_pub_ref": "c-1", "btn_pub_user": "u-1"}

    made = caller.ask(path, body).json()["object"]

    assert re.fullmatch(r"https://o\.bttn\.io/[A-Z0-9]{10}", made["short_url"])
    assert parse_qs(urlsplit(made["url"]).query) == {
        "btn_url": [TARGET],
        "btn_pub_user": ["u-1"],
        "btn_pub_ref": ["c-1"],
        "btn_ref": [our_id(caller)],
    }
    assert caller.ask(path, body).json()["object"] == made
    assert caller.ask(path, {**body, "btn_pub_ref": "c-2"}).json()["object"] != made


@pytest.mark.parametrize("url", ["https://www.example.org/", PENDING_TARGET])
def test_a_short_link_that_cannot_be_made(caller: Caller, url: str) -> None:
    answer = caller.ask(SHORT, {"link_url": url, "btn_pub_ref": "c-1"})

    assert answer.status_code == 404
    assert answer.json() == {
        "meta": {"status": "error"},
        "error": {"message": "could not create shortlink"},
    }


def test_amazon_is_shortened_for_those_on_the_list(caller: Caller) -> None:
    body = {"link_url": "https://www.amazon.com/dp/B000", "btn_pub_user": "u-1"}
    before = caller.ask(SHORT, body)

    caller.control("api", amazon_short_links=True)
    after = caller.ask(SHORT, body).json()["object"]

    assert before.status_code == 404
    assert after["short_url"].startswith("https://amzlink.to/")
    assert after["url"].startswith("https://r.amzlink.to?btn_url=https%3A%2F%2Fwww.amazon.com")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"btn_pub_ref": "c"}, "Missing link_url"),
        ({"link_url": TARGET}, "Missing btn_pub_ref"),
        ({"link_url": "https://www.amazon.com/", "btn_pub_ref": "c"}, "Missing btn_pub_user"),
    ],
)
def test_what_a_short_link_needs(caller: Caller, body: Any, message: str) -> None:
    answer = caller.ask(SHORT, body)

    assert (answer.status_code, answer.json()["error"]) == (400, {"message": message})
