"""The Accounts and Transactions APIs over a socket: filters, pages, refusals (sheet, 4.1, 4.2)."""

from __future__ import annotations

from itertools import chain
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from rewards_site.button.sandbox.running import Sandbox
from tests.button.sandbox.caller import ACCOUNTS, ALL, Caller

INVALID_KEY = {"meta": {"status": "error"}, "error": {"message": "Invalid api_key"}}


def at(minute: int) -> str:
    return f"2026-11-20T10:{minute:02d}:00Z"


def make_orders(caller: Caller, count: int, **body: Any) -> list[str]:
    """Orders reported one a minute from 10:00 on; their `tx` ids."""
    return [
        caller.order(total=1000, amount=100, at=at(minute), purchased_at=at(0), **body)["tx_id"]
        for minute in range(count)
    ]


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_an_account_appears_with_the_first_transaction_of_its_currency(caller: Caller) -> None:
    assert caller.objects(ACCOUNTS) == []

    caller.order(currency="JPY", total=5000, amount=500)

    (account,) = caller.objects(ACCOUNTS)
    assert account["currency"] == "JPY"
    assert account["name"] == "Example Publisher JPY"
    assert account["id"].startswith("acc-")
    assert account["organization"] == caller.state()["organizations"][0]["id"]


def test_paging_to_the_end_shows_each_row_once_in_order(caller: Caller) -> None:
    made = make_orders(caller, 7)

    pages = caller.pages(ALL, page_size=3)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert ids(list(chain(*pages))) == made


def test_rows_of_one_second_are_ordered_by_id_and_still_shown_once(caller: Caller) -> None:
    made = [caller.order(total=1, amount=1, at=at(0))["tx_id"] for _ in range(9)]

    pages = caller.pages(ALL, page_size=2)

    assert ids(list(chain(*pages))) == sorted(made)


def test_the_cursor_alone_keeps_every_filter(caller: Caller) -> None:
    make_orders(caller, 2)
    wanted = make_orders(caller, 5, country="gb")[1:4]

    first = caller.get(
        ALL,
        start=at(1),
        end=at(4),
        country="GB",
        page_size=2,
        time_field="modified_date",
    ).json()
    following = first["meta"]["next"]
    pages = caller.pages(
        ALL, start=at(1), end=at(4), country="GB", page_size=2, time_field="modified_date"
    )

    assert first["meta"] == {"status": "ok", "next": following, "previous": None}
    assert following.startswith(caller.url + ALL + "?")
    assert list(parse_qs(urlsplit(following).query)) == ["cursor"]
    assert [ids(page) for page in pages] == [wanted[:2], wanted[2:]]


def test_start_is_inclusive_and_end_exclusive(caller: Caller) -> None:
    made = make_orders(caller, 4)

    assert ids(caller.objects(ALL, start=at(1), end=at(3))) == made[1:3]


def test_time_field_says_which_time_is_asked(caller: Caller) -> None:
    order = caller.order(total=100, amount=10, at=at(10), purchased_at=at(1))
    caller.control(f"orders/{order['button_order_id']}/validate", at=at(20))
    found = {
        field: [
            minute
            for minute in (1, 10, 20)
            if caller.objects(ALL, time_field=field, start=at(minute), end=at(minute + 1))
        ]
        for field in ("created_date", "modified_date", "attribution_date")
    }

    assert found == {"created_date": [10], "modified_date": [20], "attribution_date": [1]}


def test_a_page_has_fifty_rows_unless_asked(caller: Caller) -> None:
    for _ in range(51):
        caller.order(total=100, amount=10)

    assert [len(page) for page in caller.pages(ALL)] == [50, 1]
    assert [len(page) for page in caller.pages(ALL, page_size=500)] == [51]


def test_one_account_shows_its_own_rows_only(caller: Caller) -> None:
    dollars = caller.order(currency="USD", total=100, amount=10)
    caller.order(currency="GBP", total=100, amount=10)

    path = f"{ACCOUNTS}/{dollars['account_id']}/transactions"

    assert ids(caller.objects(path)) == [dollars["tx_id"]]
    assert len(caller.objects(ALL)) == 2


