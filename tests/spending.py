"""Members who have spent some of what they earned."""

from __future__ import annotations

from django.contrib.auth.models import User

from rewards_site.kernel import clock, rows
from rewards_site.kernel.db import atomic
from rewards_site.kernel.ids import time_ordered_id
from rewards_site.members.models import Member
from tests.factories import MEMBER
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account
from transactions.redemptions.models import Redemption, Via
from transactions.redemptions.recording import Step, record
from transactions.redemptions.services import Move, move_redemptions
from transactions.redemptions.states import Status
from transactions.verify import verify_ledger


def earned(customer_id: str = MEMBER, currency: str = "USD") -> int:
    """The member's `lifetime_earned`, in minor units."""
    rows = Account.objects.filter(
        member__customer_id=customer_id, currency=currency, kind=AccountKind.AVAILABLE
    )
    return sum(row.earned_minor for row in rows)


def spend(customer_id: str, amount_minor: int, currency: str = "USD") -> Redemption:
    """Have the member redeem so much of what is available, whatever the minimum is."""
    member_id = Member.objects.get(customer_id=customer_id).pk
    with atomic():
        row = Redemption(
            pk=rows.ask(rows.next_ids(Redemption, 1))[0][0],
            public_id=time_ordered_id(),
            member_id=member_id,
            currency=currency,
            amount_minor=amount_minor,
            method="manual",
            destination_masked="***",
            requested_at=clock.now(),
            via=Via.MEMBER,
        )
        step = Step(row=row, before=None, to=Status.REQUESTED, holder_id=member_id)
        assert record([step]).refused == {}
    return row


def pay_out(customer_id: str, amount_minor: int, currency: str = "USD") -> Redemption:
    """And have it paid."""
    row = spend(customer_id, amount_minor, currency)
    actor, _ = User.objects.get_or_create(username="who pays")
    for to in (Status.APPROVED, Status.PAID):
        with atomic():
            move = Move(redemption_id=row.pk, to=to)
            moved = move_redemptions([move], actor_id=actor.pk, at=clock.now())
        assert moved[row.pk].refusal == ""
    return row


def differences() -> list[str]:
    """What verify_ledger() finds."""
    return [str(difference) for difference in verify_ledger().differences]
