"""offers/ when Button does not answer, when too much is asked, and when the asking is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
import responses
from pytest_django import Settings

from offers.models import Merchant
from rewards_site.members.models import Member
from tests.members.calling import call, problem_of
from tests.offers.menus import HASH, OFFERS_URL, asked_of_button, brand, offered, percent

pytestmark = pytest.mark.django_db

GOOD: dict[str, Any] = {
    "meta": {"status": "ok"},
    "object": {"merchant_offers": [brand("org-a", percent())]},
}


@pytest.fixture(autouse=True)
def few_permits(settings: Settings) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 20


@pytest.mark.parametrize(
    "told",
    [
        {"status": 500, "json": GOOD},
        {"status": 200, "body": "<html>Good morning</html>", "content_type": "text/html"},
        {"status": 200, "body": json.dumps(GOOD)[:-30]},
        {"status": 200, "body": ""},
        {"status": 200, "json": {"meta": {"status": "ok"}, "object": {}}},
        {"body": requests.ConnectTimeout("nobody there")},
    ],
    ids=["500", "html", "half", "nothing", "no list", "silence"],
)
def test_no_rate_is_shown_where_button_gives_none(
    button: responses.RequestsMock, told: dict[str, Any]
) -> None:
    button.post(OFFERS_URL, **told)

    answer = call("offers/", customer_id="u-new")

    problem = problem_of(answer, status=503)
    assert problem["type"] == "/problems/rates-unavailable"
    assert answer.headers["Retry-After"] == "5"
    assert len(button.calls) == 2
    assert not Member.objects.exists()
    assert not Merchant.objects.exists()


def test_what_button_says_of_our_key_is_for_ops(button: responses.RequestsMock) -> None:
    told = {"meta": {"status": "error"}, "error": {"message": "Invalid api_key"}}
    button.post(OFFERS_URL, status=401, json=told)

    answer = call("offers/")

    problem = problem_of(answer, status=503)
    assert "api_key" not in problem["detail"]
    assert answer.headers["Retry-After"] == "60"
    assert len(button.calls) == 1


@pytest.mark.parametrize("name", ["BUTTON_API_KEY", "BUTTON_OFFERS_URL"])
def test_a_server_that_is_not_set_up_says_so(
    button: responses.RequestsMock, settings: Settings, name: str
) -> None:
    setattr(settings, name, "")

    answer = call("offers/")

    problem = problem_of(answer, status=503)
    assert problem["type"] == "/problems/rates-unavailable"
    assert problem["detail"] == "Offers are not set up on this server."
    assert answer.headers["Retry-After"] == "60"


def test_button_asks_for_a_pause(button: responses.RequestsMock) -> None:
    button.post(OFFERS_URL, status=429, headers={"Retry-After": "42"})

    answer = call("offers/")

    problem = problem_of(answer, status=429)
    assert problem["type"] == "/problems/offers-rate-limited"
    assert answer.headers["Retry-After"] == "42"


def test_over_the_limit_button_is_not_asked(
    button: responses.RequestsMock, settings: Settings
) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 2
    offered(button, brand("org-a", percent()))

    answers = [call("offers/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    problem_of(answers[2], status=429)
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 61
    assert len(button.calls) == 2


def test_retries_count_against_the_limit(
    button: responses.RequestsMock, settings: Settings
) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 3
    button.post(OFFERS_URL, status=500)

    assert call("offers/").status_code == 503  # two requests
    answer = call("offers/")

    problem_of(answer, status=429)  # of its two attempts one was within the limit
    assert len(button.calls) == 3


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"device_ids": ["a b"]}, ["device_ids"]),
        ({"device_ids": [""]}, ["device_ids"]),
        ({"device_ids": "dev-1"}, ["device_ids"]),
        ({"device_ids": [["dev-1"]]}, ["device_ids.0"]),
        ({"email_sha256s": [HASH[:-1]]}, ["email_sha256s"]),
        ({"email_sha256s": ["ann@example.com"]}, ["email_sha256s"]),
        ({"email_sha256s": [HASH, "no hash"]}, ["email_sha256s"]),
        (
            {"device_ids": [f"dev-{one}" for one in range(10)], "email_sha256s": [HASH]},
            ["device_ids", "email_sha256s"],
        ),
        ({"merchant_id": ""}, ["merchant_id"]),
        ({"merchant_id": {"id": 1}}, ["merchant_id"]),
        (["org-a"], [""]),
    ],
)
def test_wrong_input_is_told_by_field(
    button: responses.RequestsMock, body: object, fields: list[str]
) -> None:
    offered(button, brand("org-a", percent()))

    problem = problem_of(call("offers/", method="POST", body=body), status=422)

    assert [error["field"] for error in problem["errors"]] == fields
    assert all("ann@" not in error["message"] for error in problem["errors"])
    assert len(button.calls) == 0


def test_ten_identifiers_are_sent_and_repeats_count_once(button: responses.RequestsMock) -> None:
    offered(button, brand("org-a", percent()))
    devices = [f"dev-{one}" for one in range(9)]

    answer = call(
        "offers/",
        method="POST",
        body={"device_ids": [*devices, "DEV-0"], "email_sha256s": [HASH, HASH.upper()]},
    )

    assert answer.status_code == 200
    [told] = asked_of_button(button)
    assert (told["device_ids"], told["email_sha256s"]) == (devices, [HASH])


@pytest.mark.parametrize("path", ["offers/?merchant_id=", "offers/?merchant_id=%00"])
def test_a_merchant_id_that_can_be_none(button: responses.RequestsMock, path: str) -> None:
    problem = problem_of(call(path), status=422)

    assert [error["field"] for error in problem["errors"]] == ["merchant_id"]


def test_a_body_that_is_not_json(button: responses.RequestsMock) -> None:
    problem_of(call("offers/", method="POST", raw=b"{"), status=400)
    problem_of(call("offers/", method="DELETE"), status=405)


def test_no_token_no_offers(button: responses.RequestsMock) -> None:
    problem_of(call("offers/", token="nonsense"), status=401)
