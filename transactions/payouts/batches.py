"""What every verb about a batch begins and ends with: the locks, the reason, the step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum

from rewards_site.kernel import rows
from rewards_site.kernel.db import in_transaction
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from transactions.payouts.models import (
    REASON_LENGTH_MAX,
    BatchStep,
    PayoutBatch,
    PayoutItem,
    StepVerb,
)
from transactions.payouts.states import BatchStatus, ItemStatus
from transactions.redemptions.models import Redemption
from transactions.redemptions.services import hold_holders

_CHANGES = [
    *("status", "item_count", "total_minor", "closed_by", "closed_at", "sent_by", "approved_by"),
    *("sending_at", "accepted_at", "settled_at", "cancelled_at", "provider_batch_id"),
    *("attempt_count", "first_sent_at", "last_sent_at", "unsure_since", "ask_count", "asked_at"),
    *("next_ask_at", "last_answer", "claim", "claimed_until"),
]
"""The columns of a batch that change; the guards refuse an UPDATE that names any other."""


def save(batch: PayoutBatch) -> None:
    """Write how a locked batch stands."""
    batch.save(update_fields=_CHANGES)


def checked_reason(reason: str) -> str:
    """Raises: InvalidInput."""
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    return reason


def locked_batch(batch_id: int) -> PayoutBatch:
    """Raises: NotFound."""
    assert in_transaction()
    found = rows.find(PayoutBatch, {"id": [batch_id]}, is_locked=True)
    if not found:
        raise NotFound("There is no such payout batch.")
    return found[0]


def must_be(batch: PayoutBatch, *allowed: BatchStatus) -> None:
    """Raises: Conflict."""
    if batch.status not in allowed:
        raise Conflict(f"It is {batch.status}: it has to be {' or '.join(allowed)} for this.")


def was_exported(batch: PayoutBatch) -> bool:
    """Whether anybody has had its file, and may have paid by it."""
    return BatchStep.objects.filter(batch=batch.pk, verb=StepVerb.EXPORTED).exists()


def must_be_exported(batch: PayoutBatch) -> None:
    """Raises: Conflict."""
    if not was_exported(batch):
        raise Conflict(
            "Nobody has taken its file yet, so nothing of it can have been paid: export the file, "
            "or cancel the batch."
        )


def hold_members_of(batch_id: int) -> None:
    """The members whom the batch pays, held until the commit; to be called before the batch is."""
    members = Redemption.objects.filter(payout_items__batch=batch_id)
    hold_holders(set(members.values_list("member_id", flat=True)))


def items_of(batch_id: int) -> list[PayoutItem]:
    """All items, by pk, whatever became of them. One statement."""
    return sorted(rows.find(PayoutItem, {"batch_id": [batch_id]}), key=lambda item: item.pk)


def count_again(batch: PayoutBatch) -> None:
    """How many items it pays, and how much; to be saved by the caller."""
    live = ~Q(status=ItemStatus.REMOVED)
    sums = PayoutItem.objects.filter(live, batch=batch.pk).aggregate(
        count=Count("pk"), total=Sum("amount_minor")
    )
    batch.item_count = sums["count"]
    batch.total_minor = sums["total"] or 0


def free_items(batch_id: int, *, at: datetime) -> int:
    """Take every item that nothing became of out of the batch, so that another may have it."""
    open_statuses: Collection[str] = [
        ItemStatus.WAITING,
        ItemStatus.SENT,
        ItemStatus.UNKNOWN,
    ]
    items = PayoutItem.objects.filter(batch=batch_id, status__in=open_statuses)
    return items.update(status=ItemStatus.REMOVED, removed_at=at)


def note(
    batch: PayoutBatch,
    verb: str,
    *,
    actor_id: int | None,
    at: datetime,
    reason: str = "",
    digest: str = "",
    **facts: Any,
) -> None:
    """Write a step of the batch."""
    BatchStep.objects.create(
        batch=batch,
        verb=verb,
        actor_id=actor_id,
        reason=reason[:REASON_LENGTH_MAX],
        digest=digest,
        facts=facts,
        at=at,
    )
