"""Reads of redemptions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Min, OuterRef, QuerySet, Subquery

from rewards_site.members.models import Member
from rewards_site.members.queries import rows_of
from transactions.redemptions.limits import NO_LIMITS, Limits, Past, Velocity
from transactions.redemptions.models import Redemption, RedemptionLimits, RedemptionStep
from transactions.redemptions.states import OPEN, STANDING


def redemptions_of(member: Member) -> QuerySet[Redemption]:
    """Theirs, and what was asked for under customer ids that stand for them by now."""
    return Redemption.objects.filter(member__in=rows_of(member.pk))


def with_told(rows: QuerySet[Redemption]) -> QuerySet[Redemption]:
    """With what the member was told at the last step, as `told_last`."""
    last = RedemptionStep.objects.filter(redemption=OuterRef("pk"), number=OuterRef("step_count"))
    return rows.annotate(told_last=Subquery(last.values("told")[:1]))


def open_redemptions(member_id: int) -> QuerySet[Redemption]:
    """Requested or approved: their money is held, and may be on its way. Of all ids of theirs."""
    rows = Redemption.objects.filter(member__in=rows_of(member_id), status__in=sorted(OPEN))
    return rows.order_by("pk")


def limits_in_force(currencies: Collection[str]) -> dict[str, Limits]:
    """Of these currencies; one that nothing was ever set for is not limited."""
    rows = RedemptionLimits.objects.filter(currency__in=currencies).order_by("number")
    found = dict.fromkeys(currencies, NO_LIMITS)
    return found | {row.currency: limits_of(row) for row in rows}


def limits_of(row: RedemptionLimits) -> Limits:
    return Limits(
        cooling_off_hours=row.cooling_off_hours or 0,
        member=_velocity(row.member_days, row.member_count, row.member_sum_minor),
        destination=_velocity(
            row.destination_days, row.destination_count, row.destination_sum_minor
        ),
        second_person_minor=row.second_person_minor,
    )


def _velocity(days: int | None, count: int | None, sum_minor: int | None) -> Velocity | None:
    return Velocity(days=days, count=count, sum_minor=sum_minor) if days else None


def past_of_member(member_rows: Sequence[int], currency: str, *, since: datetime) -> list[Past]:
    """What stands of theirs, asked for after `since`."""
    return _past(Redemption.objects.filter(member__in=member_rows), currency, since)


def past_of_destination(digests: Sequence[str], currency: str, *, since: datetime) -> list[Past]:
    """The same of a destination, whoever named it."""
    return _past(Redemption.objects.filter(destination_digest__in=digests), currency, since)


def _past(rows: QuerySet[Redemption], currency: str, since: datetime) -> list[Past]:
    standing = rows.filter(currency=currency, status__in=sorted(STANDING), requested_at__gt=since)
    return [Past(*told) for told in standing.values_list("requested_at", "amount_minor")]


def first_uses(member_rows: Sequence[int]) -> list[tuple[str, datetime]]:
    """(keyed hash of a destination, when a member first named it); erased ones are left out."""
    rows = (
        Redemption.objects.filter(member__in=member_rows)
        .exclude(destination_digest="")
        .values_list("destination_digest")
        .annotate(first=Min("requested_at"))
        .order_by("first")
    )
    return [(digest, first) for digest, first in rows]


def window(limit: Velocity, at: datetime) -> datetime:
    return at - timedelta(days=limit.days)
