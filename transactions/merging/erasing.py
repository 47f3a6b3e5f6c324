"""What proposals to rename or merge say of a person, overwritten; none of them may be open."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.members.erasure import Person
from transactions.merging.proposals import MERGE_CUSTOMERS, RENAME_CUSTOMER


def objection(person: Person) -> str:
    """Approved afterwards, it would give a name to who has none."""
    numbers = _about(person).filter(status=ProposalStatus.OPEN).values_list("pk", flat=True)
    if not numbers:
        return ""
    which = ", ".join(str(number) for number in sorted(numbers))
    return f"Proposal {which} about them is open: reject or withdraw it first, or have it approved."


def erase(person: Person) -> int:
    """The customer id they were to have, where that never came to be."""
    touched = 0
    text = person.replaced[min(person.replaced)]
    for row in _about(person).filter(kind=RENAME_CUSTOMER).order_by("pk"):
        told = row.payload.get("customer_id", "")
        if told in person.replaced or told in person.replaced.values():
            continue  # approvals/erasing.py
        payload = row.payload | {"customer_id": text}
        summary = row.summary.replace(told[:200], text)[:500]
        touched += Proposal.objects.filter(pk=row.pk).update(payload=payload, summary=summary)
    return touched


def _about(person: Person) -> QuerySet[Proposal]:
    ids = list(person.row_ids)
    named = Q(payload__member_id__in=ids) | Q(payload__into_member_id__in=ids)
    return Proposal.objects.filter(named, kind__in=(RENAME_CUSTOMER, MERGE_CUSTOMERS))
