"""What a freeze keeps a member from. Earning goes on; only redemptions ask here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from rewards_site.button.schemas import ButtonStatus
from rewards_site.members.queries import rows_of
from transactions.freezes.models import Freeze
from transactions.models import Transaction


def in_force(at: datetime) -> QuerySet[Freeze]:
    return Freeze.objects.filter(Q(until__isnull=True) | Q(until__gt=at), lifted_at__isnull=True)


def frozen_reason(member_id: int, at: datetime) -> str:
    """Why this member is frozen, in the words of whoever did it; empty where they are not.

    Whoever was merged into them counts: one person stays frozen under any of their customer ids.
    """
    found = in_force(at).filter(member__in=rows_of(member_id)).order_by("pk").first()
    return found.reason if found is not None else ""


def frozen_reasons(member_ids: Collection[int], *, at: datetime) -> dict[int, str]:
    """member → why they are frozen, of those who are; one statement."""
    if not member_ids:
        return {}
    found = in_force(at).filter(Q(member__in=member_ids) | Q(member__same_as__in=member_ids))
    reasons: dict[int, str] = {}
    for member_id, same_as, reason in found.order_by("-pk").values_list(
        "member_id", "member__same_as_id", "reason"
    ):
        reasons[same_as or member_id] = reason
    return reasons


def frozen_minor(member_id: int, currency: str, at: datetime) -> int:
    """What of the member's available balance is of frozen orders, in minor units."""
    frozen = in_force(at).filter(transaction=OuterRef("pk"))
    orders = Transaction.objects.filter(
        Exists(frozen),
        member=member_id,
        reward_currency=currency,
        status=ButtonStatus.VALIDATED,
        is_held=False,
        is_test=False,
    )
    return int(orders.aggregate(minor=Sum("reward_minor"))["minor"] or 0)


def spendable_minor(member_id: int, currency: str, available_minor: int, *, at: datetime) -> int:
    """What of `available_minor` may be redeemed, in minor units; 0 where the member is frozen."""
    if frozen_reason(member_id, at):
        return 0
    return max(0, available_minor - frozen_minor(member_id, currency, at))
