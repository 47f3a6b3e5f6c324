"""What a member keeps of an order that was moved on, through merges and further moves."""

from __future__ import annotations

from itertools import pairwise

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from rewards_site.kernel.db import atomic
from rewards_site.members.models import CustomerIdChange
from rewards_site.members.services import ensure_members
from tests.factories import NOON, balances, observe, tell
from tests.spending import differences, earned, pay_out
from transactions.attribution import move_order
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account
from transactions.merging.joining import merge_members
from transactions.merging.models import MergedBalance
from transactions.models import Transaction
from transactions.moving import Actors

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_person_may_move(settings: Settings) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 10**9}


def move(customer_id: str) -> None:
    actor, _ = User.objects.get_or_create(username="ann")
    move_order(
        transaction_id=Transaction.objects.get().pk,
        customer_id=customer_id,
        actor=actor,
        reason="theirs",
        at=NOON,
    )


def merge(source: str, target: str) -> None:
    ann, _ = User.objects.get_or_create(username="ann")
    bob, _ = User.objects.get_or_create(username="bob")
    ids = ensure_members({source, target}, at=NOON)
    with atomic():
        merge_members(
            ids[source],
            ids[target],
            actors=Actors(actor_id=ann.pk, approver_id=bob.pk, reason="one person"),
            at=NOON,
        )


def earn_500_and_spend_300() -> None:
    tell(observe(status="validated", amount_minor=1000, publisher_customer_id="A"))
    pay_out("A", 300)


@pytest.mark.parametrize("steps", [["B"], ["X", "B"]], ids=["one merge", "two merges"])
def test_what_a_person_spent_of_an_order_is_not_given_to_them_again(steps: list[str]) -> None:
    earn_500_and_spend_300()
    move("Y")
    for source, target in zip(["A", *steps], steps, strict=False):
        merge(source, target)
    before = balances("B").get("available", 0)

    move("B")

    assert balances("B")["available"] - before == 200
    assert differences() == []


def test_an_order_that_came_back_by_a_merge_can_be_moved_on() -> None:
    earn_500_and_spend_300()
    move("B")
    merge("A", "B")
    pay_out("B", balances("B")["available"] - 100)

    move("C")

    assert balances("C") == {"available": 500}
    assert "available" not in balances("B")
    assert differences() == []


@pytest.mark.parametrize("steps", [["A", "B"], ["A", "X", "B"]], ids=["one merge", "two merges"])
def test_an_order_that_both_had_counts_once_when_they_are_one(steps: list[str]) -> None:
    tell(observe(status="validated", amount_minor=1000, publisher_customer_id="A"))
    move("B")
    tell(observe("tx-2", status="validated", amount_minor=80, publisher_customer_id="A"))
    tell(observe("tx-3", status="validated", amount_minor=6, publisher_customer_id="B"))
    assert (earned("A"), earned("B")) == (540, 503)

    for source, target in pairwise(steps):
        merge(source, target)

    assert (earned("A"), earned("B")) == (540, 543)
    assert balances("B") == {"available": 543}
    assert differences() == []


def test_a_figure_that_counts_an_order_twice_is_found_whatever_the_record_says() -> None:
    tell(observe(status="validated", amount_minor=1000, publisher_customer_id="A"))
    move("B")
    merge("A", "B")
    account = Account.objects.get(member__customer_id="B", kind=AccountKind.AVAILABLE)
    change = CustomerIdChange.objects.get()
    MergedBalance.objects.create(
        change=change,
        currency="EUR",
        pending_minor=0,
        available_minor=0,
        paid_out_minor=0,
        earned_minor=500,
    )

    Account.objects.filter(pk=account.pk).update(earned_minor=1000)

    assert differences() == [
        f"account {account.pk} (available USD of member {account.member_id}): carries 1000 as "
        "earned; its entries say 500",
        f"merge {change.pk}, EUR: says it adds 500 to what was earned; it is 0",
    ]
