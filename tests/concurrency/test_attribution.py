"""Staff name the member of an order while others do, and while Button tells more of it."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.factories import balances, observe, tell
from tests.journeys.books import member_balances
from transactions.attribution import assign_member
from transactions.models import Transaction, TransactionRevision
from transactions.told import Outcome, OutcomeKind

pytestmark = pytest.mark.usefixtures("committed_db")

ORDERS = 8


def staff() -> AbstractBaseUser:
    return get_user_model().objects.create_user(username="ops")


def unattributed(tx_id: str) -> int:
    """A new order that names nobody; its primary key."""
    [outcome] = tell(observe(tx_id, publisher_customer_id=None))
    assert outcome.transaction_id is not None
    return outcome.transaction_id


def assign(order: int, customer_id: str, actor: AbstractBaseUser) -> Outcome:
    return assign_member(
        transaction_id=order,
        customer_id=customer_id,
        actor=actor,
        reason="Told by the shop.",
        at=clock.now(),
    )


def test_naming_one_member_many_times_at_once_credits_once() -> None:
    actor, order = staff(), unattributed("tx-1")

    outcomes = all_returned(at_once(16, lambda _number: assign(order, "member-1", actor)))

    kinds = [outcome.kind for outcome in outcomes]
    assert (kinds.count(OutcomeKind.APPLIED), kinds.count(OutcomeKind.IGNORED)) == (1, 15)
    assert balances("member-1") == {"pending": 500}
    books_are_right()


def test_of_many_members_named_at_once_one_is_credited() -> None:
    actor, order = staff(), unattributed("tx-1")

    outcomes = at_once(16, lambda number: assign(order, f"member-{number}", actor))

    conflicts = [str(outcome) for outcome in outcomes if isinstance(outcome, Conflict)]
    assert conflicts == ["This order has another member already."] * 15
    [winner] = [number for number in range(16) if isinstance(outcomes[number], Outcome)]
    assert member_balances() == {f"member-{winner}": {"USD": {"pending": 500}}}
    books_are_right()


def test_naming_a_member_while_the_order_is_validated_loses_neither() -> None:
    """Two at each order: it is validated with another amount, and its member is named."""
    actor = staff()
    orders = [unattributed(f"tx-{number}") for number in range(ORDERS)]

    def work(number: int) -> Outcome:
        if number < ORDERS:
            return assign(orders[number], "member-1", actor)
        tx_id = f"tx-{number - ORDERS}"
        return tell(
            observe(
                tx_id,
                status="validated",
                amount_minor=600,
                minutes=5,
                publisher_customer_id=None,
            )
        )[0]

    outcomes = all_returned(at_once(2 * ORDERS, work))

    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.APPLIED}
    assert member_balances() == {"member-1": {"USD": {"available": ORDERS * 300}}}
    assert TransactionRevision.objects.count() == 3 * ORDERS
    books_are_right()
    assert deadlock_count() == 0


def test_staff_and_button_name_different_members_at_once() -> None:
    """Whoever is first is right; the other is told so, and the reward is there once."""
    actor = staff()
    orders = [unattributed(f"tx-{number}") for number in range(ORDERS)]

    def work(number: int) -> Outcome:
        if number < ORDERS:
            return assign(orders[number], "member-of-staff", actor)
        tx_id = f"tx-{number - ORDERS}"
        return tell(observe(tx_id, minutes=5, publisher_customer_id="member-of-button"))[0]

    outcomes = at_once(2 * ORDERS, work)

    by_staff = 0
    for assigned, told in zip(outcomes[:ORDERS], outcomes[ORDERS:], strict=True):
        assert isinstance(told, Outcome)
        if isinstance(assigned, Outcome):
            by_staff += 1
            assert (told.kind, told.reason) == (OutcomeKind.DEFERRED, "the member changed")
        else:
            assert isinstance(assigned, Conflict)
            assert told.kind is OutcomeKind.APPLIED
    assert balances("member-of-staff") == ({"pending": by_staff * 500} if by_staff else {})
    by_button = ORDERS - by_staff
    assert balances("member-of-button") == ({"pending": by_button * 500} if by_button else {})
    assert Transaction.objects.filter(member=None).count() == 0
    books_are_right()
