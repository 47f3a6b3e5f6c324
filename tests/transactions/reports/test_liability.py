"""`liability`: what is owed to each member, now and as of an instant."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rewards_site.members.models import Member
from tests.factories import MEMBER, NOON, observe, tell
from tests.reports.reading import export, owed, rows
from transactions.attribution import assign_member
from transactions.ledger.horizon import settle
from transactions.models import Transaction

pytestmark = pytest.mark.django_db


def id_of(customer_id: str = MEMBER) -> str:
    return str(Member.objects.get(customer_id=customer_id).public_id)


def test_every_currency_of_a_member_has_a_row() -> None:
    tell(
        observe("tx-1"),
        observe("tx-2", status="validated", amount_minor=333),
        observe("tx-3", currency="JPY", account_id="acc-yen", amount_minor=501),
        observe("tx-4", publisher_customer_id="u-2", currency="KWD", account_id="acc-kwd"),
    )

    assert owed() == {
        (id_of(), "JPY"): (250, 0, 0),
        (id_of("u-2"), "KWD"): (500, 0, 0),
        (id_of(), "USD"): (500, 166, 0),
    }


def test_what_waits_for_its_member_stands_in_one_row_a_currency() -> None:
    waiting: dict[str, Any] = {"publisher_customer_id": None}
    tell(
        observe("tx-1", **waiting),
        observe("tx-2", status="validated", merchant_id="org-other", **waiting),
        observe("tx-3", currency="JPY", account_id="acc-yen", **waiting),
        observe("tx-4"),
    )

    found = rows("liability")

    assert [(row["currency"], row["member_id"]) for row in found] == [
        ("JPY", "unattributed"),
        ("USD", id_of()),
        ("USD", "unattributed"),
    ]
    assert owed()["unattributed", "USD"] == (500, 500, 0)


def test_who_is_owed_nothing_is_left_out() -> None:
    tell(observe("tx-1"), observe("tx-2", publisher_customer_id=None))
    tell(observe("tx-1", minutes=1, status="declined"))
    tell(observe("tx-2", minutes=1, status="declined", publisher_customer_id=None))

    assert rows("liability") == []


def test_test_money_and_installs_owe_nothing() -> None:
    tell(observe("tx-1", is_test=True), observe("tx-2", category="app-install"))

    assert rows("liability") == []


def test_one_currency_alone() -> None:
    tell(
        observe("tx-1"),
        observe("tx-2", currency="JPY", account_id="acc-yen"),
        observe("tx-3", currency="JPY", account_id="acc-yen", publisher_customer_id=None),
    )

    assert owed(currency="jpy") == {
        (id_of(), "JPY"): (500, 0, 0),
        ("unattributed", "JPY"): (500, 0, 0),
    }


def test_an_instant_stays_as_it_was_whatever_comes_later() -> None:
    tell(observe("tx-1"), observe("tx-2", publisher_customer_id=None))
    first = settle()
    was_first = export("liability", as_of=first)
    assert owed(as_of=first) == {
        (id_of(), "USD"): (500, 0, 0),
        ("unattributed", "USD"): (500, 0, 0),
    }

    tell(observe("tx-1", minutes=1, amount_minor=600))
    second = settle()
    was_second = export("liability", as_of=second)
    tell(observe("tx-1", minutes=2, amount_minor=600, status="validated"))
    tell(observe("tx-9", publisher_customer_id="u-new"))
    assign_member(
        transaction_id=Transaction.objects.get(order_key="btnorder-2").pk,
        customer_id="u-late",
        actor=User.objects.create(username="olivia"),
        reason="Case 7",
        at=NOON,
    )

    assert export("liability", as_of=first) == was_first
    assert export("liability", as_of=second) == was_second
    assert owed(as_of=second)[id_of(), "USD"] == (300, 0, 0)
    assert owed() == {
        (id_of(), "USD"): (0, 300, 0),
        (id_of("u-late"), "USD"): (500, 0, 0),
        (id_of("u-new"), "USD"): (500, 0, 0),
    }


def test_customer_ids_come_last_where_they_are_asked_for() -> None:
    tell(
        observe("tx-1", publisher_customer_id="=evil()"),
        observe("tx-2", publisher_customer_id=None),
    )

    assert [row["customer_id"] for row in rows("liability", with_customer_ids=True)] == [
        "'=evil()",
        "",
    ]


def test_it_costs_the_same_for_one_member_and_for_fifty() -> None:
    def statements() -> int:
        settled = settle()
        tell(observe("tx-later"))
        with CaptureQueriesContext(connection) as captured:
            export("liability", as_of=settled)
        return len(captured)

    tell(observe("tx-0", publisher_customer_id="u-0"))
    few = statements()
    tell(*(observe(f"tx-{number}", publisher_customer_id=f"u-{number}") for number in range(50)))

    assert statements() == few
