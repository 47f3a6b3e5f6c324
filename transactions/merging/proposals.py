"""Renaming a customer id, and merging two members: one proposes, another approves and it is done.

A merge is not undone: which orders and which money were whose before stands in the record, but
what was booked since is of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import propose
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from rewards_site.kernel.money import decimal_text
from rewards_site.members.customer_ids import is_erased, may_be_told
from rewards_site.members.forgotten import MemberErased, refuse_erased
from rewards_site.members.models import Member
from rewards_site.members.queries import find_member
from rewards_site.members.services import lock_members, rename
from transactions.ledger.chart import AccountKind
from transactions.merging.joining import merge_members
from transactions.merging.seen import Held, Seen, held_by, seen_now
from transactions.moving import Actors

RENAME_CUSTOMER: Final = "rename_customer"
MERGE_CUSTOMERS: Final = "merge_customers"
"""The kinds of the proposals (rewards_site/approvals)."""


def propose_rename(
    *, member_id: int, customer_id: str, actor: User, reason: str, at: datetime
) -> Proposal:
    """Ask that a member be called `customer_id`, which nobody is; the old id goes on naming them.

    Raises: NotFound; InvalidInput (customer id or reason); Conflict (it is another member's, or
    theirs already, or another proposal about them is open).
    """
    member = _member(member_id)
    _check_customer_id(customer_id)
    _check_is_free(member, customer_id)
    return propose(
        kind=RENAME_CUSTOMER,
        subject=f"member/{member.pk}",
        payload={"member_id": member.pk, "customer_id": customer_id},
        summary=f"Customer id of member {member.public_id} becomes {customer_id[:200]}",
        actor=actor,
        reason=reason,
        at=at,
    )


def execute_rename(
    payload: Mapping[str, Any],
    *,
    proposed_by: User,
    approved_by: User,
    reason: str,
    at: datetime,
) -> str:
    """Carry out an approved rename, in the approving transaction.

    Locks the member alone. Raises: Conflict, if it is not what was approved any more.
    """
    member_id, customer_id = int(payload["member_id"]), str(payload["customer_id"])
    with atomic():
        member = lock_members({member_id}).get(member_id)
        if member is None or member.same_as_id is not None:
            raise Conflict("They were merged with another member since. Reject it.")
        _check_is_free(member, customer_id)
        rename(
            member,
            customer_id,
            actor_id=proposed_by.pk,
            approver_id=approved_by.pk,
            reason=reason,
            at=at,
        )
    return f"Member {member.public_id} has another customer id; the old one goes on naming them."


def propose_merge(
    *, member_id: int, customer_id: str, actor: User, reason: str, at: datetime
) -> Proposal:
    """Ask that all that a member has go to the member of `customer_id`, and their orders, too.

    What the one has, and who both are, is kept with it: it can be approved only while that is so.
    Raises: NotFound (either); InvalidInput (customer id or reason); Conflict (they are the same
    already, or another proposal about them is open).
    """
    source = _member(member_id)
    _check_customer_id(customer_id)
    target = find_member(customer_id)
    if target is not None and is_erased(target.customer_id):
        raise MemberErased
    if target is None:
        raise NotFound("No member has that customer id: rename this one instead.")
    if target.pk == source.pk:
        raise Conflict("They are the same member already.")
    held = held_by(source.pk)
    seen = seen_now(source.pk, target.pk, held)
    return propose(
        kind=MERGE_CUSTOMERS,
        subject=f"member/{source.pk}",
        payload={"member_id": source.pk, "into_member_id": target.pk, "seen": seen.as_json()},
        summary=(
            f"Merge member {source.public_id} ({held_text(held)}; {orders_text(seen.order_count)}) "
            f"into member {target.public_id} ({held_text(held_by(target.pk))}). It cannot be undone"
        ),
        actor=actor,
        reason=reason,
        at=at,
    )


def execute_merge(
    payload: Mapping[str, Any],
    *,
    proposed_by: User,
    approved_by: User,
    reason: str,
    at: datetime,
) -> str:
    """Carry out an approved merge, in the approving transaction. Raises: as merge_members()."""
    if "seen" not in payload:
        raise Conflict("What its proposer saw is not on record. Reject it and propose it again.")
    actors = Actors(actor_id=proposed_by.pk, approver_id=approved_by.pk, reason=reason)
    done = merge_members(
        int(payload["member_id"]),
        int(payload["into_member_id"]),
        actors=actors,
        at=at,
        seen=Seen.from_json(payload["seen"]),
    )
    return f"Merged: {orders_text(done.order_count)}, {held_text(done.held)}."


def orders_text(count: int) -> str:
    return f"{count} order{'' if count == 1 else 's'}"


def held_text(held: Held) -> str:
    """What is pending and available, in words: `1.00 USD pending, 5.00 USD available`."""
    amounts = [
        f"{decimal_text(kinds[kind], currency)} {currency} {kind}"
        for currency, kinds in held.balances.items()
        for kind in (AccountKind.PENDING, AccountKind.AVAILABLE)
        if kinds.get(kind)
    ]
    return ", ".join(amounts) or "no money"


def _member(member_id: int) -> Member:
    row = Member.objects.filter(pk=member_id).first()
    if row is None:
        raise NotFound("There is no such member.")
    if row.same_as_id is not None:
        raise Conflict("This customer id stands for another member: go to that one.")
    if is_erased(row.customer_id):
        raise MemberErased
    return row


def _check_customer_id(customer_id: str) -> None:
    if not may_be_told(customer_id):
        raise InvalidInput(
            "That is not a customer id.",
            fields={"customer_id": "1-255 characters of ASCII 0x21-0x7E, no blanks"},
        )


def _check_is_free(member: Member, customer_id: str) -> None:
    """One's own former id may come back; one that was erased never does."""
    refuse_erased([customer_id])
    if member.customer_id == customer_id:
        raise Conflict("That is their customer id already.")
    other = find_member(customer_id)
    if other is not None and other.pk != member.pk:
        raise Conflict("That customer id is another member's: merge the two instead.")
