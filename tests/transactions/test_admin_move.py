"""Ops move an order to another member, from the list or from its page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import Settings

from rewards_site.approvals.models import Proposal
from tests.admin_world import make_staff, said
from tests.factories import MEMBER, balances, observe, tell, tell_each
from tests.spending import spend
from transactions.models import Transaction, TransactionRevision

LIST = "/admin/transactions/transaction/"
DO = f"{LIST}do/move/"
ANSWERS = {"customer_id": "u-other", "reason": "Two accounts of one person, case 71."}


@pytest.fixture
def ops(client: Client, db: None) -> Client:
    staff = make_staff("Ops")
    staff.user_permissions.add(Permission.objects.get(codename="move_transaction"))
    client.force_login(staff)
    return client


def order(tx_id: str = "tx-1") -> Transaction:
    return Transaction.objects.get(children__tx_id=tx_id)


def test_an_order_goes_to_the_member_who_is_named(ops: Client) -> None:
    tell(observe())

    answer = ops.post(DO, ANSWERS | {"id": order().pk})

    assert said(answer) == [("success", "btnorder-1: moved to u-other.")]
    assert (balances(MEMBER), balances("u-other")) == ({}, {"pending": 500})
    page = ops.get(f"{LIST}{order().pk}/change/").content.decode()
    assert "Two accounts of one person, case 71." in page


def test_the_page_before_shows_what_would_be_taken_back(ops: Client, settings: Settings) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 600}
    tell_each(
        observe("tx-1", status="validated"),
        observe("tx-2", status="validated", amount_minor=1200),
        observe("tx-3"),
    )
    spend(MEMBER, 800)

    asked = ops.get(DO, {"id": [order(f"tx-{number}").pk for number in (1, 2, 3)]})

    panel = asked.context["panels"][-1]
    assert [row[:1] + row[2:5] for row in panel.rows] == [
        ["btnorder-1", "5.00 USD", "3.00 USD", "2.00 USD"],
        ["btnorder-2", "6.00 USD", "0.00 USD", "6.00 USD"],
        ["btnorder-3", "5.00 USD", "5.00 USD", "0.00 USD"],
    ]
    assert ["two people" in str(row[5]) for row in panel.rows] == [False, True, False]
    assert TransactionRevision.objects.filter(kind="moved").count() == 0


def test_much_money_asks_a_second_person(ops: Client, settings: Settings) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 500}
    tell(observe())

    answer = ops.post(DO, ANSWERS | {"id": order().pk})

    proposal = Proposal.objects.get()
    assert said(answer) == [
        (
            "warning",
            f"btnorder-1: a second person has to approve it (proposal {proposal.pk}); "
            "nothing was moved.",
        )
    ]
    assert balances(MEMBER) == {"pending": 500}


@pytest.mark.parametrize(
    "fields", [{"publisher_customer_id": None}, {"category": "app-install"}, {"is_test": True}]
)
def test_it_is_not_offered_where_nobody_could_lose_it(
    ops: Client, fields: dict[str, object]
) -> None:
    tell(observe(**fields))  # type: ignore[arg-type]  # fields of an observation

    page = ops.get(f"{LIST}{order().pk}/change/").content.decode()
    answer = ops.post(DO, ANSWERS | {"id": order().pk})

    assert "do/move" not in page
    assert "There is nothing here to do this to." in answer.content.decode()


def test_who_may_not_move_is_refused(client: Client, db: None) -> None:
    client.force_login(make_staff("Support"))
    tell(observe())

    assert client.post(DO, ANSWERS | {"id": order().pk}).status_code == 403
    assert balances(MEMBER) == {"pending": 500}


def test_where_states_may_be_missing_is_found_by_a_filter(ops: Client) -> None:
    tell(observe())

    answer = ops.get("/admin/transactions/transactionrevision/?missing=yes")

    assert answer.status_code == 200
    assert list(answer.context["cl"].result_list) == []
