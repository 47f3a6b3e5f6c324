"""Who is frozen earns on and redeems nothing; who froze, why, until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from rewards_site.members.models import Member
from tests.factories import MEMBER, NOON, balances, observe, tell_each
from transactions.freezes.models import Freeze
from transactions.freezes.queries import frozen_reason, spendable_minor
from transactions.freezes.services import freeze_member, freeze_order, lift
from transactions.models import Transaction

pytestmark = pytest.mark.django_db


@pytest.fixture
def ops() -> User:
    return User.objects.create(username="ops")


@pytest.fixture
def member_id() -> int:
    for tx_id in ("tx-1", "tx-2"):
        tell_each(observe(tx_id), observe(tx_id, minutes=5, status="validated"))
    assert balances() == {"available": 1000}
    return Member.objects.get(customer_id=MEMBER).pk


def spendable(member_id: int, **later: int) -> int:
    return spendable_minor(member_id, "USD", 1000, at=NOON + timedelta(**later))


def test_a_frozen_member_may_spend_nothing_and_earns_on(member_id: int, ops: User) -> None:
    made = freeze_member(member_id=member_id, until=None, actor=ops, reason="Odd", at=NOON)

    assert spendable(member_id) == 0
    assert frozen_reason(member_id, NOON) == "Odd"
    tell_each(observe("tx-3"), observe("tx-3", minutes=5, status="validated"))
    assert balances() == {"available": 1500}

    lift(freeze_id=made.pk, actor=ops, reason="Explained", at=NOON + timedelta(hours=1))
    assert spendable(member_id, hours=2) == 1000


def test_it_ends_by_itself_at_the_instant_that_was_set(member_id: int, ops: User) -> None:
    until = NOON + timedelta(days=3)
    freeze_member(member_id=member_id, until=until, actor=ops, reason="Odd", at=NOON)

    assert spendable(member_id, days=2) == 0
    assert spendable(member_id, days=3) == 1000
    again = freeze_member(
        member_id=member_id, until=None, actor=ops, reason="Again", at=NOON + timedelta(days=4)
    )
    assert spendable(member_id, days=5) == 0
    assert again.reason == "Again"


def test_a_frozen_order_keeps_back_what_it_earned_and_no_more(member_id: int, ops: User) -> None:
    order = Transaction.objects.order_by("pk").first()
    assert order is not None
    freeze_order(transaction_id=order.pk, until=None, actor=ops, reason="Odd", at=NOON)

    assert spendable(member_id) == 500
    assert spendable_minor(member_id, "USD", 300, at=NOON) == 0, "what is left may be its money"
    assert spendable_minor(member_id, "PTS", 300, at=NOON) == 300


def test_twice_is_once_and_another_end_is_said(member_id: int, ops: User) -> None:
    first = freeze_member(member_id=member_id, until=None, actor=ops, reason="Odd", at=NOON)
    assert (
        freeze_member(member_id=member_id, until=None, actor=ops, reason="Odd", at=NOON).pk
        == first.pk
    )
    with pytest.raises(Conflict):
        freeze_member(
            member_id=member_id,
            until=NOON + timedelta(days=1),
            actor=ops,
            reason="Odd",
            at=NOON,
        )
    for _ in range(2):
        lift(freeze_id=first.pk, actor=ops, reason="Fine", at=NOON)
    assert Freeze.objects.count() == 1


def test_it_needs_a_reason_and_an_end_that_lies_ahead(member_id: int, ops: User) -> None:
    with pytest.raises(InvalidInput):
        freeze_member(member_id=member_id, until=None, actor=ops, reason=" ", at=NOON)
    with pytest.raises(InvalidInput):
        freeze_member(member_id=member_id, until=NOON, actor=ops, reason="Odd", at=NOON)
    with pytest.raises(NotFound):
        freeze_member(member_id=10**9, until=None, actor=ops, reason="Odd", at=NOON)
    assert not Freeze.objects.exists()


def test_who_was_merged_into_another_stays_frozen_as_that_one(member_id: int, ops: User) -> None:
    freeze_member(member_id=member_id, until=None, actor=ops, reason="Odd", at=NOON)
    other = Member.objects.create(customer_id="u-other", created_at=NOON)
    Member.objects.filter(pk=member_id).update(same_as=other)

    assert frozen_reason(other.pk, NOON) == "Odd"


def test_what_was_said_of_it_cannot_be_changed(member_id: int, ops: User) -> None:
    made = freeze_member(member_id=member_id, until=None, actor=ops, reason="Odd", at=NOON)

    with pytest.raises(DatabaseError), atomic():
        Freeze.objects.filter(pk=made.pk).update(reason="Another")
    with pytest.raises(DatabaseError), atomic():
        Freeze.objects.filter(pk=made.pk).delete()
