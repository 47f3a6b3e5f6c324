"""Whose key it is, and what a key of the wrong kind gets (sheet, 1.1 and 1.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from rewards_site.kernel.errors import Conflict, InvalidInput
from tests.button.sandbox.caller import ACCOUNTS, ALL, Caller

ROUTES = [
    ("GET", ACCOUNTS),
    ("GET", f"{ACCOUNTS}/acc-1/transactions"),
    ("GET", ALL),
    ("GET", "/v1/brands"),
    ("GET", f"/v1/brands/{catalog.BRANDS[0].id}"),
    ("GET", "/v1/merchants"),
    ("POST", "/v1/offers"),
    ("POST", "/v1/links"),
    ("POST", "/v1/links/info"),
    ("POST", "/v1/shortlink/create"),
    ("POST", "/v1/shortlink/create/"),
]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(
        api_keys=(f"{DEFAULT_API_KEY},sk-rotated", "sk-other"),
        brand_keys=("sk-brand",),
        test_keys=("sk-test",),
    ) as sandbox:
        yield sandbox


def error_of(answer: requests.Response) -> Any:
    assert answer.json()["meta"] == {"status": "error"}
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_wants_a_key_and_a_publishers(caller: Caller, method: str, path: str) -> None:
    def ask(key: str) -> Any:
        return error_of(
            caller.session.request(method, caller.url + path, json={}, auth=(key, ""), timeout=10)
        )

    assert ask("sk-unknown") == (401, {"message": "Invalid api_key"})
    assert ask("sk-brand") == (
        401,
        {"message": "The calling organization must be a publisher to access this endpoint."},
    )


def test_two_keys_of_one_publisher_see_the_same(caller: Caller) -> None:
    made = caller.order(total=1000, amount=10)

    for key in (DEFAULT_API_KEY, "sk-rotated"):
        assert [row["id"] for row in caller.objects(ALL, key=key)] == [made["tx_id"]]
    assert caller.objects(ALL, key="sk-other") == []
    assert caller.objects(ALL, key="sk-test") == []


def test_links_name_the_publisher_whose_key_it_is(caller: Caller) -> None:
    def btn_ref(key: str) -> str:
        answer = caller.ask("/v1/links", {"url": "https://cafe-aurore.example/"}, key=key)
        link: str = answer.json()["object"]["links"]["universal"]
        return link.rpartition("btn_ref=")[2]

    ours, theirs = (one["id"] for one in caller.state()["organizations"][:2])

    assert (btn_ref(DEFAULT_API_KEY), btn_ref("sk-rotated")) == (ours, ours)
    assert btn_ref("sk-other") == theirs


def test_keys_are_made_and_withdrawn_by_control_calls(caller: Caller) -> None:
    ours = caller.state()["organizations"][0]["id"]
    caller.control("keys", key="sk-new", of=ours)
    publisher = caller.control("keys", key="sk-third", name="Third Publisher")
    caller.control("keys", key="sk-shop", of=catalog.BRANDS[1].id)
    foreign = caller.order(organization=publisher["organization"], total=200, amount=20)

    removed = caller.session.delete(f"{caller.url}/control/keys/{DEFAULT_API_KEY}", timeout=10)

    assert removed.json() == {"removed": True}
    assert error_of(caller.get(ALL)) == (401, {"message": "Invalid api_key"})
    assert caller.objects(ALL, key="sk-new") == []
    assert [row["publisher_organization_name"] for row in caller.objects(ALL, key="sk-third")] == [
        "Third Publisher"
    ]
    assert caller.get(f"{ACCOUNTS}/{foreign['account_id']}/transactions").status_code == 401
    assert caller.get("/v1/brands", key="sk-shop").status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"key": ""}, 400, "An API key is ASCII and holds neither colon nor comma"),
        ({"key": "a:b"}, 400, "An API key is ASCII and holds neither colon nor comma"),
        ({"key": DEFAULT_API_KEY}, 409, "The key is in use"),
        ({"key": "sk-x", "of": "org-0"}, 404, "Could not find org-0"),
        (
            {"key": "sk-x", "of": catalog.BRANDS[0].id, "name": "X"},
            400,
            "name and is_test are for a new publisher: leave out of",
        ),
    ],
)
def test_a_key_that_cannot_be_made(
    caller: Caller, body: dict[str, Any], status: int, message: str
) -> None:
    before = caller.session.get(f"{caller.url}/control/api", timeout=10).json()

    answer = caller.post("keys", **body)

    assert (answer.status_code, answer.json()) == (status, {"error": {"message": message}})
    assert caller.session.get(f"{caller.url}/control/api", timeout=10).json() == before
    assert len(caller.state()["organizations"]) == 3


def test_one_key_belongs_to_one() -> None:
    with pytest.raises(Conflict, match="The key is in use"):
        Sandbox(api_keys=("sk-a", "sk-b,sk-a"))
    with pytest.raises(InvalidInput, match="holds neither colon nor comma"):
        Sandbox(api_keys=("sk-a,",))
