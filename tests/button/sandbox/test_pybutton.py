"""Button's official client, unmodified, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import pybutton
import pytest

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from tests.button.sandbox.caller import Caller
from tests.button.sandbox.test_lists import at, make_orders

TARGET = "https://cafe-aurore.example/kettle"


def client_of(sandbox: Sandbox, key: str = DEFAULT_API_KEY) -> Any:
    parts = urlsplit(sandbox.url)
    return pybutton.Client(
        key,
        {
            "hostname": parts.hostname,
            "port": parts.port,
            "secure": False,
            "timeout": 10,
            "api_version": "2017-01-01",
        },
    )


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(seed=7, brand_keys=("sk-brand",)) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Any:
    return client_of(sandbox)


def test_accounts(client: Any, caller: Caller) -> None:
    order = caller.order(currency="GBP", total=1000, amount=100)

    answer = client.accounts.all()

    assert [(one["id"], one["currency"]) for one in answer.data()] == [(order["account_id"], "GBP")]


def test_transactions_of_all_accounts_page_after_page(client: Any, caller: Caller) -> None:
    made = [*make_orders(caller, 60), *make_orders(caller, 45, currency="JPY")]

    pages: list[list[str]] = []
    cursor = None
    while not pages or cursor:
        answer = client.transactions.all(cursor=cursor)
        pages.append([row["id"] for row in answer.data()])
        cursor = answer.next_cursor()

    assert [len(page) for page in pages] == [50, 50, 5]
    assert sorted(chain(*pages)) == sorted(made)


def test_transactions_of_one_account_in_a_window(client: Any, caller: Caller) -> None:
    made = make_orders(caller, 5)
    make_orders(caller, 2, currency="JPY")
    account = next(one["id"] for one in client.accounts.all().data() if one["currency"] == "USD")

    created = client.accounts.transactions(account, start=at(1), end=at(3))
    changed = client.accounts.transactions(
        account, start=at(1), end=at(3), time_field="modified_date"
    )

    assert [row["id"] for row in created.data()] == made[1:3]
    assert [row["id"] for row in changed.data()] == made[1:3]
    assert created.next_cursor() is None


def test_a_link_and_what_is_known_of_it(client: Any) -> None:
    link = client.links.create({"url": TARGET, "experience": {"btn_pub_ref": "c-1"}})
    info = client.links.get_info({"url": TARGET})

    assert link.data()["merchant_id"] == catalog.BRANDS[1].id
    assert link.data()["links"]["universal"].startswith("https://r.bttn.io?btn_url=https%3A%2F%2F")
    assert (info.data()["organization_id"], info.data()["approved"]) == (
        catalog.BRANDS[1].id,
        True,
    )


def test_merchants_by_status_and_currency(client: Any) -> None:
    every = client.merchants.all().data()
    approved = client.merchants.all(status="approved", currency="USD").data()

    assert len(every) == len(catalog.ALL_BRANDS) - 1
    assert [one["name"] for one in approved] == [brand.name for brand in catalog.BRANDS]


def test_refusals_come_as_the_clients_own_error(sandbox: Sandbox, client: Any) -> None:
    calls = {
        "Invalid api_key": client_of(sandbox, "sk-wrong").accounts.all,
        "The calling organization must be a publisher to access this endpoint.": client_of(
            sandbox, "sk-brand"
        ).merchants.all,
        "Could not find acc-0": lambda: client.accounts.transactions("acc-0"),
        "Invalid cursor": lambda: client.transactions.all(cursor="1:"),
        "Not approved for link building": lambda: client.links.create(
            {"url": "https://quayside-cycles.example/"}
        ),
        "Merchant could not be detected from the url": lambda: client.links.create(
            {"url": "https://www.example.org/"}
        ),
    }

    for message, call in calls.items():
        with pytest.raises(pybutton.HTTPResponseError) as caught:
            call()
        assert str(caught.value) == message
