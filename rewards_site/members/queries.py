"""Reads of members."""

from rewards_site.members.models import Member


def find_member(customer_id: str) -> Member | None:
    """The member of this customer id, if we have seen it."""
    return Member.objects.filter(customer_id=customer_id).first()


def member_ids(customer_ids: set[str]) -> dict[str, int]:
    """customer id → primary key, of those we have seen."""
    rows = Member.objects.filter(customer_id__in=customer_ids)
    return dict(rows.values_list("customer_id", "pk"))


def customer_ids(member_ids: set[int]) -> dict[int, str]:
    """Primary key → customer id."""
    if not member_ids:
        return {}
    return dict(Member.objects.filter(pk__in=member_ids).values_list("pk", "customer_id"))
