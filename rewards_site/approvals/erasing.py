"""What proposals say of a person, overwritten."""

from __future__ import annotations

from rewards_site.approvals.models import Proposal
from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts

_SAID = ("summary", "reason", "decision_reason", "result")


def erase(person: Person) -> int:
    """Sentences; and of payloads the customer id that a member was to have."""
    touched = overwrite_texts(Proposal, _SAID, person)
    named = Proposal.objects.filter(payload__customer_id__in=list(person.replaced))
    for row in named.select_for_update(of=("self",), no_key=True).order_by("pk"):
        payload = row.payload | {"customer_id": person.text(row.payload["customer_id"])}
        touched += Proposal.objects.filter(pk=row.pk).update(payload=payload)
    return touched
