"""What clicks say of a person: link and page hold their customer id, so both are emptied."""

from __future__ import annotations

from django.db.models import Case, F, Q, Value, When

from offers.clicks.models import Click, LinkProblem
from rewards_site.members.erasure import Person


def erase(person: Person) -> int:
    """The reference stays: it is sealed, and leads to the click alone."""
    told = Click.objects.filter(member_id__in=person.row_ids).exclude(link="", url="")
    why = Case(When(~Q(link=""), then=Value(LinkProblem.ERASED.value)), default=F("link_problem"))
    return told.update(link_problem=why, link="", url="")
