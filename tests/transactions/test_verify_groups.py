"""verify_ledger does not take the books' word for what was lost, nor for what a group is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from rewards_site.kernel.db import atomic, overwrite
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_members
from tests.factories import MEMBER, NOON, balances, observe, tell, tell_each
from tests.spending import differences, pay_out, spend
from transactions.attribution import assign_member, move_order
from transactions.fold import rewarded, with_flags
from transactions.ledger.chart import GroupKind
from transactions.ledger.posting import post
from transactions.merging.joining import merge_members
from transactions.models import RevisionKind, Transaction, TransactionRevision
from transactions.moving import Actors, draft, loss_flags
from transactions.stored import ORDER_FIELDS, holding, order_state, write_order, write_unrecovered

pytestmark = pytest.mark.django_db

OTHER = "u-other"
Corrupt = Callable[[str], None]


@pytest.fixture
def ops() -> User:
    return User.objects.create(username="ops")


def pk(customer_id: str) -> int:
    return Member.objects.get(customer_id=customer_id).pk


def move(ops: User, customer_id: str) -> None:
    order = Transaction.objects.get(children__tx_id="tx-1")
    move_order(
        transaction_id=order.pk, customer_id=customer_id, actor=ops, reason="case 7", at=NOON
    )


def merge(ops: User, source: str, target: str) -> None:
    ensure_members({source, target}, at=NOON)
    other = User.objects.get_or_create(username="another")[0]
    with atomic():
        merge_members(
            pk(source),
            pk(target),
            actors=Actors(actor_id=ops.pk, approver_id=other.pk, reason="one person"),
            at=NOON,
        )


def move_and_leave(kept_minor: int, ops: User) -> None:
    """Move the order to OTHER as moving.py does, but let its member keep so much of it."""
    row = Transaction.objects.get()
    from_id, to_id = pk(MEMBER), ensure_members({OTHER}, at=NOON)[OTHER]
    before = order_state(row, list(row.children.all()), customer_id=MEMBER)
    after = rewarded(replace(before, customer_id=OTHER))
    held, left = holding(before, member_id=from_id), {from_id: kept_minor}
    flags = loss_flags(held, left)
    after = replace(after, unrecovered=left, flags=with_flags(after.flags, flags))
    row.revision_count += 1
    group = draft(
        held,
        holding(after, member_id=to_id),
        cause=f"transaction/{row.pk}/revision/{row.revision_count}",
        transaction_id=row.pk,
        kind=GroupKind.ATTRIBUTION,
    )
    assert group is not None
    with atomic():
        posted = post([group])
        write_order(row, after, member_id=to_id, at=posted.at)
        overwrite([row], ORDER_FIELDS)
        TransactionRevision.objects.create(
            transaction=row,
            number=row.revision_count,
            kind=RevisionKind.MOVED,
            source="staff",
            occurred_at=NOON,
            read_at=NOON,
            recorded_at=posted.at,
            status=after.status,
            commission_minor=after.commission_minor,
            reward_minor=after.reward_minor,
            change_minor=0,
            member_id=to_id,
            merchant_id=after.merchant_id,
            terms=row.terms,
            flags=list(flags),
            unrecovered=write_unrecovered(after),
            entry_group_id=posted.group_ids[group.cause],
            actor_id=ops.pk,
            reason="case 7",
        )


@pytest.mark.parametrize(("spent", "kept", "true"), [(0, 500, {}), (0, 300, {}), (200, 450, 200)])
def test_what_was_there_to_be_taken_back_is_found(
    spent: int, kept: int, true: int | dict[str, int], ops: User
) -> None:
    tell(observe(status="validated"))
    if spent:
        spend(MEMBER, spent)

    move_and_leave(kept, ops)

    left = {pk(MEMBER): true} if true else {}
    assert balances(OTHER) == {"available": 500}
    assert differences() == [
        f"transaction btnorder-1 ({Transaction.objects.get().pk}), revision 2: says that "
        f"{{{pk(MEMBER)}: {kept}}} could not be taken back; it was taken from one who had "
        f"{500 - spent}, so it is {left}"
    ]


def test_what_was_not_there_is_no_difference(ops: User) -> None:
    tell(observe(status="validated"))
    spend(MEMBER, 200)

    move_and_leave(200, ops)

    assert differences() == []


def test_all_of_it_spent_by_both_moves_nothing_back_and_is_no_difference(ops: User) -> None:
    """The way back has no group: both keep what they spent."""
    tell(observe(status="validated"))
    spend(MEMBER, 500)
    move(ops, OTHER)
    spend(OTHER, 500)
    move(ops, MEMBER)

    assert TransactionRevision.objects.get(number=3).entry_group is None
    assert Transaction.objects.get().unrecovered == {str(pk(OTHER)): 500}
    assert differences() == []


@pytest.mark.parametrize(
    ("number", "kind", "should"),
    [(1, "return", "transaction"), (2, "transaction", "move"), (3, "move", "return")],
)
def test_a_group_that_is_called_something_else_is_found(
    number: int, kind: str, should: str, ops: User, corrupt: Corrupt
) -> None:
    tell(observe(status="validated"))
    move(ops, OTHER)
    move(ops, MEMBER)
    assert differences() == []

    corrupt(f"UPDATE ledger_entrygroup SET kind = '{kind}' WHERE cause LIKE '%/revision/{number}'")

    assert f"its group is of kind {kind}, should be {should}" in "; ".join(differences())


def test_a_naming_that_is_called_something_else_is_found(ops: User, corrupt: Corrupt) -> None:
    tell(observe(status="validated", publisher_customer_id=None))
    assign_member(
        transaction_id=Transaction.objects.get().pk,
        customer_id=MEMBER,
        actor=ops,
        reason="case 7",
        at=NOON,
    )
    assert differences() == []

    corrupt("UPDATE ledger_entrygroup SET kind = 'move' WHERE kind = 'attribution'")

    [difference] = differences()
    assert difference.endswith("revision 2: its group is of kind move, should be attribution")


def test_a_group_of_another_cause_is_found(corrupt: Corrupt) -> None:
    tell_each(observe(), observe(minutes=5, amount_minor=600))

    corrupt("UPDATE ledger_entrygroup SET cause = 'nothing' WHERE cause LIKE '%/revision/2'")

    [difference] = differences()
    assert difference.endswith("revision 2: its group was booked for nothing")


def test_what_a_merged_member_still_keeps_is_found(ops: User, corrupt: Corrupt) -> None:
    tell(observe(status="validated"))
    pay_out(MEMBER, 200)
    move(ops, OTHER)
    merge(ops, MEMBER, "u-one")
    assert Transaction.objects.get().unrecovered == {str(pk("u-one")): 200}
    assert differences() == []

    for table in ("transaction", "transactionrevision"):
        corrupt(
            f"UPDATE transactions_{table} SET unrecovered = "
            f"REPLACE(CAST(unrecovered AS text), '\"{pk('u-one')}\"', '\"{pk(MEMBER)}\"'){{json}}"
        )

    order = Transaction.objects.get()
    where = f"transaction {order.order_key} ({order.pk})"
    assert differences() == [
        f"{where}, revision 3: says that members were merged, and nothing of it changed hands",
        f"{where}: member {pk(MEMBER)} is said to keep some of it, and was merged or never was",
    ]


@pytest.mark.parametrize("merged_first", [True, False])
def test_members_who_were_merged_before_or_after_a_move_are_no_difference(
    merged_first: bool, ops: User
) -> None:
    tell(observe(status="validated"))
    move(ops, OTHER)
    if merged_first:
        merge(ops, MEMBER, "u-one")
    move(ops, "u-one")
    if not merged_first:
        merge(ops, MEMBER, "u-one")

    assert balances("u-one") == {"available": 500}
    assert differences() == []
