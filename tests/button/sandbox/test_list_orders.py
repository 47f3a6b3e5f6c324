"""Lists of transactions in every order Button may have them, and both ways (sheet, 4.2 and 1.6)."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from rewards_site.button.client import ButtonClient
from rewards_site.button.sandbox.api_switches import ApiSwitches, ListOrder
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from tests.button.sandbox.caller import ACCOUNTS, ALL, Caller
from tests.button.sandbox.test_lists import at, ids, make_orders


def walk(caller: Caller, **parameters: Any) -> list[str]:
    return ids(list(chain(*caller.pages(ALL, **parameters))))


@pytest.mark.parametrize("size", [1, 3, 4, 12, 50])
def test_each_order_shows_every_row_once(caller: Caller, size: int) -> None:
    made = make_orders(caller, 12)
    shown = {}
    for order in ("ascending", "descending", "shuffled"):
        caller.control("api", list_order=order)
        shown[order] = walk(caller, page_size=size)

    assert shown["ascending"] == made
    assert shown["descending"] == made[::-1]
    assert sorted(shown["shuffled"]) == sorted(made)
    assert shown["shuffled"] not in (made, made[::-1])


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_filters_hold_in_every_order(caller: Caller, order: str) -> None:
    made = make_orders(caller, 8)
    caller.control("api", list_order=order)

    shown = walk(caller, start=at(2), end=at(6), time_field="modified_date", page_size=3)

    assert sorted(shown) == sorted(made[2:6])


def test_a_walk_keeps_the_order_it_began_in(caller: Caller) -> None:
    made = make_orders(caller, 6)
    first = caller.get(ALL, page_size=4).json()

    caller.control("api", list_order="descending")
    rest = caller.session.get(first["meta"]["next"], auth=(DEFAULT_API_KEY, ""), timeout=10).json()

    assert ids([*first["objects"], *rest["objects"]]) == made


@pytest.mark.parametrize("order", ["ascending", "descending", "shuffled"])
def test_previous_leads_back_to_the_first_page(caller: Caller, order: str) -> None:
    make_orders(caller, 7)
    caller.control("api", list_order=order)
    forth, back = [caller.get(ALL, page_size=3).json()], []
    while forth[-1]["meta"]["next"]:
        url = forth[-1]["meta"]["next"]
        forth.append(caller.session.get(url, auth=(DEFAULT_API_KEY, ""), timeout=10).json())
    url = forth[-1]["meta"]["previous"]
    while url:
        back.append(caller.session.get(url, auth=(DEFAULT_API_KEY, ""), timeout=10).json())
        url = back[-1]["meta"]["previous"]

    assert [len(page["objects"]) for page in forth] == [3, 3, 1]
    assert forth[0]["meta"]["previous"] is None
    assert [page["objects"] for page in back] == [forth[1]["objects"], forth[0]["objects"]]
    assert back[0]["meta"]["next"] == forth[1]["meta"]["next"]


def test_following_modified_date_downwards_misses_what_changes_meanwhile(caller: Caller) -> None:
    """What makes the overlap of a poll necessary (sheet, C11)."""
    caller.control("api", list_order="descending")
    orders = [caller.order(total=100, amount=10, at=at(minute)) for minute in range(4)]
    first = caller.get(ALL, time_field="modified_date", page_size=2).json()

    caller.control(f"orders/{orders[0]['button_order_id']}/adjust", amount=7, at=at(9))
    rest = caller.session.get(first["meta"]["next"], auth=(DEFAULT_API_KEY, ""), timeout=10).json()

    assert ids(rest["objects"]) == [orders[1]["tx_id"]]
    again = caller.get(ALL, time_field="modified_date", page_size=2).json()
    assert ids(again["objects"])[0] == orders[0]["tx_id"]


def test_a_kept_list_is_made_anew_when_something_happens(caller: Caller) -> None:
    first = caller.order(total=100, amount=10, at=at(1))
    assert ids(caller.objects(ALL)) == [first["tx_id"]]

    second = caller.order(total=100, amount=10, at=at(0))

    assert ids(caller.objects(ALL)) == [second["tx_id"], first["tx_id"]]
    assert len(caller.objects(f"{ACCOUNTS}/{first['account_id']}/transactions")) == 2


def test_the_largest_page_is_adjustable(caller: Caller) -> None:
    make_orders(caller, 3)
    caller.control("api", page_size_max=2)

    assert caller.get(ALL, page_size=3).status_code == 400
    assert [len(page) for page in caller.pages(ALL)] == [2, 1]
    caller.control("api", page_size_max=100_000)
    assert [len(page) for page in caller.pages(ALL, page_size=100_000)] == [3]


def test_the_last_page_may_say_an_empty_next(caller: Caller) -> None:
    make_orders(caller, 3)
    caller.control("api", last_next="empty")

    assert caller.get(ALL).json()["meta"]["next"] == ""
    client = ButtonClient(api_key=DEFAULT_API_KEY, base_url=caller.url)
    account = caller.objects(ACCOUNTS)[0]["id"]
    pages = client.transaction_pages(account_id=account, start=None, end=None, page_size=2)
    assert [len(page.rows) for page in pages] == [2, 1]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"list_order": "random"}, "list_order: not one of ascending, descending, shuffled"),
        ({"page_size_max": 0}, "page_size_max: not a whole number of at least 1"),
        ({"page_size_max": True}, "page_size_max: not a whole number of at least 1"),
        ({"amazon_short_links": "on"}, "amazon_short_links: not true or false"),
    ],
)
def test_a_switch_that_cannot_be_set(caller: Caller, body: dict[str, Any], message: str) -> None:
    before = caller.session.get(f"{caller.url}/control/api", timeout=10).json()

    answer = caller.post("api", offers_per_minute=7, **body)

    assert (answer.status_code, answer.json()) == (400, {"error": {"message": message}})
    assert caller.session.get(f"{caller.url}/control/api", timeout=10).json() == before


def test_switches_are_read_from_a_command_line() -> None:
    texts = ["list_order=shuffled", "offers_per_minute=100", "amazon_short_links=on"]

    assert ApiSwitches().with_texts(texts) == ApiSwitches(
        list_order=ListOrder.SHUFFLED, offers_per_minute=100, amazon_short_links=True
    )
