"""What claims know of a person in their own words: emptied when they are forgotten."""

from __future__ import annotations

from django.db.models import Q

from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts
from transactions.claims.models import Claim, ClaimStep

_HAS_WORDS = ~Q(click_told="") | ~Q(order_reference="") | ~Q(note="")


def erase(person: Person) -> int:
    """Empty what the member wrote; verdicts, figures and steps stay. Idempotent."""
    theirs = Claim.objects.filter(_HAS_WORDS, member__in=person.row_ids)
    emptied = theirs.update(click_told="", order_reference="", note="")
    return emptied + overwrite_texts(ClaimStep, ["reason"], person)
