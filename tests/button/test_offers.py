"""Offers for one member: a fresh answer in a short time, or one typed error."""

from __future__ import annotations

import json
import logging
from decimal import Decimal
from typing import Any

import pytest
import requests
from responses import RequestsMock

from rewards_site.button.errors import (
    ButtonMisconfigured,
    ButtonRefused,
    OffersRateLimited,
    OffersUnavailable,
)
from rewards_site.button.identifiers import Shopper, shopper
from rewards_site.button.offers import OffersClient, offers_client
from rewards_site.kernel.errors import InvalidInput
from tests.button.client_support import KEY, NOW, Waits
from tests.button.samples import sample

pytestmark = pytest.mark.django_db  # only to give the connection back

OFFERS = "https://pubapi.usebutton.com/v1/offers"
HASH = "b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514"
ANN = Shopper(user_id="u-1")
GOOD: dict[str, Any] = {
    "meta": {"status": "ok"},
    "object": {
        "merchant_offers": [
            {"merchant_id": "org-1", "offers": [{"id": "offer-1", "rate_percent": "4.5"}]}
        ]
    },
}


def make_offers_client(waits: Waits, **changed: Any) -> OffersClient:
    options: dict[str, Any] = {
        "api_key": KEY,
        "base_url": "https://pubapi.usebutton.com",
        "draw": lambda: 1.0,
        "sleep": waits,
        "clock": lambda: NOW,
    }
    return OffersClient(**options | changed)


@pytest.fixture
def client(waits: Waits) -> OffersClient:
    return make_offers_client(waits)


def refused(client: OffersClient) -> OffersUnavailable:
    with pytest.raises(OffersUnavailable) as error:
        client.offers_for(ANN)
    return error.value


def test_the_sample_is_asked_for_and_read(button: RequestsMock, client: OffersClient) -> None:
    button.post(OFFERS, json=sample("openapi/offers-200.json"))
    ann = shopper("u-1", device_ids=[" dev-1 "], email_sha256s=[HASH.upper()])

    answer = client.offers_for(ann, merchant_id="org-123")

    (merchant,) = answer.merchants
    assert [one.rate_percent for one in merchant.offers] == [Decimal("4.5"), Decimal(2), None]
    request = button.calls[0].request
    assert request.body is not None
    assert json.loads(request.body) == {
        "user_id": "u-1",
        "device_ids": ["dev-1"],
        "email_sha256s": [HASH],
        "merchant_id": "org-123",
    }
    assert request.headers["Content-Type"] == "application/json"


def test_what_is_not_known_is_not_sent(button: RequestsMock, client: OffersClient) -> None:
    button.post(OFFERS, json=GOOD)

    client.offers_for(ANN)

    assert button.calls[0].request.body == b'{"user_id": "u-1"}'


def test_every_request_is_a_fresh_call(button: RequestsMock, client: OffersClient) -> None:
    button.post(OFFERS, json=GOOD, headers={"Cache-Control": "max-age=3600"})

    client.offers_for(ANN)
    client.offers_for(ANN)

    assert len(button.calls) == 2


NO_ANSWERS: list[dict[str, Any]] = [
    {"status": 500, "json": GOOD},
    {"status": 502, "body": "<html>Bad gateway</html>"},
    {"status": 200, "body": "<html>Hello</html>"},
    {"status": 200, "body": ""},
    {"status": 200, "body": json.dumps(GOOD)[:-20]},
    {"status": 200, "json": {"meta": {"status": "error"}, "object": GOOD["object"]}},
    {"status": 200, "json": {"object": GOOD["object"]}},
    {"status": 200, "json": {"meta": {"status": "ok"}, "object": None}},
    {"status": 200, "json": {"meta": {"status": "ok"}, "object": {}}},
    {"status": 200, "json": {"meta": {"status": "ok"}, "objects": []}},
    {"body": requests.ConnectionError("no route to secret.example")},
    {"body": requests.ReadTimeout()},
]


@pytest.mark.parametrize("told", NO_ANSWERS, ids=lambda told: str(told)[:60])
def test_no_offers_are_made_up(
    button: RequestsMock, client: OffersClient, waits: Waits, told: dict[str, Any]
) -> None:
    button.post(OFFERS, **told)

    error = refused(client)

    assert str(error) == "Button does not give out offers at the moment."
    assert (error.retry_after, type(error)) == (5, OffersUnavailable)
    assert (len(button.calls), waits) == (2, [0.5])


