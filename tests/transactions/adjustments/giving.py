"""What is given to members and taken from them, by two people, through the services."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import approve
from rewards_site.members.services import ensure_members
from tests.factories import MEMBER, NOON
from transactions.adjustments.models import Adjustment, AdjustmentKind
from transactions.adjustments.proposals import propose_adjustment
from transactions.adjustments.services import Wanted


def proposed(
    amount_minor: int,
    *,
    by: User,
    customer_id: str = MEMBER,
    currency: str = "USD",
    kind: AdjustmentKind = AdjustmentKind.CORRECTION,
    at: datetime = NOON,
) -> Proposal:
    member_id = ensure_members({customer_id}, at=NOON)[customer_id]
    wanted = Wanted(kind=kind, member_id=member_id, currency=currency, amount_minor=amount_minor)
    return propose_adjustment(wanted, actor=by, reason="Promised by telephone", at=at)


def given(amount_minor: int, *, by: User, second: User, **wanted: object) -> Adjustment:
    """Proposed by one and approved by the other."""
    row = proposed(amount_minor, by=by, **wanted)  # type: ignore[arg-type]
    at = wanted.get("at", NOON)
    assert isinstance(at, datetime)
    approve(proposal_id=row.pk, actor=second, reason="Seen", at=at)
    return Adjustment.objects.get(proposal=row)
