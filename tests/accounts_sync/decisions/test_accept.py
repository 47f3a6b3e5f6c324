"""Staff accept what Button tells of a known order: another member, brand or category."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from accounts_sync.decisions import accept, keep_ours, reject
from accounts_sync.inbox.models import DeferredDecision
from rewards_site.kernel.errors import Conflict, Refused
from tests.accounts_sync.decisions.words import BRAND, OTHER, event, last_revision, told
from tests.accounts_sync.inbox.deliveries import status_of
from tests.factories import MEMBER, NOON, balances, house
from tests.spending import spend
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Entry
from transactions.models import Transaction, TransactionRevision
from transactions.told import OutcomeKind

pytestmark = pytest.mark.django_db


def test_a_member_change_moves_the_order_with_all_else_that_was_said(ops: User) -> None:
    told("hook-1")
    assert told("hook-2", minutes=5, publisher_customer_id=OTHER, amount=600) == (
        202,
        {"status": "deferred", "reason": "the member changed"},
    )

    decision = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

    assert decision.outcome.kind is OutcomeKind.APPLIED
    assert (balances(MEMBER), balances(OTHER)) == ({}, {"pending": 300})
    assert status_of("hook-2") == "processed"
    revision = last_revision()
    assert (revision.kind, revision.actor, revision.reason) == ("accepted", ops, "case 7")
    kept = DeferredDecision.objects.get()
    assert (kept.verdict, kept.deferred_because) == ("accepted", "the member changed")


def test_afterwards_button_goes_on_with_the_new_member(ops: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id=OTHER)
    accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

    told("hook-3", minutes=9, publisher_customer_id=OTHER, status="validated")
    late = told("hook-4", minutes=3, order_total=777)

    assert balances(OTHER) == {"available": 500}
    assert late[1]["status"] == "ignored"


def test_a_brand_change_takes_the_commission_along_and_leaves_the_member(ops: User) -> None:
    told("hook-1", status="validated")
    told("hook-2", minutes=5, status="validated", commerce_organization=BRAND)
    before = house(AccountKind.COMMISSION_RECEIVABLE)

    accept(event("hook-2"), actor=ops, reason="merged brands", at=NOON)

    assert balances(MEMBER) == {"available": 500}
    assert house(AccountKind.COMMISSION_RECEIVABLE) == before
    touched = Entry.objects.filter(group__cause__endswith="revision/2")
    whose = touched.values_list("account__merchant", "account__kind")
    assert {(kind, brand == BRAND) for brand, kind in whose} == {
        ("commission_receivable", False),
        ("commission_receivable", True),
        ("margin_earned", False),
        ("margin_earned", True),
    }


def test_terms_are_chosen_again_for_another_brand_while_pending(
    ops: User, settings: Settings
) -> None:
    told("hook-1")
    told("hook-2", minutes=5, commerce_organization=BRAND)
    settings.REWARD_DEFAULT_SHARE_BPS = 1000

    accept(event("hook-2"), actor=ops, reason="merged brands", at=NOON)

    assert balances(MEMBER) == {"pending": 100}


def test_an_order_that_turns_out_an_install_leaves_its_member_and_comes_back(ops: User) -> None:
    told("hook-1", status="validated")
    told("hook-2", minutes=5, status="validated", category="app-install")
    accept(event("hook-2"), actor=ops, reason="an install", at=NOON)
    assert balances(MEMBER) == {}
    assert Transaction.objects.get().category == "app-install"
    assert house(AccountKind.MARGIN_EARNED) == -1000

    told("hook-3", minutes=9, status="validated")
    accept(event("hook-3"), actor=ops, reason="no, an order", at=NOON)

    assert balances(MEMBER) == {"available": 500}


def test_what_a_member_has_spent_is_not_taken_for_an_install(ops: User) -> None:
    """Contract: a take-back that the balance cannot bear is deferred."""
    told("hook-1", status="validated")
    told("hook-2", minutes=5, status="validated", category="app-install")
    spend(MEMBER, 1)

    with pytest.raises(Refused, match="would fall below zero"):
        accept(event("hook-2"), actor=ops, reason="an install", at=NOON)

    assert status_of("hook-2") == "deferred"
    assert balances(MEMBER) == {"available": 499, "redeeming": 1}


def test_all_changes_of_one_word_are_accepted_together(ops: User) -> None:
    told("hook-1")
    answer = told(
        "hook-2",
        minutes=5,
        publisher_customer_id=OTHER,
        commerce_organization=BRAND,
        category="existing-user-order",
    )
    assert answer[1]["reason"] == (
        "the category changed from new-user-order to existing-user-order; the brand changed "
        "from org-7c1f09aa52d3e418 to org-other; the member changed"
    )

    accept(event("hook-2"), actor=ops, reason="all of it", at=NOON)

    order = Transaction.objects.get()
    assert (order.category, order.merchant_id) == ("existing-user-order", BRAND)
    assert balances(OTHER) == {"pending": 500}


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ({"status": "validated"}, {"status": "declined"}, "which is final"),
        ({"status": "validated"}, {"status": "pending"}, "which is final"),
        ({"status": "validated"}, {"status": "validated", "amount": 9}, "which is final"),
        ({}, {"currency": "GBP"}, "currency GBP on account"),
        ({}, {"category": "lottery"}, "unknown category"),
        ({}, {"account_id": "acc-other"}, "belongs to account"),
        ({}, {"button_order_id": "btnorder-9"}, "belongs to order"),
        ({}, {"currency": None}, "`currency` is missing"),
        (
            {"status": "validated"},
            {"status": "declined", "publisher_customer_id": OTHER},
            "which is final",
        ),
    ],
)
def test_nothing_but_a_change_can_be_accepted(
    ops: User, first: dict[str, Any], second: dict[str, Any], why: str
) -> None:
    told("hook-1", **first)
    told("hook-2", minutes=5, **second)
    before = (Entry.objects.count(), balances())

    for decide in (accept, keep_ours):
        with pytest.raises(Refused, match=why):
            decide(event("hook-2"), actor=ops, reason="please", at=NOON)

    assert status_of("hook-2") == "deferred"
    assert (Entry.objects.count(), balances()) == before
    assert not DeferredDecision.objects.exists()


def test_a_word_that_is_old_by_now_is_settled_without_a_change(ops: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, category="existing-user-order")
    told("hook-3", minutes=9, amount=600)

    decision = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

    assert decision.outcome.reason == "older than what is known"
    assert status_of("hook-2") == "ignored"
    assert Transaction.objects.get().category == "new-user-order"
    assert not DeferredDecision.objects.exists()


def test_accepting_twice_is_once(ops: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id=OTHER)
    accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

    again = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

    assert again.outcome.reason == "it was decided so already"
    assert TransactionRevision.objects.count() == 2
    with pytest.raises(Conflict):
        reject(event("hook-2"), actor=ops, reason="no", at=NOON)