@pytest.mark.parametrize("told", NO_ANSWERS, ids=lambda told: str(told)[:60])
def test_the_second_attempt_may_do(
    button: RequestsMock, client: OffersClient, told: dict[str, Any]
) -> None:
    button.post(OFFERS, **told)
    button.post(OFFERS, json=GOOD)

    assert [one.merchant_id for one in client.offers_for(ANN).merchants] == ["org-1"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_not_asked_again(
    button: RequestsMock, client: OffersClient, waits: Waits, status: int
) -> None:
    body = {"meta": {"status": "error"}, "error": {"message": "Invalid api_key"}}
    button.post(OFFERS, status=status, json=body)

    error = refused(client)

    assert error.retry_after == 60
    assert isinstance(error.__cause__, ButtonRefused)
    assert (len(button.calls), waits) == (1, [])


def test_a_redirect_is_not_followed(button: RequestsMock, client: OffersClient) -> None:
    button.post(OFFERS, status=307, headers={"Location": "https://elsewhere.example/"})

    error = refused(client)

    assert "look at BUTTON_OFFERS_URL" in str(error.__cause__)
    assert len(button.calls) == 1


def test_a_short_429_is_waited_out(
    button: RequestsMock, client: OffersClient, waits: Waits
) -> None:
    button.post(OFFERS, status=429, headers={"Retry-After": "1"})
    button.post(OFFERS, json=GOOD)

    assert client.offers_for(ANN).merchants[0].merchant_id == "org-1"
    assert waits == [1.0]


def test_a_long_429_is_told_to_the_member_at_once(
    button: RequestsMock, client: OffersClient, waits: Waits
) -> None:
    button.post(OFFERS, status=429, headers={"Retry-After": "42"})

    error = refused(client)

    assert (type(error), error.retry_after) == (OffersRateLimited, 42)
    assert (len(button.calls), waits) == (1, [])


def test_503_that_says_when_is_believed(button: RequestsMock, client: OffersClient) -> None:
    button.post(OFFERS, status=503, headers={"Retry-After": "120"})

    assert refused(client).retry_after == 120


def test_each_attempt_is_taken_from_the_budget(button: RequestsMock, waits: Waits) -> None:
    taken: list[str] = []
    button.post(OFFERS, status=500)
    button.post(OFFERS, json=GOOD)

    make_offers_client(waits, before_each=lambda: taken.append("one")).offers_for(ANN)

    assert taken == ["one", "one"]


def test_without_budget_nothing_is_sent(button: RequestsMock, waits: Waits) -> None:
    def empty() -> None:
        raise OffersRateLimited("Too many requests for offers.", retry_after=7)

    error = refused(make_offers_client(waits, before_each=empty))

    assert (type(error), error.retry_after) == (OffersRateLimited, 7)
    assert len(button.calls) == 0


@pytest.mark.parametrize("merchant_id", ["", "x" * 256, "org\n1"])
def test_a_merchant_that_is_none_is_not_asked_for(
    button: RequestsMock, client: OffersClient, merchant_id: str
) -> None:
    with pytest.raises(InvalidInput) as error:
        client.offers_for(ANN, merchant_id=merchant_id)

    assert list(error.value.fields) == ["merchant_id"]
    assert len(button.calls) == 0


def test_the_settings_make_a_client(button: RequestsMock, settings: Any) -> None:
    settings.BUTTON_API_KEY = " sk-XXX\n"
    settings.BUTTON_OFFERS_URL = "https://offers.example/"
    button.post("https://offers.example/v1/offers", json=GOOD)

    offers_client().offers_for(ANN)

    assert button.calls[0].request.headers["Authorization"] == "Basic c2stWFhYOg=="


def test_retries_count_against_the_limit_of_the_settings(
    button: RequestsMock, settings: Any
) -> None:
    settings.BUTTON_API_KEY, settings.BUTTON_OFFERS_RATE_LIMIT = "sk-XXX", 3
    button.post(OFFERS, body="<html>")
    button.post(OFFERS, json=GOOD)

    offers_client().offers_for(ANN)
    offers_client().offers_for(ANN)
    error = refused(offers_client())

    assert type(error) is OffersRateLimited
    assert 59 <= error.retry_after <= 61
    assert len(button.calls) == 3


def test_a_key_never_goes_out_in_clear(settings: Any) -> None:
    settings.BUTTON_API_KEY = "sk-XXX"
    settings.BUTTON_OFFERS_URL = "http://offers.example"

    with pytest.raises(ButtonMisconfigured, match="BUTTON_OFFERS_URL is http, so the API key"):
        offers_client()


def test_no_log_line_names_a_member(
    button: RequestsMock, client: OffersClient, caplog: pytest.LogCaptureFixture
) -> None:
    message = {"message": f"Invalid email_sha256s: {HASH} of device-secret"}
    button.post(OFFERS, status=400, json={"meta": {"status": "error"}, "error": message})
    ann = shopper("member-secret", device_ids=["device-secret"], email_sha256s=[HASH])

    with caplog.at_level(logging.DEBUG), pytest.raises(OffersUnavailable):
        client.offers_for(ann)

    ours = [record for record in caplog.records if record.name.startswith("rewards_site")]
    assert [record.message for record in ours] == ["offers.refused"]
    told = " ".join(str(vars(record)) for record in ours)
    assert "secret" not in told
    assert HASH not in told
