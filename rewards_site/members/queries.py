"""Reads of members. Who looks up a customer id gets the member that it stands for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Q

from rewards_site.kernel.rows import find
from rewards_site.members.models import Member


def find_member(customer_id: str) -> Member | None:
    """The member of this customer id, if we have seen it."""
    row = Member.objects.select_related("same_as").filter(customer_id=customer_id).first()
    return row.same_as or row if row is not None else None


def holder_id(row: Member) -> int:
    """Primary key of the member that this customer id stands for."""
    return int(row.same_as_id or row.pk)


def member_ids(customer_ids: set[str]) -> dict[str, int]:
    """customer id → primary key of its member, of those we have seen."""
    return {row.customer_id: holder_id(row) for row in find(Member, {"customer_id": customer_ids})}


def customer_ids(member_ids: set[int]) -> dict[int, str]:
    """Primary key → customer id."""
    if not member_ids:
        return {}
    return dict(Member.objects.filter(pk__in=member_ids).values_list("pk", "customer_id"))


def held_members(member_ids: Collection[int]) -> dict[int, Member]:
    """These rows by primary key, held until the caller's commit: nobody is merged meanwhile.

    Ask after orders are locked and before ledger accounts are (docs/locks.md), and look at
    `same_as`: who was merged just before points at another.
    """
    return {row.pk: row for row in find(Member, {"id": member_ids}, is_held=True)}


def holders(member_ids: Collection[int]) -> dict[int, int]:
    """Primary key → that of the member it stands for."""
    return {row.pk: holder_id(row) for row in find(Member, {"id": member_ids})}


def rows_of(member_id: int) -> list[int]:
    """The member's own row, and those of all other customer ids of theirs."""
    rows = Member.objects.filter(Q(pk=member_id) | Q(same_as=member_id))
    return sorted(rows.values_list("pk", flat=True))


def names_of(member_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Row → all customer ids of the member that it is, or stands for: equal for one member."""
    people = holders(member_ids)
    whose = set(people.values())
    names: dict[int, set[str]] = defaultdict(set)
    for row in find(Member, {"id": whose}, {"same_as_id": whose}) if whose else []:
        names[holder_id(row)].add(row.customer_id)
    found = {person: frozenset(texts) for person, texts in names.items()}
    return {pk: found[person] for pk, person in people.items()}
