"""Writes of members."""

from datetime import datetime

from rewards_site.kernel.db import insert_missing
from rewards_site.members.models import Member
from rewards_site.members.queries import find_member, member_ids


def ensure_member(customer_id: str, *, at: datetime) -> Member:
    """The member of this customer id, made at `at` if it was not seen before."""
    return find_member(customer_id) or Member.objects.get(
        pk=ensure_members({customer_id}, at=at)[customer_id]
    )


def ensure_members(customer_ids: set[str], *, at: datetime) -> dict[str, int]:
    """customer id → primary key of its member, made at `at` where it was not seen before.

    Inserted sorted by customer id, never locked: the unique customer id decides who was first.
    Reads first, so that only first sight takes SQLite's write lock.
    """
    if not customer_ids:
        return {}
    known = member_ids(customer_ids)
    missing = sorted(customer_ids - known.keys())
    if missing:
        insert_missing(Member(customer_id=text, created_at=at) for text in missing)
        known |= member_ids(set(missing))
    return known
