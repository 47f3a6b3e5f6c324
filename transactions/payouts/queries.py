"""Reads of payouts for the rooms around: redemptions, reports, erasing, health, the admin."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from rewards_site.members.queries import rows_of
from transactions.payouts.models import PayoutBatch, PayoutItem
from transactions.payouts.states import IN_FLIGHT, BatchStatus

STUCK_AFTER = timedelta(minutes=60)


def in_flight(member_id: int) -> bool:
    """Whether a payment to the member, by any of its ids, stands in a batch and is not over."""
    return PayoutItem.objects.filter(
        redemption__member__in=rows_of(member_id), status__in=[*IN_FLIGHT]
    ).exists()


def carried(redemption_ids: Collection[int]) -> dict[int, str]:
    """redemption → public id of the batch that is about to pay it, or may have."""
    items = PayoutItem.objects.filter(redemption__in=redemption_ids, status__in=[*IN_FLIGHT])
    return {pk: str(batch) for pk, batch in items.values_list("redemption", "batch__public_id")}


def batches_at(redemption_ids: Collection[int], at: datetime) -> dict[int, str]:
    """redemption → public id of the batch that it was in at `at`, an instant of reports."""
    items = PayoutItem.objects.filter(
        Q(removed_at=None) | Q(removed_at__gt=at), redemption__in=redemption_ids, added_at__lte=at
    )
    return {pk: str(batch) for pk, batch in items.values_list("redemption", "batch__public_id")}


def stuck_batches(at: datetime) -> QuerySet[PayoutBatch]:
    """Of which nobody has known for an hour whether the provider has them."""
    return PayoutBatch.objects.filter(
        Q(unsure_since__lte=at - STUCK_AFTER)
        | Q(status=BatchStatus.SENDING, sending_at__lte=at - STUCK_AFTER)
    )


def items_with_problems() -> QuerySet[PayoutItem]:
    """What a person has to look at."""
    return PayoutItem.objects.filter(~Q(problem=""))
