"""Writes of members."""

from datetime import datetime

from rewards_site.kernel.db import insert_missing
from rewards_site.members.models import Member
from rewards_site.members.queries import find_member


def ensure_member(customer_id: str, *, at: datetime) -> Member:
    """The member of this customer id, made at `at` if it was not seen before.

    Safe beside itself and beside apply: the unique customer id decides who was first. Reads first,
    so that only a member's very first call takes SQLite's write lock.
    """
    member = find_member(customer_id)
    if member is None:
        insert_missing([Member(customer_id=customer_id, created_at=at)])
        member = Member.objects.get(customer_id=customer_id)
    return member
