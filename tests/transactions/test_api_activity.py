"""`GET activity/`: the member's ledger as a statement."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rewards_site.button.schemas import ButtonStatus
from tests.factories import MEMBER, NOON, balances, observe, tell
from tests.members.calling import call, problem_of, read
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

MONEY = ("pending_change", "available_change", "pending_after", "available_after")


def lines(customer_id: str = MEMBER) -> list[tuple[int, str, tuple[int, ...], str]]:
    """number, kind, the four amounts and the words, newest first."""
    return [
        (row["number"], row["kind"], tuple(row[name] for name in MONEY), row["description"])
        for row in read("activity/?limit=200", customer_id=customer_id)["results"]
    ]


def test_an_item_is_shown_whole() -> None:
    tell(observe("tx-1", merchant_name="Northwind"))
    transaction = Transaction.objects.get()

    (row,) = read("activity/")["results"]

    assert row.pop("id") not in (None, str(transaction.public_id))
    assert row.pop("at").endswith("Z")
    assert row == {
        "number": 1,
        "kind": "reward_pending",
        "currency": "USD",
        "pending_change": 500,
        "available_change": 0,
        "pending_after": 500,
        "available_after": 0,
        "transaction": str(transaction.public_id),
        "redemption": None,
        "description": "Northwind reported your purchase.",
    }


def test_a_life_reads_as_a_story() -> None:
    tell(observe("tx-1", merchant_name="Northwind"))
    tell(observe("tx-1", minutes=1, amount_minor=800))
    tell(observe("tx-2", minutes=2, merchant_name="Northwind"))
    tell(observe("tx-1", minutes=3, amount_minor=800, status=ButtonStatus.VALIDATED))
    tell(observe("tx-2", minutes=4, status=ButtonStatus.DECLINED))
    tell(observe("tx-3", status=ButtonStatus.VALIDATED, merchant_id=None))

    assert lines() == [
        (
            6,
            "reward_available",
            (0, 500, 0, 900),
            "The store confirmed your purchase; the reward is yours.",
        ),
        (
            5,
            "reward_declined",
            (-500, 0, 0, 400),
            "Northwind cancelled or returned this order; the reward was taken back.",
        ),
        (
            4,
            "reward_available",
            (-400, 400, 500, 400),
            "Northwind confirmed your purchase; the reward is yours.",
        ),
        (3, "reward_pending", (500, 0, 900, 0), "Northwind reported your purchase."),
        (
            2,
            "reward_adjusted",
            (-100, 0, 400, 0),
            "Northwind changed your order, and the reward with it.",
        ),
        (1, "reward_pending", (500, 0, 500, 0), "Northwind reported your purchase."),
    ]
    assert balances() == {"available": 900}


def test_one_batch_is_told_like_one_after_another() -> None:
    told = [
        observe("tx-1"),
        observe("tx-2", amount_minor=2000),
        observe("tx-1", minutes=1, status=ButtonStatus.VALIDATED),
        observe("tx-3", account_id="acc-yen", currency="JPY", amount_minor=400),
        observe("tx-2", minutes=2, status=ButtonStatus.DECLINED),
        observe("tx-4", publisher_customer_id="another"),
    ]

    tell(*told)

    assert [line[:3] for line in lines()] == [
        (5, "reward_declined", (-1000, 0, 0, 500)),
        (4, "reward_pending", (200, 0, 200, 0)),
        (3, "reward_available", (-500, 500, 1000, 500)),
        (2, "reward_pending", (1000, 0, 1500, 0)),
        (1, "reward_pending", (500, 0, 500, 0)),
    ]


def test_currencies_share_the_numbers_and_no_balance() -> None:
    tell(observe("tx-1", amount_minor=1000))
    tell(observe("tx-2", account_id="acc-yen", currency="JPY", amount_minor=400))
    tell(observe("tx-3", amount_minor=2000))

    rows = read("activity/")["results"]

    assert [(row["number"], row["currency"], row["pending_after"]) for row in rows] == [
        (3, "USD", 1500),
        (2, "JPY", 200),
        (1, "USD", 500),
    ]


def test_what_moves_nothing_of_theirs_is_no_item() -> None:
    tell(observe("tx-0", amount_minor=0))
    tell(observe("tx-1", publisher_customer_id=None))
    tell(observe("tx-2", is_test=True))
    tell(observe("tx-3", category="app-install"))
    tell(observe("tx-4", publisher_customer_id="another"))

    assert lines() == []
    assert [line[0] for line in lines("another")] == [1]


def test_paging_by_number_there_and_back_while_items_arrive() -> None:
    tell(*(observe(f"tx-{number:02}") for number in range(11)))

    first = read("activity/?limit=4")
    tell(observe("tx-late"))
    second = read(first["next"])
    third = read(second["next"])

    numbers = [[row["number"] for row in page["results"]] for page in (first, second, third)]
    assert numbers == [[11, 10, 9, 8], [7, 6, 5, 4], [3, 2, 1]]
    assert third["next"] is None
    assert [row["number"] for row in read(third["previous"])["results"]] == [7, 6, 5, 4]
    back = read(read(third["previous"])["previous"])
    assert [row["number"] for row in back["results"]] == [11, 10, 9, 8]
    newest = read(back["previous"])
    assert [row["number"] for row in newest["results"]] == [12]
    assert newest["previous"] is None


def test_bad_cursors_are_400() -> None:
    tell(observe("tx-1"), observe("tx-2"))
    cursor_of_orders = read("transactions/?limit=1")["next"].split("cursor=")[1]

    for cursor in ("", "x", "AA%3D", "AAAAAAAAAAAA", "AP__________", cursor_of_orders):
        if cursor != "":
            problem_of(call(f"activity/?cursor={cursor}"), status=400)
    problem_of(call("activity/?limit=many"), status=422)


def test_it_is_the_members_own() -> None:
    tell(observe("tx-1"))

    assert read("activity/", customer_id="another") == {
        "next": None,
        "previous": None,
        "results": [],
    }


def test_a_page_costs_one_statement() -> None:
    tell(*(observe(f"tx-{number:02}", merchant_id=f"org-{number}") for number in range(60)))

    for limit in (1, 50):
        with CaptureQueriesContext(connection) as captured:
            assert len(read(f"activity/?limit={limit}")["results"]) == limit
        assert len(captured) == 1


def test_no_item_tells_of_commission() -> None:
    tell(observe("tx-1", amount_minor=67_583))
    tell(observe("tx-1", minutes=1, amount_minor=67_581, status=ButtonStatus.VALIDATED))

    text = call("activity/").content.decode()

    assert "33790" in text
    for secret in ("67583", "67581", "33792", "commission", "margin", "revision/", "cause"):
        assert secret not in text


def test_when_it_was_booked_is_when_it_stands_in_the_books() -> None:
    tell(observe("tx-1"), at=NOON)

    (row,) = read("activity/")["results"]
    (order,) = read("transactions/")["results"]

    assert row["at"] == order["history"][0]["at"]
