"""`GET balances/{currency}/explanation/`, and the explanation of `GET transactions/{id}/`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.api_keys.calling import make_key
from tests.factories import MEMBER, NOON, observe, tell
from tests.members.calling import call, read
from tests.spending import pay_out
from tests.transactions.tapping import tap
from transactions.models import Transaction

pytestmark = pytest.mark.django_db
EXPLAINED = "balances/USD/explanation/"


def order(number: int, *, minutes: float = 0, **fields: Any) -> str:
    """Told by Button: $10.00 of commission unless `fields` say else; the order's public id."""
    tell(observe(f"tx-{number}", minutes=minutes, merchant_name="Northwind", **fields))
    return str(Transaction.objects.get(order_key=f"btnorder-{number}").public_id)


def explanation(transaction_id: str) -> Any:
    return read(f"transactions/{transaction_id}/")["explanation"]


def parts(path: str = EXPLAINED) -> list[tuple[str, int, str | None]]:
    rows = read(path)["results"]
    return [(row["balance"], row["amount"], row["transaction"]) for row in rows]


def test_the_parts_of_every_balance_add_up_to_it() -> None:
    first = order(1, status="validated")
    second = order(2, status="validated", amount_minor=300)
    third = order(3, amount_minor=88)
    pay_out(MEMBER, 520)

    answer = read(EXPLAINED)

    assert answer["totals"] == {"pending": 44, "available": 130, "redeeming": 0, "paid_out": 520}
    assert parts() == [
        ("pending", 44, third),
        ("paid_out", 20, second),
        ("available", 130, second),
        ("paid_out", 500, first),
    ]
    [balance] = read("balances/")["results"]
    assert {name: balance[name] for name in answer["totals"]} == answer["totals"]
    assert {row["store"] for row in answer["results"]} == {"Northwind"}
    assert answer["results"][0]["why"] == (
        "The store has reported this order and has not confirmed it yet."
    )


def test_pages_hold_each_part_once_and_totals_are_of_all() -> None:
    for number in range(1, 6):
        order(number, amount_minor=200 * number)

    seen = []
    url: str | None = f"{EXPLAINED}?limit=2"
    while url:
        answer = read(url)
        assert answer["totals"]["pending"] == 1500
        seen += [row["amount"] for row in answer["results"]]
        url = answer["next"]

    assert seen == [500, 400, 300, 200, 100]


def test_nobody_else_reads_it_and_the_back_end_does() -> None:
    order(1)
    key = make_key().text

    theirs = read(EXPLAINED, customer_id="somebody-else")
    back_end = Client().get(
        f"/api/v1/members/{MEMBER}/{EXPLAINED}", headers={"Authorization": f"Bearer {key}"}
    )

    assert theirs["results"] == []
    assert theirs["totals"] == {"pending": 0, "available": 0, "redeeming": 0, "paid_out": 0}
    assert back_end.json() | {"next": None} == read(EXPLAINED) | {"next": None}
    assert call("balances/XXQ/explanation/").status_code == 404


def test_a_pending_order_says_why_and_what_can_change_it() -> None:
    told = explanation(order(1))

    assert told["why"] == "The store has reported this order and has not confirmed it yet."
    assert told["can_change"] == [
        "A return, a cancellation or a change of the order lowers the reward or ends it.",
        "The store decides whether it confirms the order.",
    ]
    assert told["parts"] == {
        "pending": 500,
        "available": 0,
        "redeeming": 0,
        "paid_out": 0,
        "expired": 0,
        "corrected": 0,
    }
    assert told["activity"] == [row["id"] for row in read("activity/")["results"]]
    assert (told["brand_record"], told["expected_basis"], told["promised"]) == (None, None, None)


def test_a_confirmed_order_says_where_its_money_went() -> None:
    transaction_id = order(1)
    order(1, minutes=5, status="validated")
    pay_out(MEMBER, 200)

    told = explanation(transaction_id)

    assert told["why"] == "The store confirmed this order; its reward is yours."
    assert told["can_change"] == []
    assert (told["parts"]["available"], told["parts"]["paid_out"]) == (300, 200)
    assert sum(told["parts"].values()) == read(f"transactions/{transaction_id}/")["reward"]
    assert len(told["activity"]) == 2


def test_a_declined_order_earns_nothing() -> None:
    transaction_id = order(1)
    order(1, minutes=5, status="declined")

    told = explanation(transaction_id)

    assert told["why"] == "The store cancelled or returned this order, so it earns no reward."
    assert set(told["parts"].values()) == {0}
    assert told["can_change"] == []


def test_what_was_promised_at_the_tap_is_told_and_no_rate_of_the_commission() -> None:
    click = tap()
    told = explanation(
        order(1, pub_ref=click.pub_ref, purchased_at=NOON, created_at=NOON + timedelta(seconds=1))
    )

    assert told["promised"] == {"type": "percent", "value": "8", "currency": None}
    assert told["parts"]["pending"] == 800  # 80 % of the commission, which is told nowhere
    assert "80 %" not in str(told)
    assert "8000" not in str(told)


def test_the_statements_do_not_grow_with_the_parts(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(1, 30):
        order(number)

    with django_assert_max_num_queries(12) as queries:
        assert len(parts()) == 29

    assert len(queries) <= 12
