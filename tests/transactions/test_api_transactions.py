"""`GET transactions/` and `GET transactions/{id}/`: which orders, and what is told of them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from offers.overlay import Look, decide_look
from rewards_site.button.schemas import APP_INSTALL, ButtonStatus, LineItem
from rewards_site.kernel.clock import wire_text
from rewards_site.members.models import Member
from tests.factories import MEMBER, MERCHANT, NOON, observe, tell
from tests.members.calling import call, problem_of, read
from tests.offers.rules.making import person
from transactions.ledger.models import EntryGroup
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

SHIRT = LineItem(
    identifier="sku-1",
    description="Shirt",
    category="Clothing",
    quantity=2,
    amount_minor=1500,
    total_minor=3000,
    commission_minor=777,
)
RETURNED = LineItem(description="Voucher", amount_minor=-500)


def orders(path: str = "transactions/", *, customer_id: str = MEMBER) -> list[Any]:
    """The Button order ids that a list shows, in its order."""
    return [row["button_order_id"] for row in read(path, customer_id=customer_id)["results"]]


def test_an_order_is_shown_whole_in_the_list_and_alone() -> None:
    tell(
        observe(
            "tx-1",
            merchant_name="Acme Shoes",
            order_total_minor=9900,
            order_currency="USD",
            purchased_at=NOON,
            lines=(SHIRT, RETURNED),
        ),
    )

    (row,) = read("transactions/")["results"]

    transaction_id = str(Transaction.objects.get().public_id)
    assert row == {
        "id": transaction_id,
        "button_order_id": "btnorder-1",
        "merchant": {"merchant_id": MERCHANT, "name": "Acme Shoes"},
        "order_total": 9900,
        "order_currency": "USD",
        "reward": 500,
        "currency": "USD",
        "status": "pending",
        "purchased_at": "2026-11-20T12:00:00Z",
        "expected_available_at": None,
        "available_at": None,
        "click_id": None,
        "lines": [
            {
                "description": "Shirt",
                "category": "Clothing",
                "quantity": 2,
                "amount": 1500,
                "total": 3000,
            },
            {
                "description": "Voucher",
                "category": None,
                "quantity": None,
                "amount": -500,
                "total": None,
            },
        ],
        "history": [
            {
                "at": wire_text(EntryGroup.objects.get().posted_at),
                "status": "pending",
                "reward": 500,
                "change": 500,
                "why": "The store reported your purchase.",
            }
        ],
    }
    alone = read(f"transactions/{transaction_id}/")
    assert alone.pop("explanation")["why"]
    assert alone == row


def test_what_button_did_not_tell_is_null() -> None:
    tell(observe("tx-1", button_order_id=None, merchant_id=None, created_at=NOON))

    (row,) = read("transactions/")["results"]

    assert row["button_order_id"] is None
    assert row["merchant"] is None
    assert (row["order_total"], row["order_currency"]) == (None, None)
    assert row["lines"] == []
    assert row["purchased_at"] == "2026-11-20T12:00:00Z"


def test_validated_is_available_since_we_booked_it() -> None:
    tell(observe("tx-1"))
    tell(observe("tx-1", minutes=60, status=ButtonStatus.VALIDATED))

    (row,) = read("transactions/")["results"]

    assert (row["status"], row["reward"]) == ("available", 500)
    booked = EntryGroup.objects.latest("posted_at")
    assert row["available_at"] == wire_text(booked.posted_at)


def test_a_declined_order_rewards_nothing_and_is_not_available() -> None:
    tell(observe("tx-1"))
    tell(observe("tx-1", minutes=60, status=ButtonStatus.DECLINED))

    (row,) = read("transactions/")["results"]

    assert (row["status"], row["reward"], row["available_at"]) == ("declined", 0, None)


def test_the_lines_are_those_of_the_child_that_decides() -> None:
    tell(observe("tx-1", button_order_id="btnorder-1", lines=(SHIRT,)))
    tell(
        observe(
            "tx-2",
            button_order_id="btnorder-1",
            created_at=NOON.replace(hour=13),
            minutes=60,
            lines=(RETURNED,),
        )
    )

    (row,) = read("transactions/")["results"]

    assert [line["description"] for line in row["lines"]] == ["Voucher"]


def test_installs_test_money_and_orders_without_a_member_are_not_shown() -> None:
    tell(
        observe("tx-1"),
        observe("tx-2", category=APP_INSTALL, button_order_id=None),
        observe("tx-3", is_test=True),
        observe("tx-4", btn_ref="fakesrctok-0123456789abcdef"),
        observe("tx-5", publisher_customer_id=None),
        observe("tx-6", publisher_customer_id="not one"),
    )
    assert Transaction.objects.count() == 6

    assert orders() == ["btnorder-1"]


def test_newest_first_by_when_we_first_recorded_it() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for number in (1, 2, 3):
            clock.shift(1)
            tell(observe(f"tx-{number}", created_at=NOON.replace(hour=12 - number)))
        tell(observe("tx-1", minutes=60, amount_minor=5000))

        assert orders() == ["btnorder-3", "btnorder-2", "btnorder-1"]


def test_a_status_narrows_the_list() -> None:
    tell(
        observe("tx-1"),
        observe("tx-2", status=ButtonStatus.VALIDATED),
        observe("tx-3", status=ButtonStatus.DECLINED),
    )

    assert orders("transactions/?status=pending") == ["btnorder-1"]
    assert orders("transactions/?status=available") == ["btnorder-2"]
    assert orders("transactions/?status=declined") == ["btnorder-3"]
    assert len(orders("transactions/")) == 3


@pytest.mark.parametrize("status", ["validated", "Pending", "", "pending,declined", "%00"])
def test_an_unknown_status_is_422(status: str) -> None:
    document = problem_of(call(f"transactions/?status={status}"), status=422)

    assert document["type"] == "/problems/invalid-input"
    assert document["errors"] == [
        {"field": "status", "message": "This is one of: pending, available, declined."}
    ]


def test_a_member_not_seen_before_has_an_empty_list_and_is_not_made() -> None:
    assert read("transactions/", customer_id="nobody-yet") == {
        "next": None,
        "previous": None,
        "results": [],
    }
    assert not Member.objects.filter(customer_id="nobody-yet").exists()


def test_another_members_order_does_not_exist() -> None:
    tell(observe("tx-1"), observe("tx-2", publisher_customer_id="somebody-else"))
    theirs = Transaction.objects.get(member__customer_id="somebody-else").public_id

    assert orders() == ["btnorder-1"]
    assert orders(customer_id="somebody-else") == ["btnorder-2"]
    mine = problem_of(call(f"transactions/{theirs}/"), status=404)
    unknown = problem_of(call(f"transactions/{uuid.uuid4()}/"), status=404)
    assert mine == unknown
    assert mine["detail"] == "You have no such transaction."
    problem_of(call(f"transactions/{theirs}/", customer_id="nobody-yet"), status=404)


def test_what_the_list_leaves_out_is_not_found_alone_either() -> None:
    tell(
        observe("tx-1", is_test=True),
        observe("tx-2", publisher_customer_id=None),
        observe("tx-3", category=APP_INSTALL, button_order_id=None),
    )

    for transaction in Transaction.objects.all():
        problem_of(call(f"transactions/{transaction.public_id}/"), status=404)


@pytest.mark.parametrize(
    "transaction_id",
    ["1", "tx-1", "btnorder-1", "%00", "%F0%9F%92%A9", "{0}", "urn:uuid:{0}", "{0}0", "x" * 5000],
)
def test_an_id_that_is_not_ours_is_404(transaction_id: str) -> None:
    tell(observe("tx-1"))
    public_id = Transaction.objects.get().public_id
    spelled = transaction_id.replace("{0}", public_id.hex)

    problem_of(call(f"transactions/{spelled}/"), status=404)


def test_a_page_of_fifty_costs_as_many_queries_as_one_row(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    told = [
        observe(f"tx-{number}", merchant_id=f"org-{number}", lines=(SHIRT,)) for number in range(60)
    ]
    tell(*told[:1])
    with django_assert_num_queries(1):
        assert len(read("transactions/")["results"]) == 1

    tell(*told[1:])
    tell(*(observe(f"tx-{number}", minutes=1, amount_minor=600) for number in range(60)))

    with django_assert_num_queries(1):
        assert len(read("transactions/")["results"]) == 50
    (first, *_others) = Transaction.objects.all()
    with django_assert_num_queries(10):  # the other nine explain it
        read(f"transactions/{first.public_id}/")


def test_the_commission_is_not_even_read(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    tell(observe("tx-1"))

    with django_assert_num_queries(1) as queries:
        read("transactions/")

    statements = " ".join(query["sql"] for query in queries.captured_queries)
    for kind in ("revision.terms->>'type'", "json_extract(revision.terms, '$.type')"):
        statements = statements.replace(kind, "")  # money or points, which the member sees anyway
    for secret in ("commission", "amount_minor", "terms", "observation", "change_minor"):
        assert secret not in statements


def test_a_brand_is_called_as_ops_have_it_shown() -> None:
    tell(observe("tx-1"))
    decide_look(
        merchant_id=MERCHANT,
        look=Look(shown_name="Our Brand"),
        actor=person(),
        reason="As they ask.",
        at=NOON,
    )

    [order] = read("transactions/")["results"]
    [item] = read("activity/")["results"]

    assert order["merchant"] == {"merchant_id": MERCHANT, "name": "Our Brand"}
    assert "Our Brand" in item["description"]
