"""Customer ids that change, and members who turn out to be one: money, orders and words follow."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import approve
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, Refused
from rewards_site.members.models import CustomerIdChange, Member
from rewards_site.members.queries import find_member
from tests.factories import NOON, balances, observe, tell, tell_each
from tests.spending import differences, earned, pay_out, spend
from transactions.attribution import move_order
from transactions.history import history_of
from transactions.merging.joining import merge_members
from transactions.merging.proposals import propose_merge, propose_rename
from transactions.models import Transaction, TransactionRevision
from transactions.moving import Actors
from transactions.statement import balances_of
from transactions.statement_rows import find_order
from transactions.told import OutcomeKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[User, User]:
    staff = [User.objects.create_user(name, is_staff=True) for name in ("one", "other")]
    names = ["rename_member", "merge_member", "decide_proposal", "move_transaction"]
    for user in staff:
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return staff[0], staff[1]


def member(customer_id: str) -> Member:
    return Member.objects.get(customer_id=customer_id)


def approved(proposal: Proposal, actor: User) -> str:
    return approve(proposal_id=proposal.pk, actor=actor, reason="Seen.", at=NOON).result


def rename(two: tuple[User, User], old: str, new: str) -> str:
    proposal = propose_rename(
        member_id=member(old).pk, customer_id=new, actor=two[0], reason="Case 7.", at=NOON
    )
    return approved(proposal, two[1])


def merge(two: tuple[User, User], old: str, into: str) -> str:
    proposal = propose_merge(
        member_id=member(old).pk, customer_id=into, actor=two[0], reason="Case 8.", at=NOON
    )
    return approved(proposal, two[1])


def test_a_renamed_member_keeps_everything_by_either_id(two: tuple[User, User]) -> None:
    tell(observe(publisher_customer_id="ann"))
    pk = member("ann").pk

    rename(two, "ann", "anna")
    later = tell_each(
        observe(publisher_customer_id="ann", minutes=1, amount_minor=800),
        observe("tx-2", publisher_customer_id="ann"),
        observe("tx-3", publisher_customer_id="anna"),
        observe("tx-2", publisher_customer_id="anna", minutes=2, status="validated"),
    )

    assert {outcome.kind for outcome in later} == {OutcomeKind.APPLIED}
    assert member("anna").pk == pk
    assert [balances_of(name)[0].pending for name in ("ann", "anna")] == [900, 900]
    assert balances("anna") == {"pending": 900, "available": 500}
    assert set(Transaction.objects.values_list("member", flat=True)) == {pk}
    assert differences() == []


def test_an_old_id_may_come_back(two: tuple[User, User]) -> None:
    tell(observe(publisher_customer_id="ann"))
    rename(two, "ann", "anna")

    rename(two, "anna", "ann")

    found = [find_member(name) for name in ("ann", "anna")]
    assert [row.customer_id if row else None for row in found] == ["ann", "ann"]
    assert CustomerIdChange.objects.count() == 2
    assert differences() == []


def test_an_id_that_is_another_members_is_no_new_name(two: tuple[User, User]) -> None:
    tell(observe(publisher_customer_id="ann"))
    proposal = propose_rename(
        member_id=member("ann").pk, customer_id="bob", actor=two[0], reason="Case 7.", at=NOON
    )
    tell(observe("tx-2", publisher_customer_id="bob"))

    with pytest.raises(Conflict, match="merge the two instead"):
        approved(proposal, two[1])

    assert balances("bob") == {"pending": 500}


def test_all_that_one_has_goes_to_the_other(two: tuple[User, User]) -> None:
    tell_each(
        observe("tx-1", publisher_customer_id="ann"),
        observe("tx-2", publisher_customer_id="ann", status="validated", amount_minor=600),
        observe("tx-3", publisher_customer_id="ann", account_id="acc-jpy", currency="JPY"),
        observe("tx-4", publisher_customer_id="bob", status="validated", amount_minor=100),
    )

    said = merge(two, "ann", "bob")

    assert said == "Merged: 3 orders, 500 JPY pending, 5.00 USD pending, 3.00 USD available."
    assert (balances("ann"), balances("ann", "JPY")) == ({}, {})
    assert balances("bob") == {"pending": 500, "available": 350}
    assert balances("bob", "JPY") == {"pending": 500}
    assert (earned("ann"), earned("bob")) == (300, 350)
    assert balances_of("ann") == balances_of("bob")
    assert differences() == []


def test_later_words_about_the_orders_book_to_the_one_who_is_left(two: tuple[User, User]) -> None:
    tell_each(
        observe("tx-1", publisher_customer_id="ann"),
        observe("tx-2", publisher_customer_id="ann"),
        observe("tx-3", publisher_customer_id="bob"),
    )
    merge(two, "ann", "bob")

    outcomes = tell(
        observe("tx-1", publisher_customer_id="ann", minutes=1, status="validated"),
        observe("tx-2", publisher_customer_id="bob", minutes=1, status="declined"),
        observe("tx-4", publisher_customer_id="ann"),
        observe("tx-4", publisher_customer_id="bob", minutes=3, amount_minor=2000),
        observe("tx-3", publisher_customer_id="ann", minutes=1, amount_minor=400),
    )

    assert [outcome.reason for outcome in outcomes if outcome.kind != OutcomeKind.APPLIED] == []
    assert balances("ann") == {}
    assert balances("bob") == {"available": 500, "pending": 1000 + 200}
    assert differences() == []


def test_another_member_is_still_a_change(two: tuple[User, User]) -> None:
    tell_each(
        observe("tx-1", publisher_customer_id="ann"), observe("tx-2", publisher_customer_id="bob")
    )
    merge(two, "ann", "bob")

    (outcome,) = tell(observe("tx-1", publisher_customer_id="cem", minutes=1))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.DEFERRED, "the member changed")


def test_the_history_of_an_order_goes_on_as_if_nothing_was(two: tuple[User, User]) -> None:
    tell_each(
        observe("tx-1", publisher_customer_id="ann"), observe("tx-2", publisher_customer_id="bob")
    )
    merge(two, "ann", "bob")
    tell(observe("tx-1", publisher_customer_id="ann", minutes=1, status="validated"))

    public_id = Transaction.objects.get(children__tx_id="tx-1").public_id
    orders = [find_order(name, public_id) for name in ("ann", "bob")]

    assert orders[0] == orders[1]
    assert orders[1] is not None
    steps = history_of(orders[1].revisions, member_id=orders[1].member_id, currency="USD")
    assert [(step.status, step.change_minor) for step in steps] == [
        ("pending", 500),
        ("available", 0),
    ]


def test_a_chain_of_ids_leads_to_the_last(two: tuple[User, User]) -> None:
    tell_each(
        observe("tx-1", publisher_customer_id="ann"),
        observe("tx-2", publisher_customer_id="bob"),
        observe("tx-3", publisher_customer_id="cem", status="validated"),
    )
    rename(two, "ann", "anna")
    merge(two, "anna", "bob")
    merge(two, "bob", "cem")

    tell(observe("tx-4", publisher_customer_id="ann"))

    assert balances("cem") == {"pending": 1500, "available": 500}
    assert differences() == []


def test_money_that_is_being_paid_out_holds_a_merge_up(two: tuple[User, User]) -> None:
    tell_each(
        observe("tx-1", publisher_customer_id="ann", status="validated"),
        observe("tx-2", publisher_customer_id="bob"),
    )
    spend("ann", 200)

    with pytest.raises(Refused, match="A payout of ann is under way"):
        merge(two, "ann", "bob")

    assert balances("ann") == {"available": 300, "redeeming": 200}
    assert find_member("ann") == member("ann")


def test_an_order_that_was_moved_away_comes_back_without_being_earned_twice(
    two: tuple[User, User], settings: Settings
) -> None:
    """Ann spent of an order that went to Cem; then she is Bob, and the order is Bob's again."""
    settings.MOVE_APPROVAL_LIMITS = {"USD": 10**9}
    tell_each(
        observe("tx-1", publisher_customer_id="ann", status="validated", amount_minor=200),
        observe("tx-2", publisher_customer_id="bob"),
        observe("tx-3", publisher_customer_id="cem"),
    )
    order = Transaction.objects.get(children__tx_id="tx-1")
    pay_out("ann", 70)
    move(order, "cem", two[0])
    assert Transaction.objects.get(pk=order.pk).unrecovered == {str(member("ann").pk): 70}

    merge(two, "ann", "bob")
    move(order, "bob", two[0])

    assert (balances("cem"), earned("cem")) == ({"pending": 500}, 100)
    assert balances("bob") == {"pending": 500, "available": 30, "paid_out": 70}
    assert earned("bob") == 100
    assert Transaction.objects.get(pk=order.pk).unrecovered == {}
    assert differences() == []


def move(order: Transaction, customer_id: str, actor: User) -> None:
    move_order(
        transaction_id=order.pk, customer_id=customer_id, actor=actor, reason="Theirs.", at=NOON
    )


def test_a_merge_costs_the_same_for_many_orders(two: tuple[User, User]) -> None:
    def cost(source: str, target: str, count: int) -> int:
        told = [
            observe(f"tx-{source}-{number}", publisher_customer_id=source)
            for number in range(count)
        ]
        tell(*told)
        tell(observe(f"tx-{target}", publisher_customer_id=target))
        actors = Actors(actor_id=two[0].pk, approver_id=two[1].pk, reason="Case 8.")
        with CaptureQueriesContext(connection) as captured, atomic():
            merge_members(member(source).pk, member(target).pk, actors=actors, at=NOON)
        return len(captured)

    assert cost("ann", "bob", 1) == cost("cem", "dan", 300)
    assert balances("dan") == {"pending": 301 * 500}
    assert TransactionRevision.objects.filter(kind="merged").count() == 301
    assert differences() == []
