"""Contract, section 5: the shapes of the member API's answers, and what must be in none of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from rewards_site.button.schemas import ButtonStatus, LineItem
from tests.factories import NOON, observe, tell
from tests.members.calling import call, read
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TRANSACTION = {
    "id": str,
    "button_order_id": str | None,
    "merchant": dict | None,
    "order_total": int | None,
    "order_currency": str | None,
    "reward": int,
    "currency": str,
    "status": str,
    "purchased_at": "time",
    "expected_available_at": None,
    "available_at": "time or null",
    "click_id": None,
    "lines": list,
    "history": list,
}
LINE = {
    "description": str | None,
    "category": str | None,
    "quantity": int | None,
    "amount": int | None,
    "total": int | None,
}
STEP = {"at": "time", "status": str, "reward": int, "change": int, "why": str}
BALANCE = dict.fromkeys(
    ("pending", "available", "redeeming", "paid_out", "lifetime_earned"), int
) | {"currency": str}


def assert_shape(value: dict[str, Any], shape: dict[str, Any]) -> None:
    """The same keys, and each value of its type; a bool is no integer."""
    assert set(value) == set(shape)
    for name, kind in shape.items():
        if kind == "time" or (kind == "time or null" and value[name] is not None):
            assert RFC3339.fullmatch(value[name]), name
        elif kind is None or kind == "time or null":
            assert value[name] is None, name
        else:
            assert isinstance(value[name], kind), name
            assert not isinstance(value[name], bool), name


@pytest.fixture
def a_life() -> None:
    """Orders in every state, with lines, of an odd commission that no reward or total equals."""
    line = LineItem(
        description="Shirt",
        quantity=1,
        amount_minor=50_000,
        total_minor=50_000,
        commission_minor=33_701,
    )
    common: dict[str, Any] = {
        "amount_minor": 67_583,
        "order_total_minor": 100_000,
        "order_currency": "USD",
        "purchased_at": NOON,
    }
    tell(*(observe(f"tx-{number}", lines=(line,), **common) for number in (1, 2, 3)))
    tell(
        observe("tx-2", minutes=1, status=ButtonStatus.VALIDATED, **common),
        observe("tx-3", minutes=1, status=ButtonStatus.DECLINED, **common),
    )


def answers() -> Iterator[Any]:
    paths = ("me/", "balances/", "transactions/", "transactions/?status=available&limit=1")
    for path in (*paths, "balances/USD/explanation/"):
        yield call(path)
    for public_id in Transaction.objects.values_list("public_id", flat=True):
        yield call(f"transactions/{public_id}/")


def numbers_in(value: Any) -> set[int]:
    if isinstance(value, dict):
        return set().union(*(numbers_in(item) for item in value.values()), set())
    if isinstance(value, list):
        return set().union(*(numbers_in(item) for item in value), set())
    return {value} if isinstance(value, int) else set()


def keys_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_in(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(keys_in(item) for item in value), set())
    return set()


@pytest.mark.usefixtures("a_life")
def test_me() -> None:
    assert_shape(
        read("me/"),
        {"member_id": str, "customer_id": str, "created_at": "time", "unread_notifications": int},
    )


@pytest.mark.usefixtures("a_life")
def test_balances() -> None:
    answer = read("balances/")

    assert set(answer) == {"results"}
    (balance,) = answer["results"]
    assert_shape(balance, BALANCE)
    assert balance == {
        "currency": "USD",
        "pending": 33_791,
        "available": 33_791,
        "redeeming": 0,
        "paid_out": 0,
        "lifetime_earned": 33_791,
    }


@pytest.mark.usefixtures("a_life")
def test_transactions() -> None:
    answer = read("transactions/")

    assert set(answer) == {"next", "previous", "results"}
    assert {row["status"] for row in answer["results"]} == {"pending", "available", "declined"}
    for row in answer["results"]:
        assert_shape(row, TRANSACTION)
        assert_shape(row["merchant"], {"merchant_id": str, "name": str})
        for line in row["lines"]:
            assert_shape(line, LINE)
        assert row["history"]
        for step in row["history"]:
            assert_shape(step, STEP)
        alone = read(f"transactions/{row['id']}/")
        assert alone.pop("explanation")["why"]
        assert alone == row


@pytest.mark.usefixtures("a_life")
def test_the_publishers_secret_is_in_no_answer() -> None:
    secret = {67_583, 67_583 - 33_791, 33_701}  # commission, margin, a line's commission

    for response in answers():
        assert response.status_code == 200
        body = json.loads(response.content)
        assert not numbers_in(body) & secret
        text = response.content.decode().lower()
        for word in ("commission", "margin", "share", "terms", "bps", "tx-1", "acc-"):
            assert word not in text
        assert not keys_in(body) & {"identifier", "pub_ref", "btn_ref", "account_id", "flags"}


@pytest.mark.usefixtures("a_life")
def test_every_answer_is_private_json_and_its_ids_are_text() -> None:
    for response in answers():
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        for name, value in json.loads(response.content).items():
            if name == "id" or name.endswith("_id"):
                assert value is None or isinstance(value, str)


@pytest.mark.usefixtures("a_life")
@pytest.mark.parametrize("path", ["me/", "balances/", "transactions/"])
def test_every_way_to_ask_for_more_than_reading_is_a_problem(path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        response = call(path, method=method)
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, HEAD"
        assert response.headers["Content-Type"] == "application/problem+json"
    assert call(path, method="HEAD").status_code == 200
    assert call(path, headers={"Accept": "text/csv"}).status_code == 406


def test_a_valid_sub_not_seen_before_gets_200_and_empty_lists() -> None:
    assert read("balances/", customer_id="new") == {"results": []}
    assert read("transactions/", customer_id="new")["results"] == []
