"""Having a batch sent: a second person above the limit; then the worker does it (exchange.py).

Sending is never done in the request: what has to be said to the provider stands in the batch's row,
and whoever looks next says it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django_q.tasks import async_task

from rewards_site.approvals import services as approvals
from rewards_site.approvals.models import Proposal
from rewards_site.kernel.admin.text import money_text
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, NotFound, Refused
from transactions.payouts import batches
from transactions.payouts.models import PayoutBatch, PayoutItem, StepVerb
from transactions.payouts.payable import must_all_be_payable
from transactions.payouts.providers.registry import provider_of
from transactions.payouts.states import BatchStatus, ItemStatus

log = logging.getLogger(__name__)

SEND_BATCH = "send_payout_batch"
_SYNC_ONE = "transactions.payouts.tasks.sync_batch"


def needs_second_person(batch: PayoutBatch) -> bool:
    limit = settings.PAYOUT_APPROVAL_LIMITS.get(batch.currency)
    return limit is not None and batch.total_minor > limit


def send_batch(*, batch_id: int, actor: User, reason: str, at: datetime) -> PayoutBatch | Proposal:
    """Have a closed batch sent; above the limit, propose it. Idempotent while it is under way.

    One that people pay by a file is sent at once: from then on its file may be taken.
    Raises: InvalidInput, NotFound, Conflict.
    """
    reason = batches.checked_reason(reason)
    batch = PayoutBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound("There is no such payout batch.")
    if batch.status == BatchStatus.CLOSED and needs_second_person(batch):
        return approvals.propose(
            kind=SEND_BATCH,
            subject=f"payout batch/{batch.pk}",
            payload={"batch": batch.pk},
            summary=f"Send {batch}: {batch.item_count} payments, "
            f"{money_text(batch.total_minor, batch.currency)}, by {batch.provider}",
            actor=actor,
            reason=reason,
            at=at,
        )
    with atomic():
        return _give(batch_id, actor=actor, approved_by=None, reason=reason, at=at)


def execute_send(
    payload: Mapping[str, Any], *, proposed_by: User, approved_by: User, reason: str, at: datetime
) -> str:
    """Carry out what a second person approved. Raises: Refused, NotFound, Conflict."""
    batch = _give(
        int(payload["batch"]), actor=proposed_by, approved_by=approved_by, reason=reason, at=at
    )
    return f"{batch} is being sent."


def stale_send(payload: Mapping[str, Any]) -> str:
    status = (
        PayoutBatch.objects.filter(pk=payload["batch"]).values_list("status", flat=True).first()
    )
    return "" if status == BatchStatus.CLOSED else f"The batch is {status or 'gone'}."


def _give(
    batch_id: int, *, actor: User, approved_by: User | None, reason: str, at: datetime
) -> PayoutBatch:
    """In the caller's transaction. Locks: members held, then the batch."""
    batches.hold_members_of(batch_id)
    batch = batches.locked_batch(batch_id)
    if batch.status in (BatchStatus.SENDING, BatchStatus.SENT) and batch.sent_by_id == actor.pk:
        return batch
    batches.must_be(batch, BatchStatus.CLOSED)
    provider = provider_of(batch.provider)
    if provider is None:
        raise Conflict(f"{batch.provider} is not configured: set it up, or cancel the batch.")
    if approved_by is not None and approved_by.pk == batch.closed_by_id:
        raise Refused("You closed it yourself: another person has to approve that it is sent.")
    if approved_by is None and needs_second_person(batch):
        raise Refused("It is above the limit of one person.")
    must_all_be_payable(batch, at=at)
    batch.sent_by, batch.approved_by, batch.sending_at = actor, approved_by, at
    if provider.is_by_hand:
        batch.status = BatchStatus.SENT
        batch.accepted_at = batch.first_sent_at = at
        PayoutItem.objects.filter(batch=batch.pk, status=ItemStatus.WAITING).update(
            status=ItemStatus.SENT
        )
    else:
        batch.status = BatchStatus.SENDING
        batch.next_ask_at = at
        async_task(_SYNC_ONE, batch.pk, q_options={"group": "payouts"})
    batches.save(batch)
    batches.note(
        batch,
        StepVerb.GIVEN,
        actor_id=actor.pk,
        reason=reason,
        at=at,
        items=batch.item_count,
        total_minor=batch.total_minor,
        approved_by=approved_by.pk if approved_by is not None else None,
    )
    log.info("payouts.given", extra={"batch": batch.pk, "actor": actor.pk})
    return batch
