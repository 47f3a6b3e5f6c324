"""Writes of members."""

from datetime import datetime

from django.db import IntegrityError

from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, constraint_of, in_transaction, insert_missing
from rewards_site.kernel.errors import Conflict
from rewards_site.members.customer_ids import is_erased
from rewards_site.members.forgotten import MemberErased, refuse_erased
from rewards_site.members.models import ChangeKind, CustomerIdChange, Member
from rewards_site.members.queries import find_member, held_members, holder_id, member_ids


def ensure_member(customer_id: str, *, at: datetime) -> Member:
    """The member of this customer id, made at `at` if it was not seen before."""
    return find_member(customer_id) or Member.objects.get(
        pk=ensure_members({customer_id}, at=at)[customer_id]
    )


def ensure_members(customer_ids: set[str], *, at: datetime) -> dict[str, int]:
    """customer id → primary key of its member, made at `at` where it was not seen before.

    Inserted sorted by customer id, never locked: the unique customer id decides who was first.
    Reads first, so that only first sight takes SQLite's write lock.
    Raises: MemberErased, if one of those not seen before was erased; then none is made.
    """
    if not customer_ids:
        return {}
    known = member_ids(customer_ids)
    missing = sorted(customer_ids - known.keys())
    if missing:
        with atomic():
            insert_missing(Member(customer_id=text, created_at=at) for text in missing)
            refuse_erased(missing)
        known |= member_ids(set(missing))
    return known


def opened_and_held(customer_ids: set[str], *, at: datetime) -> list[Member]:
    """The rows of these customer ids, made at `at` where missing; none changes until the commit.

    For ids that were not there a moment ago: one round trip, and no look beforehand. A row may
    stand for another member all the same (`same_as`), if somebody was that fast.
    """
    assert in_transaction()
    if not customer_ids:
        return []
    made = [Member(customer_id=text, created_at=at) for text in sorted(customer_ids)]
    asked = rows.rows_of(Member, {"customer_id": customer_ids}, is_held=True)
    found: list[Member] = rows.ask(asked, after=rows.insert_missing(made))[0]
    return found


def ensure_held(customer_id: str, *, at: datetime) -> int:
    """As ensure_members(), and the member stays who they are until the caller's commit.

    For who is about to book for them: not merged with another meanwhile, nor just before. Call it
    between the locks on orders and those on ledger accounts (docs/locks.md).
    Raises: MemberErased, also where that happened just now.
    """
    assert in_transaction()
    pk = ensure_members({customer_id}, at=at)[customer_id]
    while True:
        held = held_members({pk})[pk]
        if is_erased(held.customer_id):
            raise MemberErased
        held_pk = holder_id(held)
        if held_pk == pk:
            return pk
        pk = held_pk


def lock_members(member_ids: set[int]) -> dict[int, Member]:
    """These rows, locked alone: whoever books for them, or names them, waits for the commit."""
    assert in_transaction()
    locked = Member.objects.select_for_update(of=("self",)).filter(pk__in=member_ids)
    return {row.pk: row for row in locked.order_by("pk")}


def _refuse_if_erased(*customer_ids: str) -> None:
    """Also where the erasure is only begun. Raises: MemberErased."""
    if any(is_erased(customer_id) for customer_id in customer_ids):
        raise MemberErased
    refuse_erased(customer_ids)


def rename(
    member: Member,
    customer_id: str,
    *,
    actor_id: int,
    approver_id: int,
    reason: str,
    at: datetime,
) -> CustomerIdChange:
    """Give a locked `member` another customer id; the old one goes on standing for them.

    One of their own old ids may come back. Raises: Conflict, if it is another member's;
    MemberErased, if they were erased, or the other id was.
    """
    old = member.customer_id
    _refuse_if_erased(old, customer_id)
    try:
        with atomic():
            # Under a name that no customer id can be, so that the two may change places
            Member.objects.filter(pk=member.pk).update(customer_id=f" {member.pk}")
            again = Member.objects.filter(customer_id=customer_id, same_as=member).first()
            if again is not None:
                Member.objects.filter(pk=again.pk).update(customer_id=old)
                alias = again
            else:
                alias = Member.objects.create(customer_id=old, created_at=at, same_as=member)
            Member.objects.filter(pk=member.pk).update(customer_id=customer_id)
    except IntegrityError as error:
        raise Conflict(
            "That customer id is another member's by now: merge the two instead "
            f"({constraint_of(error)})."
        ) from error
    member.customer_id = customer_id
    return CustomerIdChange.objects.create(
        kind=ChangeKind.RENAMED,
        alias=alias,
        member=member,
        actor_id=actor_id,
        approver_id=approver_id,
        reason=reason,
        changed_at=at,
    )


def merge(
    source: Member,
    target: Member,
    *,
    actor_id: int,
    approver_id: int,
    reason: str,
    at: datetime,
) -> CustomerIdChange:
    """Have locked `source`, and every id that stood for it, stand for `target` from now on.

    Raises: MemberErased, if either was erased.
    """
    assert source.same_as_id is None
    assert target.same_as_id is None
    _refuse_if_erased(source.customer_id, target.customer_id)
    Member.objects.filter(same_as=source).update(same_as=target)
    source.same_as = target
    source.save(update_fields=["same_as"])
    return CustomerIdChange.objects.create(
        kind=ChangeKind.MERGED,
        alias=source,
        member=target,
        actor_id=actor_id,
        approver_id=approver_id,
        reason=reason,
        changed_at=at,
    )
