"""Ops name the member of an order, from the list or from its page."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from tests.admin_world import make_staff, said
from tests.factories import MEMBER, balances, observe, tell
from transactions.ledger.models import Entry
from transactions.models import Transaction, TransactionRevision

LIST = "/admin/transactions/transaction/"
DO = f"{LIST}do/attribute/"
ANSWERS = {"customer_id": "u-found", "reason": "Receipt sent to support, case 71."}


@pytest.fixture
def ops(client: Client, db: None) -> Client:
    client.force_login(make_staff("Ops"))
    return client


def unattributed(tx_id: str, **fields: object) -> Transaction:
    tell(observe(tx_id, publisher_customer_id=None, **fields))  # type: ignore[arg-type]
    return Transaction.objects.get(children__tx_id=tx_id)


def test_an_order_goes_to_the_member_who_is_named(ops: Client) -> None:
    order = unattributed("tx-1")

    answer = ops.post(DO, ANSWERS | {"id": order.pk})

    assert answer["Location"] == f"{LIST}{order.pk}/change/"
    assert said(answer) == [("success", "btnorder-1: credited to u-found.")]
    assert balances("u-found") == {"pending": 500}
    revision = TransactionRevision.objects.get(kind="assigned")
    assert revision.actor is not None
    assert (revision.actor.username, revision.reason) == ("ops", ANSWERS["reason"])
    entry = LogEntry.objects.get()
    assert entry.object_id == str(order.pk)
    assert entry.change_message == (
        "Name the member: credited to u-found. Reason: Receipt sent to support, case 71."
    )


def test_a_validated_order_goes_straight_to_available(ops: Client) -> None:
    order = unattributed("tx-1", status="validated")

    ops.post(DO, ANSWERS | {"id": order.pk})

    assert balances("u-found") == {"available": 500}


def test_many_orders_are_confirmed_with_count_and_totals_per_currency(ops: Client) -> None:
    first = unattributed("tx-1", amount_minor=1001)
    second = unattributed("tx-2", amount_minor=250)
    yen = unattributed("tx-3", amount_minor=999, currency="JPY", account_id="acc-yen")
    tell(observe("tx-4"))
    known = Transaction.objects.get(children__tx_id="tx-4")

    rows = [first.pk, second.pk, yen.pk, known.pk]
    answer = ops.post(LIST, {"action": "attribute", "_selected_action": rows, "index": 0})
    asked = ops.get(answer["Location"])

    page = asked.content.decode()
    totals = asked.context["panels"][0]
    assert asked.context["count_text"] == "3 transactions"
    assert totals.rows == [["JPY", 1, "999 JPY", "499 JPY"], ["USD", 2, "12.51 USD", "6.25 USD"]]
    assert f"<strong>btnorder-4</strong>: credited to {MEMBER} already" in page
    assert Entry.objects.filter(account__member__customer_id="u-found").count() == 0


def test_each_row_is_done_alone_and_says_what_came_of_it(ops: Client) -> None:
    free = unattributed("tx-1")
    tell(observe("tx-2"))
    taken = Transaction.objects.get(children__tx_id="tx-2")

    answer = ops.post(DO, ANSWERS | {"id": [free.pk, taken.pk]})

    assert answer["Location"] == LIST
    assert said(answer) == [("success", "btnorder-1: credited to u-found.")]
    assert balances("u-found") == {"pending": 500}
    assert balances(MEMBER) == {"pending": 500}


@pytest.mark.parametrize(
    "answers",
    [
        {"customer_id": "u-found", "reason": ""},
        {"customer_id": "u-found", "reason": "   "},
        {"customer_id": "", "reason": "why"},
        {"customer_id": "two words", "reason": "why"},
        {"customer_id": "é", "reason": "why"},
        {"customer_id": "x" * 256, "reason": "why"},
        {"customer_id": "u-found", "reason": "x" * 501},
    ],
)
def test_without_a_member_and_a_reason_nothing_moves(ops: Client, answers: dict[str, str]) -> None:
    order = unattributed("tx-1")
    before = Entry.objects.count()

    answer = ops.post(DO, answers | {"id": order.pk})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert Entry.objects.count() == before
    assert LogEntry.objects.count() == 0


def test_a_second_click_changes_nothing_more(ops: Client) -> None:
    order = unattributed("tx-1")
    ops.post(DO, ANSWERS | {"id": order.pk})

    again = ops.post(DO, ANSWERS | {"id": order.pk})

    assert again.status_code == 200
    assert "credited to u-found already" in again.content.decode()
    assert balances("u-found") == {"pending": 500}
    assert TransactionRevision.objects.filter(kind="assigned").count() == 1


@pytest.mark.parametrize("fields", [{"category": "app-install"}, {"is_test": True}])
def test_installs_and_test_money_are_never_offered(ops: Client, fields: dict[str, object]) -> None:
    order = unattributed("tx-1", **fields)

    page = ops.get(f"{LIST}{order.pk}/change/").content.decode()
    answer = ops.post(DO, ANSWERS | {"id": order.pk})

    assert "do/attribute" not in page
    assert "There is nothing here to do this to." in answer.content.decode()
    assert balances("u-found") == {}


def test_nothing_selected_any_more_leads_back_to_the_list(ops: Client) -> None:
    answer = ops.get(f"{DO}?id=4711&id=abc")

    assert answer["Location"] == LIST
    assert said(answer)[0][0] == "warning"
    assert ops.get(f"{LIST}do/delete-everything/?id=1").status_code == 403
