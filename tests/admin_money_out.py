"""Money out for the admin's tests: a redemption of each member, its step, key, limits, readings."""

from __future__ import annotations

from django.contrib.auth.models import User

from rewards_site.members.models import Member
from tests.factories import NOON
from transactions.ledger.models import EntryGroup
from transactions.redemptions.models import (
    DestinationReveal,
    Redemption,
    RedemptionKey,
    RedemptionLimits,
    RedemptionStep,
    Via,
)
from transactions.redemptions.states import Status


def fill_redemptions(number: int, member: Member, staff: User) -> None:
    """All of them of this number's member; the step stands by one of their groups."""
    group = EntryGroup.objects.filter(entries__account__member=member).order_by("pk").first()
    assert group is not None
    row = Redemption.objects.create(
        member=member,
        currency="USD",
        amount_minor=100 + number,
        method="manual",
        destination_sealed="sealed",
        destination_masked=f"***{number}",
        destination_digest=f"{number:064x}",
        status=Status.REQUESTED,
        requested_at=NOON,
        via=Via.MEMBER,
    )
    RedemptionStep.objects.create(
        redemption=row, number=1, status=Status.REQUESTED, at=NOON, entry_group=group
    )
    RedemptionKey.objects.create(
        member=member,
        key=f"key-{number}",
        body_digest=f"{number:064x}",
        answer_status=201,
        answer="{}",
        created_at=NOON,
    )
    RedemptionLimits.objects.create(
        currency="USD",
        number=number + 1,
        second_person_minor=100 * number,
        actor=staff,
        reason="A start.",
        set_at=NOON,
    )
    DestinationReveal.objects.create(redemption=row, actor=staff, reason="To pay.", at=NOON)
