"""Reads of members."""

from rewards_site.members.models import Member


def find_member(customer_id: str) -> Member | None:
    """The member of this customer id, if we have seen it."""
    return Member.objects.filter(customer_id=customer_id).first()