def test_two_publishers_never_see_each_other(caller: Caller) -> None:
    ours, theirs = (one["id"] for one in caller.state()["organizations"])
    mine = caller.order(organization=ours, total=100, amount=10)
    foreign = caller.order(organization=theirs, total=200, amount=20)
    make_orders(caller, 3, organization=theirs)

    assert ids(caller.objects(ALL)) == [mine["tx_id"]]
    assert ids(caller.objects(ACCOUNTS)) == [mine["account_id"]]
    answer = caller.get(f"{ACCOUNTS}/{foreign['account_id']}/transactions")
    assert answer.status_code == 404
    assert answer.json()["error"] == {"message": f"Could not find {foreign['account_id']}"}
    cursor = parse_qs(
        urlsplit(caller.get(ALL, key="sk-other", page_size=1).json()["meta"]["next"]).query
    )["cursor"][0]
    assert caller.get(ALL, key="sk-other", cursor=cursor).status_code == 200
    assert caller.get(ALL, cursor=cursor).status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("start", "yesterday"),
        ("start", "2026-11-20"),
        ("end", "2026-11-20T10:00:00"),
        ("end", "2026-13-20T10:00:00Z"),
        ("end", "0001-01-01T00:00:00+14:00"),
        ("time_field", "validated_date"),
        ("page_size", "0"),
        ("page_size", "501"),
        ("page_size", "-1"),
        ("page_size", "many"),
        ("country", "USA"),
    ],
)
def test_a_malformed_filter_is_a_400_that_names_it(caller: Caller, name: str, value: str) -> None:
    answer = caller.get(ALL, **{name: value})

    assert answer.status_code == 400
    assert answer.json() == {
        "meta": {"status": "error"},
        "error": {"message": f"Invalid {name}: {value}"},
    }


@pytest.mark.parametrize("cursor", ["", "cXw", "not base64!", "é"])
def test_a_broken_cursor_is_a_400(caller: Caller, cursor: str) -> None:
    answer = caller.get(ALL, cursor=cursor)

    assert answer.status_code == 400
    assert answer.json()["error"] == {"message": "Invalid cursor"}


def test_a_cursor_belongs_to_its_list(caller: Caller) -> None:
    made = make_orders(caller, 2)
    cursor = parse_qs(urlsplit(caller.get(ALL, page_size=1).json()["meta"]["next"]).query)["cursor"]
    account = caller.objects(ACCOUNTS)[0]["id"]

    assert ids(caller.objects(ALL, cursor=cursor[0])) == made[1:]
    assert caller.get(f"{ACCOUNTS}/{account}/transactions", cursor=cursor[0]).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic " + "c2std3Jvbmc6"},  # sk-wrong:
        {"Authorization": "Basic c2stc2FuZGJveC0wMDAwMDAwMDAwMDAwMDAw"},  # the key, no colon
        {"Authorization": "Basic c2stc2FuZGJveC0wMDAwMDAwMDAwMDAwMDAwOng="},  # a password
        {"Authorization": "Bearer sk-sandbox-0000000000000000"},
        {"Authorization": "Basic %%%"},
    ],
)
def test_without_the_key_there_is_a_401(sandbox: Sandbox, headers: dict[str, str]) -> None:
    answer = requests.get(sandbox.url + ALL, headers=headers, timeout=10)

    assert answer.status_code == 401
    assert answer.json() == INVALID_KEY


def test_what_is_not_there_and_what_is_not_taken_are_told_as_json(caller: Caller) -> None:
    missing = caller.get("/v1/nothing")
    wrong = caller.session.post(
        caller.url + ALL, json={}, auth=("sk-sandbox-0000000000000000", ""), timeout=10
    )
    odd = requests.options(caller.url + ALL, timeout=10)

    assert (missing.status_code, missing.json()["meta"]) == (404, {"status": "error"})
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET")
    assert (odd.status_code, odd.json()["meta"]) == (501, {"status": "error"})


def test_next_leads_back_by_the_name_the_caller_used(caller: Caller) -> None:
    make_orders(caller, 2)
    by_name = caller.url.replace("127.0.0.1", "localhost")

    answer = caller.session.get(
        by_name + ALL + "?page_size=1", auth=("sk-sandbox-0000000000000000", ""), timeout=10
    )

    assert answer.json()["meta"]["next"].startswith(by_name + ALL + "?cursor=")


def test_a_row_that_changes_while_it_is_paged_is_never_missed(caller: Caller) -> None:
    orders = [caller.order(total=100, amount=10, at=at(minute)) for minute in range(4)]
    first = caller.get(ALL, time_field="modified_date", page_size=2).json()

    caller.control(f"orders/{orders[2]['button_order_id']}/adjust", amount=7, at=at(9))
    rest = caller.session.get(
        first["meta"]["next"], auth=("sk-sandbox-0000000000000000", ""), timeout=10
    ).json()

    shown = {row["id"]: row["amount"] for row in [*first["objects"], *rest["objects"]]}
    expected = {order["tx_id"]: 10 for order in orders} | {orders[2]["tx_id"]: 7}
    assert shown == expected
