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


def ends_of_freezes(member_ids: Collection[int], *, at: datetime) -> dict[int, datetime]:
    """member → when the last freeze of them, or of an order of theirs, ended; two statements."""
    whose = Q(member__in=member_ids) | Q(member__same_as__in=member_ids)
    ended = Q(lifted_at__isnull=False) | Q(until__lte=at)
    names = ("member_id", "member__same_as_id", "lifted_at", "until")
    of_members = Freeze.objects.filter(whose, ended).values_list(*names)
    of_orders = Freeze.objects.filter(ended, transaction__member__in=member_ids).values_list(
        "transaction__member_id", "member__same_as_id", "lifted_at", "until"
    )
    ends: dict[int, datetime] = {}
    for member_id, same_as, lifted_at, until in [*of_members, *of_orders] if member_ids else []:
        pk = same_as or member_id
        end = min(one for one in (lifted_at, until) if one is not None)
        ends[pk] = max(end, ends.get(pk, end))
    return ends


def frozen_minor(member_id: int, currency: str, at: datetime) -> int:
    """What of the member's available balance is of frozen orders, in minor units."""
    return frozen_minors([member_id], at=at).get((member_id, currency), 0)


def frozen_minors(member_ids: Collection[int], *, at: datetime) -> dict[tuple[int, str], int]:
    """(member, currency) → the same, of those who have any; one statement."""
    frozen = in_force(at).filter(transaction=OuterRef("pk"))
    orders = Transaction.objects.filter(
        Exists(frozen),
        member__in=member_ids,
        status=ButtonStatus.VALIDATED,
        is_held=False,
        is_test=False,
    )
    told = orders.values_list("member_id", "reward_currency").annotate(minor=Sum("reward_minor"))
    return {(pk, currency): int(minor or 0) for pk, currency, minor in told}


def is_any_order_frozen(at: datetime) -> bool:
    return in_force(at).filter(transaction__isnull=False).exists()


def spendable_minor(member_id: int, currency: str, available_minor: int, *, at: datetime) -> int:
    """What of `available_minor` may be redeemed, in minor units; 0 where the member is frozen."""
    if frozen_reason(member_id, at):
        return 0
    return max(0, available_minor - frozen_minor(member_id, currency, at))
