"""`transactions`: every order, now and as it stood at an instant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from rewards_site.kernel.clock import wire_text
from rewards_site.members.models import Member
from tests.factories import ACCOUNT, MEMBER, MERCHANT, NOON, observe, tell
from tests.reports.reading import export, rows
from transactions.attribution import assign_member
from transactions.ledger.horizon import settle
from transactions.models import Transaction, TransactionRevision

pytestmark = pytest.mark.django_db


def test_an_order_with_all_its_columns() -> None:
    tell(
        observe(
            "tx-1",
            status="validated",
            order_total_minor=9900,
            order_currency="EUR",
            purchased_at=NOON - timedelta(days=1),
        )
    )

    (row,) = rows("transactions")

    order = Transaction.objects.get()
    assert json.loads(row.pop("terms")) == order.terms
    assert row == {
        "transaction_id": str(order.public_id),
        "button_order_id": "btnorder-1",
        "account_id": ACCOUNT,
        "merchant_id": MERCHANT,
        "member_id": str(Member.objects.get().public_id),
        "status": "validated",
        "category": "new-user-order",
        "purchased_at": "2026-11-19T12:00:00Z",
        "first_seen_at": wire_text(order.first_seen_at),
        "final_at": wire_text(TransactionRevision.objects.get().recorded_at),
        "order_currency": "EUR",
        "order_total": "9900",
        "currency": "USD",
        "commission": "1000",
        "reward_currency": "USD",
        "reward": "500",
        "test": "false",
    }


def test_what_is_not_known_is_empty() -> None:
    told: dict[str, Any] = {"publisher_customer_id": None, "merchant_id": None}
    tell(observe("tx-1", button_order_id=None, **told))

    (row,) = rows("transactions")

    empty = {"button_order_id", "member_id", "merchant_id", "final_at"}
    assert {name for name in row if row[name] == ""} == empty | {"order_total", "order_currency"}


def test_test_money_installs_and_declined_orders_stand_in_it() -> None:
    tell(
        observe("tx-1", is_test=True),
        observe("tx-2", category="app-install", publisher_customer_id=None),
        observe("tx-3", status="declined"),
    )

    found = {row["button_order_id"]: row for row in rows("transactions")}

    def said(name: str) -> tuple[str, ...]:
        row = found[name]
        return row["test"], row["category"], row["status"], row["commission"], row["reward"]

    assert said("btnorder-1") == ("true", "new-user-order", "pending", "1000", "0")
    assert said("btnorder-2") == ("false", "app-install", "pending", "1000", "0")
    assert said("btnorder-3") == ("false", "new-user-order", "declined", "0", "0")


def test_every_instant_stays_as_it_was_whatever_comes_later() -> None:
    """All that can change of an order, one after another, and each time the report of then."""
    second: dict[str, Any] = {
        "button_order_id": "btnorder-1",
        "created_at": NOON + timedelta(minutes=3),
    }
    third = second | {"created_at": NOON + timedelta(minutes=4)}
    nameless: dict[str, Any] = {"publisher_customer_id": None}
    changes: list[list[Any]] = [
        [observe("tx-1", button_order_id=None)],
        [observe("tx-1", minutes=1, amount_minor=700)],  # tells its button_order_id
        [observe("tx-1", minutes=2, order_total_minor=5000, order_currency="USD")],
        [observe("tx-2", minutes=3, status="declined", **second)],
        [observe("tx-9", minutes=4, **third), observe("tx-5", publisher_customer_id="u-5")],
        [observe("tx-9", minutes=5, status="validated", purchased_at=NOON, **third)],
        [observe("tx-3", status="declined", **nameless), observe("tx-4", is_test=True)],
        [observe("tx-4", minutes=1, is_test=True, status="validated")],
        [observe("tx-6", **nameless), observe("tx-7", merchant_id=None)],
        [observe("tx-7", minutes=1, merchant_id="org-late")],
    ]
    made = {}
    for told in changes:
        tell(*told)
        settled = settle()
        made[settled] = export("transactions", as_of=settled)
    assign_member(
        transaction_id=Transaction.objects.get(order_key="btnorder-6").pk,
        customer_id="u-late",
        actor=User.objects.create(username="olivia"),
        reason="Case 7",
        at=NOON,
    )
    made[settle()] = export("transactions")
    tell(*(observe(f"tx-{n}", minutes=90, amount_minor=n) for n in (5, 6, 7, 8)))

    assert len(set(made.values())) == len(made)
    assert {at: export("transactions", as_of=at) for at in made} == made


def test_days_are_of_the_purchase_in_the_zone_of_the_business(settings: Settings) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("America/New_York")
    midnight = datetime(2026, 11, 20, 5, tzinfo=UTC)  # of New York
    moments = (-1, 0, 24 * 3600 - 1, 24 * 3600)
    tell(
        *(
            observe(f"tx-{seconds}", purchased_at=midnight + timedelta(seconds=seconds))
            for seconds in moments
        )
    )

    day = rows("transactions", start="2026-11-20", to="2026-11-21")

    assert {row["button_order_id"] for row in day} == {"btnorder-0", "btnorder-86399"}


def test_a_day_is_that_of_the_purchase_as_it_was_known_then() -> None:
    tell(observe("tx-1", purchased_at=NOON))
    settled = settle()
    asked: dict[str, Any] = {"start": "2026-11-20", "to": "2026-11-21", "as_of": settled}
    before = export("transactions", **asked)
    tell(observe("tx-1", minutes=9, purchased_at=NOON - timedelta(days=9)))

    assert export("transactions", **asked) == before
    assert "btnorder-1" in before
    assert rows("transactions", start="2026-11-20") == []


def test_one_currency_and_customer_ids() -> None:
    tell(observe("tx-1"), observe("tx-2", currency="JPY", account_id="acc-yen"))

    (row,) = rows("transactions", currency="JPY", with_customer_ids=True)

    assert (row["button_order_id"], row["customer_id"]) == ("btnorder-2", MEMBER)
