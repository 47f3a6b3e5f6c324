"""GET /v1/brands, in both envelopes."""

from __future__ import annotations

import pytest
from responses import RequestsMock
from responses.matchers import query_param_matcher

from rewards_site.button.errors import ButtonRefused, ButtonUnavailable
from tests.button.client_support import ACCOUNTS, BASE, Waits, envelope, make_client
from tests.button.samples import sample

BRANDS = f"{BASE}/v1/brands"


def test_a_collection_and_a_lone_object_are_both_lists(button: RequestsMock) -> None:
    client = make_client(Waits())
    button.get(BRANDS, json=envelope({"id": "org-1"}, {"id": "org-2"}))
    assert [row.brand.merchant_id for row in client.brands().brands] == ["org-1", "org-2"]

    button.upsert("GET", BRANDS, json=sample("openapi/brands-200.json"))
    assert [row.brand.merchant_id for row in client.brands().brands] == ["org-3eec44df0966f6f0"]


def test_a_list_may_stand_in_object(button: RequestsMock) -> None:
    told = [{"id": "org-1"}, {"id": "org-2"}]
    button.get(BRANDS, json={"meta": {"status": "ok"}, "object": told})

    read = make_client(Waits()).brands()

    assert [row.brand.merchant_id for row in read.brands] == ["org-1", "org-2"]


def test_pages_are_followed_should_there_be_any(button: RequestsMock) -> None:
    second = f"{BRANDS}?cursor=c2"
    no_cursor = query_param_matcher({})
    first_page = envelope({"id": "org-1"}, next_url=second)
    button.get(BRANDS, json=first_page, match=[no_cursor])
    button.get(second, json=envelope({"id": "org-2"}))

    read = make_client(Waits()).brands()

    assert [row.brand.merchant_id for row in read.brands] == ["org-1", "org-2"]


@pytest.mark.parametrize("told", [{}, {"object": None}, {"object": "org-1"}, {"objects": {}}])
def test_an_answer_without_a_list_is_asked_for_again(
    button: RequestsMock, told: dict[str, object]
) -> None:
    waits = Waits()
    button.get(BRANDS, json={"meta": {"status": "ok"}} | told)

    with pytest.raises(ButtonUnavailable, match="its answer held no list"):
        make_client(waits).brands()
    assert len(waits) == 4


def test_a_lone_object_is_no_list_of_accounts(button: RequestsMock) -> None:
    button.get(ACCOUNTS, json={"meta": {"status": "ok"}, "object": {"id": "acc-1"}})

    with pytest.raises(ButtonUnavailable, match="its answer held no list"):
        make_client(Waits()).accounts()


def test_a_key_that_is_no_publishers_is_refused_in_buttons_words(button: RequestsMock) -> None:
    button.get(BRANDS, json=sample("openapi/brands-401.json"), status=401)

    with pytest.raises(ButtonRefused, match="The calling organization must be a publisher"):
        make_client(Waits()).brands()
