"""Claiming a batch before its provider is talked to: from then on the provider may have it.

A batch whose answer was lost is asked for no sooner than SAFETY after it last left (by then the
lost request has ended), and no later than the provider remembers it, less MARGIN. After that
nothing is sent by itself any more: people decide (deciding.py).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import ServiceError
from transactions.payouts import batches
from transactions.payouts.models import PayoutBatch, PayoutItem
from transactions.payouts.providers.protocol import Order, Payment, Provider
from transactions.payouts.providers.registry import provider_of
from transactions.payouts.states import UNDER_WAY, BatchStatus, ItemStatus
from transactions.redemptions.destinations import opened

CLAIM_FOR = timedelta(minutes=5)
"""Longer than any request may take; the worker ends a task after two minutes."""
SAFETY = timedelta(minutes=15)
"""After a batch left the house, and nobody knows what became of it."""
MARGIN = timedelta(days=2)
"""Before the provider forgets a batch, it is not given it any more."""
ASK_LATER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    batch_id: int
    claim: uuid.UUID
    order: Order
    provider: Provider
    is_first: bool
    """It never left the house before."""
    was_unsure: bool


def objection_to_asking(batch: PayoutBatch, *, at: datetime) -> str:
    """Why the provider is not asked about it now; empty where it is."""
    if batch.claimed_until is not None and at < batch.claimed_until:
        return "somebody is asking"
    if batch.status not in (*UNDER_WAY, BatchStatus.SETTLED):
        return "not under way"
    if batch.provider_batch_id or batch.unsure_since is None:
        return ""
    if batch.last_sent_at is not None and at < batch.last_sent_at + SAFETY:
        return "too early to ask"
    if is_past_asking(batch, at=at):
        return "too late to ask: people decide"
    return ""


def is_past_asking(batch: PayoutBatch, *, at: datetime) -> bool:
    """Whether the provider may have forgotten a batch that it may have paid."""
    if batch.provider_batch_id or batch.unsure_since is None:
        return False
    provider = provider_of(batch.provider)
    return provider is not None and at >= batch.unsure_since + provider.remembers_for - MARGIN


def claim(batch_id: int, *, at: datetime) -> Claimed | str:
    with atomic():
        batch = batches.locked_batch(batch_id)
        if why := objection_to_asking(batch, at=at):
            if why.startswith("too late"):
                batch.next_ask_at = None
                batch.save(update_fields=["next_ask_at"])
            return why
        provider = provider_of(batch.provider)
        if provider is not None and provider.is_by_hand:
            return "people say what became of it"
        if provider is None:
            batch.next_ask_at = at + ASK_LATER
            batch.last_answer = f"{batch.provider} is not configured."
            batch.save(update_fields=["next_ask_at", "last_answer"])
            return "not configured"
        claimed = Claimed(
            batch_id=batch.pk,
            claim=uuid.uuid4(),
            order=_order(batch),
            provider=provider,
            is_first=batch.first_sent_at is None,
            was_unsure=batch.unsure_since is not None,
        )
        batch.claim, batch.claimed_until = claimed.claim, at + CLAIM_FOR
        batch.next_ask_at = at + CLAIM_FOR
        if not batch.provider_batch_id:
            batch.attempt_count += 1
            batch.last_sent_at = at
            batch.first_sent_at = batch.first_sent_at or at
            batch.unsure_since = batch.unsure_since or at
            PayoutItem.objects.filter(batch=batch.pk, status=ItemStatus.WAITING).update(
                status=ItemStatus.SENT
            )
        batches.save(batch)
    return claimed


def _order(batch: PayoutBatch) -> Order:
    """Word for word the same each time: items are frozen once it is closed, and come by pk."""
    is_asked_by_id = bool(batch.provider_batch_id)
    items = (
        PayoutItem.objects.filter(batch=batch.pk)
        .exclude(status=ItemStatus.REMOVED)
        .select_related("redemption")
        .order_by("pk")
    )
    return Order(
        batch_id=str(batch.public_id),
        provider_batch_id=batch.provider_batch_id,
        payments=tuple(
            Payment(
                item_id=str(item.public_id),
                amount_minor=item.amount_minor,
                currency=item.currency,
                destination=_destination(item, is_needed=not is_asked_by_id),
            )
            for item in items
        ),
    )


def _destination(item: PayoutItem, *, is_needed: bool) -> str:
    """Empty where it was erased and only what became of the payment is asked."""
    try:
        return opened(item.redemption)
    except ServiceError:
        if is_needed:
            raise
        return ""
