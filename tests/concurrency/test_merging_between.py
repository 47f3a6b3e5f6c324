"""What comes in between what a merge reads and what it locks, on a second connection."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from pytest_django import Settings

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import approve
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_member
from tests.admin_world import make_staff
from tests.concurrency.books import books_are_right
from tests.factories import NOON, balances, observe, tell, tell_each
from tests.spending import differences, pay_out
from transactions.attribution import move_order
from transactions.merging.joining import merge_members
from transactions.merging.proposals import propose_merge
from transactions.models import Transaction
from transactions.moving import Actors

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.postgres]

LOCKS_ORDERS = 'FROM "transactions_transaction"'
LOCKS_MEMBERS = 'FROM "members_member"'


def before(lock: str, deed: Callable[[], object]) -> Callable[..., Any]:
    """An execute wrapper: before the first FOR UPDATE of it, or INSERT, `deed` is committed."""
    is_done = False

    def elsewhere() -> None:
        with closing(connection):
            deed()

    def wrapper(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        nonlocal is_done
        if not is_done and lock in sql and ("UPDATE" in sql or "INTO" in lock):
            is_done = True
            with ThreadPoolExecutor(1) as pool:
                pool.submit(elsewhere).result(timeout=30)
        return execute(sql, *arguments)

    return wrapper


@pytest.fixture
def two(settings: Settings) -> tuple[User, User]:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 10**9}
    tell_each(
        observe("tx-1", publisher_customer_id="ann", status="validated"),
        observe("tx-2", publisher_customer_id="bob"),
    )
    return make_staff("Ops", username="one"), make_staff("Ops", username="other")


def member_id(customer_id: str) -> int:
    return Member.objects.get(customer_id=customer_id).pk


def proposed(by: User) -> Proposal:
    return propose_merge(
        member_id=member_id("ann"), customer_id="bob", actor=by, reason="One.", at=NOON
    )


def merge(two: tuple[User, User]) -> None:
    actors = Actors(actor_id=two[0].pk, approver_id=two[1].pk, reason="One.")
    with atomic():
        merge_members(member_id("ann"), member_id("bob"), actors=actors, at=NOON)


def a_webhook_comes() -> None:
    tell(observe("tx-3", publisher_customer_id="ann", amount_minor=800))


def ann_spends_and_the_order_goes_to(customer_id: str) -> None:
    """So that she keeps something of it."""
    pay_out("ann", 300)
    staff = User.objects.get(username="one")
    order = Transaction.objects.get(children__tx_id="tx-1")
    move_order(
        transaction_id=order.pk, customer_id=customer_id, actor=staff, reason="theirs", at=NOON
    )


@pytest.mark.parametrize("lock", [LOCKS_ORDERS, LOCKS_MEMBERS])
def test_a_webhook_before_the_locks_holds_an_approval_up(two: tuple[User, User], lock: str) -> None:
    row = proposed(two[0])

    with (
        connection.execute_wrapper(before(lock, a_webhook_comes)),
        pytest.raises(Conflict, match=r"USD pending: 0.00 then, 4.00 now; orders: 1 then, 2 now"),
    ):
        approve(proposal_id=row.pk, actor=two[1], reason="Seen.", at=NOON)

    assert (balances("ann"), balances("bob")) == (
        {"available": 500, "pending": 400},
        {"pending": 500},
    )
    row.refresh_from_db()
    assert row.status == "open"
    books_are_right()


def test_an_order_that_is_not_locked_is_not_merged(two: tuple[User, User]) -> None:
    """Even where nobody said what they saw."""
    with (
        connection.execute_wrapper(before(LOCKS_MEMBERS, a_webhook_comes)),
        pytest.raises(Conflict, match="changed this very moment"),
    ):
        merge(two)

    merge(two)
    assert balances("bob") == {"available": 500, "pending": 900}
    books_are_right()


def test_an_order_that_goes_with_some_of_it_kept_is_not_overlooked(two: tuple[User, User]) -> None:
    """Read too early, what ann keeps of it would stay hers, and be given to bob again."""
    with (
        connection.execute_wrapper(
            before(LOCKS_ORDERS, lambda: ann_spends_and_the_order_goes_to("cem"))
        ),
        pytest.raises(Conflict, match="changed this very moment"),
    ):
        merge(two)

    ann, bob = member_id("ann"), member_id("bob")
    order = Transaction.objects.get(children__tx_id="tx-1")
    assert order.unrecovered == {str(ann): 300}
    merge(two)
    order.refresh_from_db()
    assert order.unrecovered == {str(bob): 300}
    assert differences() == []


def test_a_name_that_is_made_and_merged_while_an_order_names_it_is_the_other_members(
    two: tuple[User, User],
) -> None:
    def dan_comes_and_is_bob() -> None:
        ensure_member("dan", at=NOON)
        actors = Actors(actor_id=two[0].pk, approver_id=two[1].pk, reason="One.")
        with atomic():
            merge_members(member_id("dan"), member_id("bob"), actors=actors, at=NOON)

    with connection.execute_wrapper(before('INTO "members_member"', dan_comes_and_is_bob)):
        tell(observe("tx-3", publisher_customer_id="dan", amount_minor=800))

    assert (balances("bob"), balances("dan")) == ({"pending": 900}, {})
    assert differences() == []
    books_are_right()
