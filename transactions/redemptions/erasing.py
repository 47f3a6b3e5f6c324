"""Forgetting who asked: where their money went, and what they were answered."""

from __future__ import annotations

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts
from transactions.redemptions.models import (
    ERASED,
    DestinationReveal,
    Redemption,
    RedemptionKey,
    RedemptionStep,
)
from transactions.redemptions.queries import open_redemptions
from transactions.redemptions.states import Status

_NAMED_MAX = 5
_ERASED_KEY = Concat(Value("§erased-"), Cast(F("pk"), CharField()), output_field=CharField())
"""No request can send it: a key is ASCII."""


def erase(person: Person) -> int:
    """Empty destinations and stored answers, in the caller's commit; rows touched. Idempotent.

    The hash of a destination goes, too: whoever has the key could ask it about a known address. And
    an app's own Idempotency-Key, which may be made of a customer id.
    """
    redemptions = (
        Redemption.objects.filter(member__in=person.row_ids)
        .exclude(destination_sealed="", destination_digest="", destination_masked=ERASED)
        .update(destination_sealed="", destination_digest="", destination_masked=ERASED)
    )
    keys = (
        RedemptionKey.objects.filter(member__in=person.row_ids)
        .exclude(answer="", body_digest="", key=_ERASED_KEY)
        .update(answer="", body_digest="", key=_ERASED_KEY)
    )
    steps = overwrite_texts(RedemptionStep, ["reason", "told", "reference"], person)
    return redemptions + keys + steps + overwrite_texts(DestinationReveal, ["reason"], person)


def objection(person: Person) -> str:
    """Why they cannot be forgotten now: money may be on its way to them."""
    rows = open_redemptions(person.member_id).filter(status=Status.APPROVED)
    found = ", ".join(str(row) for row in rows[:_NAMED_MAX])
    if not found:
        return ""
    return f"A payout to them is approved ({found}): have it paid, or reject it, first."
