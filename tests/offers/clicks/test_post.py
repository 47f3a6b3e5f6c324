"""POST clicks/, as a mobile app taps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from responses import RequestsMock

from offers.clicks import offer_token, pub_ref
from offers.clicks.models import Click
from offers.models import MerchantOverlay
from rewards_site.members.models import Member
from tests.button.samples import sample
from tests.factories import MEMBER, MERCHANT, NOON
from tests.members.calling import call, problem_of
from tests.offers.brands import listed, read_catalog, wire_brand
from tests.offers.clicks.tapping import shown_to

pytestmark = pytest.mark.django_db

LINKS = "https://api.usebutton.com/v1/links"
LINK = "https://r.bttn.io?btn_url=https%3A%2F%2Fwww.brand-example.com&btn_ref=org-1"
TERMS = {"type": "share", "share_bps": 4000, "source": "rule «Spring» v2"}
REWARD = {"type": "percent", "value": "2.6", "currency": None}


@pytest.fixture(autouse=True)
def catalogue(button: RequestsMock) -> None:
    listed(button, wire_brand())
    read_catalog()


def links(button: RequestsMock, *, merchant_id: str | None = MERCHANT) -> None:
    """Button makes links; `merchant_id` is the brand it sees in the address."""
    row = {"merchant_id": merchant_id, "affiliate": None, "links": {"universal": LINK}}
    button.post(LINKS, json={"meta": {"status": "ok"}, "object": row})


def token(customer_id: str = MEMBER, *, age: timedelta = timedelta(0), **fields: Any) -> str:
    at = datetime.now(tz=UTC) - age
    shown = shown_to(customer_id, at=at, terms=TERMS, reward=REWARD, **fields)
    return offer_token.seal(shown)


def post(body: object, *, customer_id: str = MEMBER) -> Any:
    return call("clicks/", customer_id=customer_id, method="POST", body=body)


def asked(button: RequestsMock) -> list[Any]:
    """The bodies that the Links API was sent."""
    calls = [sent for sent in button.calls if sent.request.url == LINKS]
    return [json.loads(sent.request.body or b"") for sent in calls]


def test_a_tap_gives_a_link_and_freezes_what_was_shown(button: RequestsMock) -> None:
    links(button)
    before = datetime.now(tz=UTC)

    answer = post({"offer_token": token(), "url": None})

    assert answer.status_code == 201
    told = answer.json()
    click = Click.objects.get()
    assert told == {
        "click_id": str(click.public_id),
        "pub_ref": click.pub_ref,
        "link": LINK,
        "link_problem": None,
        "reward": REWARD,
    }
    assert asked(button) == [
        {
            "url": "https://www.brand-example.com",
            "experience": {"btn_pub_user": MEMBER, "btn_pub_ref": told["pub_ref"]},
        }
    ]
    assert (click.member.customer_id, click.merchant_id) == (MEMBER, MERCHANT)
    assert (click.terms, click.reward) == (TERMS, REWARD)
    assert (click.listed_value, click.listed_currency) == ("6.5", "")
    assert click.exclusions == ["Gift cards", "Delivery, «and» taxes"]
    assert click.shown_at <= click.clicked_at
    assert before <= click.clicked_at <= datetime.now(tz=UTC)
    opened = pub_ref.open(told["pub_ref"])
    assert opened is not None
    assert (opened.click_id, opened.offer_id) == (click.public_id, click.offer_id)


def test_no_answer_tells_the_listed_commission(button: RequestsMock) -> None:
    links(button)

    answer = post({"offer_token": token()})

    assert "6.5" not in answer.content.decode().replace(answer.json()["pub_ref"], "")
    assert "4000" not in answer.content.decode().replace(answer.json()["pub_ref"], "")
    assert "listed" not in answer.content.decode()


def test_the_link_leads_to_the_page_that_was_asked_for(button: RequestsMock) -> None:
    links(button)
    page = "https://shop.brand-example.com/p/123?color=red"

    assert post({"offer_token": token(), "url": page}).status_code == 201

    assert asked(button)[0]["url"] == page
    assert Click.objects.get().url == page


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (403, sample("openapi/links-403.json"), "not_approved"),
        (404, sample("openapi/links-404.json"), "not_supported"),
        (400, {"meta": {"status": "error"}, "error": {"message": "bad"}}, "bad_url"),
        (429, {"meta": {"status": "error"}, "error": {"message": "slow"}}, "unavailable"),
        (500, "<html>", "unavailable"),
        (200, "{", "unavailable"),
    ],
    ids=str,
)
def test_a_tap_counts_also_where_button_makes_no_link(
    button: RequestsMock, status: int, body: Any, problem: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    button.post(LINKS, body=text, status=status, content_type="application/json")

    answer = post({"offer_token": token()})

    assert answer.status_code == 201
    assert (answer.json()["link"], answer.json()["link_problem"]) == (None, problem)
    assert answer.json()["reward"] == REWARD
    click = Click.objects.get()
    assert (str(click.public_id), click.terms) == (answer.json()["click_id"], TERMS)


def test_a_tap_counts_while_button_is_down(button: RequestsMock) -> None:
    button.post(LINKS, body=requests.ConnectionError("refused"))

    answer = post({"offer_token": token()})

    assert answer.status_code == 201
    assert answer.json()["link_problem"] == "unavailable"
    assert Click.objects.count() == 1


def test_a_brand_without_a_known_page_has_no_link_unless_a_page_is_asked_for(
    button: RequestsMock,
) -> None:
    links(button, merchant_id="org-new")

    told = post({"offer_token": token(merchant_id="org-new")}).json()
    page = "https://new.example/p/1"
    asked_for = post({"offer_token": token(merchant_id="org-new"), "url": page}).json()

    assert (told["link"], told["link_problem"]) == (None, "no_page")
    assert (asked_for["link"], asked_for["link_problem"]) == (LINK, None)


def test_a_brand_that_was_switched_off_since_has_no_link(button: RequestsMock) -> None:
    MerchantOverlay.objects.create(merchant_id=MERCHANT, is_switched_off=True, changed_at=NOON)

    told = post({"offer_token": token(), "url": "https://www.brand-example.com/p/1"}).json()

    assert (told["link"], told["link_problem"]) == (None, "switched_off")
    assert told["reward"] == REWARD
    assert asked(button) == []
    assert Click.objects.get().url == "https://www.brand-example.com/p/1"


@pytest.mark.parametrize("detected", ["org-other", None], ids=str)
def test_a_page_of_another_brand_is_refused_and_nothing_is_recorded(
    button: RequestsMock, detected: str | None
) -> None:
    links(button, merchant_id=detected)

    answer = post({"offer_token": token(), "url": "https://brand-example.com.evil.example/"})

    problem = problem_of(answer, status=422)
    assert problem["type"] == "/problems/not-this-brand"
    assert [error["field"] for error in problem["errors"]] == ["url"]
    assert not Click.objects.exists()


def test_the_home_page_of_another_brand_is_no_reason_to_lose_the_tap(button: RequestsMock) -> None:
    links(button, merchant_id="org-other")

    told = post({"offer_token": token()}).json()

    assert (told["link"], told["link_problem"]) == (None, "not_supported")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "offer_token"),
        ({"offer_token": None}, "offer_token"),
        ({"offer_token": ""}, "offer_token"),
        ({"offer_token": ["x"]}, "offer_token"),
        ({"offer_token": "x" * 100_000}, "offer_token"),
        ({"offer_token": "token", "url": ""}, "url"),
        ({"offer_token": "token", "url": 5}, "url"),
        ({"offer_token": "token", "url": "javascript:alert(1)"}, "url"),
        ({"offer_token": "token", "url": "https://" + "x" * 2000}, "url"),
        ({"offer_token": "token", "url": "https://www.brand-example.com/\u202e"}, "url"),
        ({"offer_token": "token", "url": "https://www.brand-example.com\u200b/"}, "url"),
        ({"offer_token": "token", "url": "https://www.brand-example.com/\x7f"}, "url"),
        ([], ""),
        ("token", ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_input_that_is_wrong_in_content(button: RequestsMock, body: object, field: str) -> None:
    problem = problem_of(post(body), status=422)

    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Click.objects.exists()
    assert asked(button) == []


def test_a_body_that_is_not_json_cannot_be_read() -> None:
    problem_of(call("clicks/", method="POST", raw=b"{offer_token"), status=400)


def test_a_token_is_good_for_half_an_hour_and_for_whom_it_was_made(button: RequestsMock) -> None:
    links(button)
    half_an_hour = timedelta(minutes=30)
    good = token(age=half_an_hour - timedelta(seconds=20))

    for text, customer_id in (
        (token(age=half_an_hour), MEMBER),
        (good[:-1], MEMBER),
        (good, "u-seen-before"),
        (good, "u-never-seen"),
    ):
        if customer_id == "u-seen-before":
            token(customer_id)
        problem = problem_of(post({"offer_token": text}, customer_id=customer_id), status=422)
        assert problem["type"] == "/problems/offer-token-refused"
        assert [error["field"] for error in problem["errors"]] == ["offer_token"]

    assert not Click.objects.exists()
    assert asked(button) == []
    assert not Member.objects.filter(customer_id="u-never-seen").exists()
    assert post({"offer_token": good}).status_code == 201


@given(st.data())
@hypothesis_settings(max_examples=25)
def test_no_altered_token_records_a_click(data: st.DataObject) -> None:
    text = token()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda one: one != text[place]))
    altered = data.draw(
        st.sampled_from([text[:place] + other + text[place + 1 :], text + other, text[:place]])
    )

    assert post({"offer_token": altered}).status_code == 422 or "\0" in altered
    assert not Click.objects.exists()


def test_whatever_a_brand_writes_into_its_exclusions_a_tap_is_recorded(
    button: RequestsMock,
) -> None:
    links(button)

    answer = post({"offer_token": token(exclusions=("a\x00b\ud800c", "«é»"))})

    assert answer.status_code == 201
    assert Click.objects.get().exclusions == ["a\ufffdb?c", "«é»"]


def test_tapping_twice_makes_two_clicks(button: RequestsMock) -> None:
    links(button)
    text = token()

    first, second = (post({"offer_token": text}).json() for _ in range(2))

    assert first["pub_ref"] != second["pub_ref"]
    assert Click.objects.count() == 2
