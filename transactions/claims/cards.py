"""Claims on the landing page: those to answer, and those that were rewarded twice."""

from __future__ import annotations

from django.urls import reverse

from rewards_site.kernel.admin.attention import (
    COUNTED_MAX,
    Card,
    Reader,
    register_card,
    register_own_card,
)
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.paging import bounded_count
from transactions.claims.answering import ANSWERS
from transactions.claims.models import Claim
from transactions.claims.overtaken import is_overtaken


def register() -> None:
    register_card("claims", _to_answer, permission=ANSWERS, order=25)
    register_own_card("claims_overtaken", _overtaken, permission=ANSWERS, order=26)


def _to_answer() -> Card:
    waiting = Claim.objects.filter(answered_at=None, handed_at=None)
    return Card(
        title="Claims to answer",
        count=bounded_count(waiting, most=COUNTED_MAX),
        url=reverse("admin:claims_queue"),
        what_to_do="Look at what is known, and answer, ask the brand, or propose goodwill.",
        when_none="Missing rewards that the facts cannot answer will appear here.",
    )


def _overtaken(_reader: Reader) -> Card | None:
    count = bounded_count(Claim.objects.filter(is_overtaken()), most=COUNTED_MAX)
    if not count:
        return None
    return Card(
        title="Goodwill, and the order came after all",
        count=count,
        url=list_url(Claim, "queue=twice"),
        what_to_do="The member has both. Propose to take the goodwill back, or leave it.",
        when_none="",
    )
