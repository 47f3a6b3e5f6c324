"""Free text about payments to a person. Payouts keep no destination of their own."""

from __future__ import annotations

from django.db.models import Q

from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts
from transactions.payouts.models import BatchStep, PayoutItem, ProviderAnswer
from transactions.payouts.queries import in_flight


def objection(person: Person) -> str:
    """Why they cannot be forgotten now."""
    if in_flight(person.member_id):
        return (
            "A payout to them is in flight: wait until its batch is settled, or take it out of a "
            "batch that was not sent."
        )
    return ""


def erase(person: Person) -> int:
    """Empty what providers said of payments to them; blank their ids in what staff wrote."""
    answers = ProviderAnswer.objects.filter(item__redemption__member__in=person.row_ids)
    count = answers.exclude(evidence="", why="").update(evidence="", why="")
    named = Q()
    for name in person.replaced:
        named |= Q(reason__contains=name)
    for step in BatchStep.objects.filter(named) if named else ():
        told = person.text(step.reason)
        if told != step.reason:
            count += BatchStep.objects.filter(pk=step.pk).update(reason=told)
    items = PayoutItem.objects.filter(redemption__member__in=person.row_ids)
    return count + overwrite_texts(items, ["provider_item_id"], person)
