"""A payout batch of one redemption, as the admin's tests want one of every kind."""

from __future__ import annotations

from django.contrib.auth.models import User

from rewards_site.members.models import Member
from tests.factories import NOON
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem, ProviderAnswer, StepVerb
from transactions.redemptions.models import Redemption


def fill_payouts(member: Member, staff: User) -> None:
    """No money moves: what is shown is what is stored."""
    redemption = Redemption.objects.get(member=member)
    sums = {"currency": "USD", "amount_minor": redemption.amount_minor}
    batch = PayoutBatch.objects.create(
        currency="USD",
        method="manual",
        provider="manual-file",
        status="sent",
        item_count=1,
        total_minor=redemption.amount_minor,
        made_by=staff,
        made_at=NOON,
        closed_by=staff,
        closed_at=NOON,
        sent_by=staff,
        sending_at=NOON,
        accepted_at=NOON,
        last_answer="The file was handed over.",
    )
    item = PayoutItem.objects.create(
        batch=batch, redemption=redemption, status="sent", added_at=NOON, **sums
    )
    BatchStep.objects.create(
        batch=batch, verb=StepVerb.MADE, actor=staff, reason="Friday", facts={"items": 1}, at=NOON
    )
    for about in (None, item):
        ProviderAnswer.objects.create(
            batch=batch, item=about, word="PENDING", outcome="waiting", evidence="{}", at=NOON
        )
