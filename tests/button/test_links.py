"""Button's attributed link, or in plain words why there is none."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import requests
from responses import RequestsMock

from rewards_site.button.links import (
    AttributedLink,
    LinkProblem,
    LinkProblemKind,
    LinksClient,
    links_client,
)
from rewards_site.kernel.errors import InvalidInput
from tests.button.client_support import BASE, KEY, NOW, Waits
from tests.button.samples import sample

pytestmark = pytest.mark.django_db  # only to give the connection back

LINKS = f"{BASE}/v1/links"
PAGE = "https://www.brand-example.com/p/123?color=red"


@pytest.fixture
def client(waits: Waits) -> LinksClient:
    return LinksClient(api_key=KEY, base_url=BASE, sleep=waits, clock=lambda: NOW, draw=lambda: 1.0)


def create(client: LinksClient, **changed: str) -> AttributedLink | LinkProblem:
    return client.create_link(**{"url": PAGE, "user": "u-1", "pub_ref": "c-1"} | changed)


def kind_of(told: AttributedLink | LinkProblem) -> LinkProblemKind:
    assert isinstance(told, LinkProblem), told
    assert told.message.endswith(".")
    return told.kind


def test_the_sample_of_the_reference(button: RequestsMock, client: LinksClient) -> None:
    told = sample("openapi/links-200.json")
    button.post(LINKS, json=told)

    ours = {"user": "your-user-id", "pub_ref": "your-publisher--reference"}
    assert create(client, **ours) == AttributedLink(
        link=told["object"]["links"]["universal"], merchant_id="org-YYY"
    )
    body = button.calls[0].request.body
    assert body is not None
    assert json.loads(body) == {
        "url": PAGE,
        "experience": {
            "btn_pub_user": "your-user-id",
            "btn_pub_ref": "your-publisher--reference",
        },
    }


@pytest.mark.parametrize(
    "row",
    [
        (
            sample("openapi/links-403.json"),
            403,
            LinkProblemKind.NOT_APPROVED,
            "This brand has not approved links from here yet.",
        ),
        (
            sample("openapi/links-404.json"),
            404,
            LinkProblemKind.NOT_SUPPORTED,
            "No brand that can be linked to was found at this address.",
        ),
        (
            {"meta": {"status": "error"}, "error": {"message": "Invalid url"}},
            400,
            LinkProblemKind.BAD_URL,
            "This is not the address of a web page of the brand.",
        ),
        (
            sample("openapi/links-401.json"),
            401,
            LinkProblemKind.UNAVAILABLE,
            "Button makes no links at the moment. Try again in a minute.",
        ),
        (
            {"meta": {"status": "error"}, "error": {"message": "No", "type": "Other"}},
            403,
            LinkProblemKind.REFUSED,
            "Button does not make a link to this address.",
        ),
    ],
)
def test_a_documented_refusal_is_a_problem_in_words(
    button: RequestsMock, client: LinksClient, row: tuple[Any, int, LinkProblemKind, str]
) -> None:
    told, status, kind, words = row
    button.post(LINKS, json=told, status=status)

    assert create(client) == LinkProblem(kind=kind, message=words)
    assert len(button.calls) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"status": 500},
        {"status": 200, "body": "<html>"},
        {"status": 200, "json": {"meta": {"status": "ok"}, "object": {"links": {}}}},
        {"status": 200, "json": {"meta": {"status": "ok"}, "object": {"links": None}}},
        {"status": 429},
        {"body": requests.ConnectionError()},
    ],
)
def test_without_an_answer_there_is_no_link(
    button: RequestsMock, client: LinksClient, told: dict[str, Any]
) -> None:
    button.post(LINKS, **told)

    assert kind_of(create(client)) is LinkProblemKind.UNAVAILABLE
    assert len(button.calls) == 2


@pytest.mark.parametrize(
    "link",
    [
        "http://r.bttn.io?x",
        "javascript:alert(1)",
        "https://r.bttn.io?a b",
        "https://r.bttn.io?\u202e",
        "https://r.bttn\u200b.io",
        "",
        5,
    ],
)
def test_a_link_that_is_not_safe_to_open_is_none(
    button: RequestsMock, client: LinksClient, link: Any
) -> None:
    told = {"merchant_id": "org-1", "links": {"universal": link}}
    button.post(LINKS, json={"meta": {"status": "ok"}, "object": told})

    assert kind_of(create(client)) is LinkProblemKind.UNAVAILABLE


@pytest.mark.parametrize(
    "query",
    [
        "btn_pub_ref=c-2",
        "btn_pub_user=u-2",
        "btn_pub_user=u-1&btn_pub_ref=c-1&btn_pub_ref=c-2",
        "BTN_PUB_REF=c-2",
        "btn%5Fpub%5Fuser=u-2#btn_pub_user=u-1",
        "btn_pub_ref=",
    ],
)
def test_a_link_of_another_shopper_or_reference_is_none(
    button: RequestsMock, client: LinksClient, caplog: pytest.LogCaptureFixture, query: str
) -> None:
    link = f"https://r.bttn.io?btn_url=https%3A%2F%2Fbrand.example&{query}"
    told = {"merchant_id": "org-1", "links": {"universal": link}}
    button.post(LINKS, json={"meta": {"status": "ok"}, "object": told})

    with caplog.at_level(logging.WARNING):
        assert kind_of(create(client)) is LinkProblemKind.UNAVAILABLE

    ours = [record for record in caplog.records if record.name == "rewards_site.button.transport"]
    assert [(record.message, record.__dict__["why"]) for record in ours] == [
        ("button.asks_again", "its answer held a link of another user or reference"),
        ("button.gave_up", "its answer held a link of another user or reference"),
    ]


@pytest.mark.parametrize("spelt", ["a+b%c~", "a%2Bb%25c%7E", "a%2bb%25c~"])
def test_each_spelling_of_what_was_sent_is_ours(
    button: RequestsMock, client: LinksClient, spelt: str
) -> None:
    link = f"https://r.bttn.io?btn_pub_user={spelt}&btn_pub_ref=c-1"
    told = {"merchant_id": "org-1", "links": {"universal": link}}
    button.post(LINKS, json={"meta": {"status": "ok"}, "object": told})

    assert isinstance(create(client, user="a+b%c~"), AttributedLink)


def test_a_redirect_is_not_followed(button: RequestsMock, client: LinksClient) -> None:
    button.post(LINKS, status=301, headers={"Location": "https://elsewhere.example/"})

    assert kind_of(create(client)) is LinkProblemKind.UNAVAILABLE
    assert len(button.calls) == 1


@pytest.mark.parametrize(
    "url",
    [
        "",
        "brand.example/p",
        "ftp://brand.example/",
        "javascript:alert(1)",
        "https://",
        "https:///p",
        "https://brand.example:99999/",
        "https://user:pw@brand.example/",
        "https://brand.example/a b",
        "https://brand.example/\u202e",
        "https://brand.example\u200b/",
        "https://brand.example/\u3000x",
        "https://brand.example/\u3164",
        "https://brand.example\\@elsewhere.example/",
        "https://[brand.example/",
        f"https://brand.example/{'x' * 2000}",
    ],
)
def test_what_is_no_address_is_not_sent(
    button: RequestsMock, client: LinksClient, url: str
) -> None:
    assert kind_of(create(client, url=url)) is LinkProblemKind.BAD_URL
    assert len(button.calls) == 0


def test_the_longest_reference_and_user_are_taken(
    button: RequestsMock, client: LinksClient
) -> None:
    link = f"https://r.bttn.io?btn_pub_user={'u' * 255}&btn_pub_ref={'r' * 511}"
    told = {"merchant_id": "org-1", "links": {"universal": link}}
    button.post(LINKS, json={"meta": {"status": "ok"}, "object": told})

    assert isinstance(create(client, user="u" * 255, pub_ref="r" * 511), AttributedLink)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"user": ""}, "user"),
        ({"user": "u" * 256}, "user"),
        ({"user": "a b"}, "user"),
        ({"pub_ref": ""}, "pub_ref"),
        ({"pub_ref": "r" * 512}, "pub_ref"),
        ({"pub_ref": "é"}, "pub_ref"),
    ],
)
def test_a_link_that_could_not_be_attributed_is_not_asked_for(
    button: RequestsMock, client: LinksClient, changed: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        create(client, **changed)

    assert list(error.value.fields) == [field]
    assert len(button.calls) == 0


def test_the_settings_make_a_client(button: RequestsMock, settings: Any) -> None:
    settings.BUTTON_API_KEY, settings.BUTTON_API_URL = "sk-XXX", "https://button.example"
    button.post("https://button.example/v1/links", json=sample("openapi/links-200.json"))

    ours = {"user": "your-user-id", "pub_ref": "your-publisher--reference"}
    assert isinstance(create(links_client(), **ours), AttributedLink)
    assert button.calls[0].request.headers["Authorization"] == "Basic c2stWFhYOg=="
