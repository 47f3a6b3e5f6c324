"""Members are merged and renamed while Button tells of both."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.models import Permission, User

from rewards_site.approvals.services import approve
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict
from rewards_site.members.models import Member
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once
from tests.factories import NOON, balances, observe, tell
from transactions.merging.joining import merge_members
from transactions.merging.proposals import propose_rename
from transactions.models import Transaction
from transactions.moving import Actors
from transactions.told import Outcome, OutcomeKind

pytestmark = pytest.mark.usefixtures("committed_db")

WRITERS = 8
ROUNDS = 6


def staff(name: str) -> User:
    user = User.objects.create_user(name, is_staff=True)
    names = ["rename_member", "merge_member", "decide_proposal"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def member_id(customer_id: str) -> int:
    return Member.objects.get(customer_id=customer_id).pk


def crowd(deed: Callable[[], object], names: tuple[str, str]) -> list[Outcome]:
    """Everybody tells of both, new orders and changes of one they share; one does `deed`."""

    def write(number: int) -> list[Outcome]:
        if number == WRITERS:
            deed()
            return []
        name = names[number % 2]
        told = [
            observe(f"tx-{number}-{turn}", publisher_customer_id=name) for turn in range(ROUNDS)
        ] + [
            observe(f"tx-{name}", publisher_customer_id=name, minutes=number * ROUNDS + turn + 1)
            for turn in range(ROUNDS)
        ]
        return [retry_deadlocks(partial(tell, one))[0] for one in told]

    return [one for part in all_returned(at_once(WRITERS + 1, write)) for one in part]


def merge_at_last(source_id: int, target_id: int, actors: Actors) -> None:
    """Try again as long as orders come in just then, as people would."""
    while True:
        try:
            with atomic():
                merge_members(source_id, target_id, actors=actors, at=NOON)
        except Conflict:
            continue
        return


def test_webhooks_of_both_while_they_are_merged_end_with_the_one_who_is_left() -> None:
    one, other = staff("one"), staff("other")
    tell(observe("tx-ann", publisher_customer_id="ann"))
    tell(observe("tx-bob", publisher_customer_id="bob"))
    actors = Actors(actor_id=one.pk, approver_id=other.pk, reason="One.")
    deed = partial(merge_at_last, member_id("ann"), member_id("bob"), actors)

    outcomes = crowd(deed, ("ann", "bob"))

    assert OutcomeKind.DEFERRED not in {outcome.kind for outcome in outcomes}, outcomes
    orders = WRITERS * ROUNDS + 2
    assert balances("ann") == {}
    assert balances("bob") == {"pending": orders * 500}
    assert set(Transaction.objects.values_list("member", flat=True)) == {member_id("bob")}
    books_are_right()


def test_webhooks_by_both_ids_while_a_member_is_renamed_are_of_one_member() -> None:
    one, other = staff("one"), staff("other")
    tell(observe("tx-ann", publisher_customer_id="ann"))
    pk = member_id("ann")
    proposal = propose_rename(member_id=pk, customer_id="anna", actor=one, reason="One.", at=NOON)

    deed = partial(approve, proposal_id=proposal.pk, actor=other, reason="Seen.", at=NOON)
    outcomes = crowd(deed, ("ann", "ann"))

    assert OutcomeKind.DEFERRED not in {outcome.kind for outcome in outcomes}, outcomes
    assert member_id("anna") == pk
    assert balances("anna") == {"pending": (WRITERS * ROUNDS + 1) * 500}
    books_are_right()
