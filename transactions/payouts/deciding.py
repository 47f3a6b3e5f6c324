"""What people decide where a provider does not say: its id of a batch, or that it has none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from rewards_site.approvals import services as approvals
from rewards_site.approvals.models import Proposal
from rewards_site.kernel.admin.text import money_text
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from transactions.payouts import batches
from transactions.payouts.claiming import SAFETY
from transactions.payouts.collecting import give_up
from transactions.payouts.models import PayoutBatch, StepVerb
from transactions.payouts.recording import settle_if_over
from transactions.payouts.states import BatchStatus, ItemStatus

NEVER_ARRIVED = "payout_batch_never_arrived"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def name_at_provider(
    *, batch_id: int, provider_batch_id: str, actor: User, reason: str, at: datetime
) -> PayoutBatch:
    """Enter the id under which the provider has a batch, as its own site shows it; then ask by it.

    What it answers is believed only if it is this batch. Idempotent.
    Raises: InvalidInput, NotFound, Conflict.
    """
    reason = batches.checked_reason(reason)
    provider_batch_id = provider_batch_id.strip()
    if not _ID.fullmatch(provider_batch_id):
        message = "1-64 letters, digits, - and _"
        raise InvalidInput("That is no id of a batch.", fields={"provider_batch_id": message})
    with atomic():
        batch = batches.locked_batch(batch_id)
        if batch.provider_batch_id == provider_batch_id:
            return batch
        if batch.unsure_since is None or batch.status != BatchStatus.SENDING:
            raise Conflict("It is known what the provider has of it: no id is needed.")
        batch.provider_batch_id = provider_batch_id
        batch.next_ask_at = at
        batch.save(update_fields=["provider_batch_id", "next_ask_at"])
        batches.note(
            batch,
            StepVerb.NAMED,
            actor_id=actor.pk,
            reason=reason,
            at=at,
            provider_batch_id=provider_batch_id,
        )
    return batch


def propose_never_arrived(*, batch_id: int, actor: User, reason: str, at: datetime) -> Proposal:
    """Say that the provider has nothing of a batch: a second person has to have looked, too.

    Raises: InvalidInput, NotFound, Conflict.
    """
    batch = PayoutBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound("There is no such payout batch.")
    if objection := objection_to_never_arrived(batch, at=at):
        raise Conflict(objection)
    return approvals.propose(
        kind=NEVER_ARRIVED,
        subject=f"payout batch/{batch.pk}",
        payload={"batch": batch.pk},
        summary=f"{batch} never reached {batch.provider}: give up its {batch.item_count} payments, "
        f"{money_text(batch.total_minor, batch.currency)}, so that another batch pays them",
        actor=actor,
        reason=reason,
        at=at,
    )


def objection_to_never_arrived(batch: PayoutBatch, *, at: datetime) -> str:
    """Why nobody can say that; empty where people can."""
    if batch.status != BatchStatus.SENDING or batch.unsure_since is None:
        return "It is known what the provider has of it."
    if batch.claimed_until is not None and at < batch.claimed_until:
        return "It is being asked for just now: wait some minutes."
    if batch.last_sent_at is not None and at < batch.last_sent_at + SAFETY:
        return "It left a moment ago and may still arrive: wait a quarter of an hour."
    if batch.items.exclude(word="").exists():
        return "The provider has told of its payments: it has it."
    return ""


def execute_never_arrived(
    payload: Mapping[str, Any], *, proposed_by: User, approved_by: User, reason: str, at: datetime
) -> str:
    """Carry it out: the batch is cancelled, its redemptions are approved and free.

    Raises: NotFound, Conflict.
    """
    batch = batches.locked_batch(int(payload["batch"]))
    if objection := objection_to_never_arrived(batch, at=at):
        raise Conflict(objection)
    freed = give_up(batch, at=at)
    batches.note(
        batch,
        StepVerb.NEVER_ARRIVED,
        actor_id=proposed_by.pk,
        reason=reason,
        at=at,
        approved_by=approved_by.pk,
        freed=freed,
    )
    return f"{freed} redemptions wait for another batch."


def stale_never_arrived(payload: Mapping[str, Any]) -> str:
    batch = PayoutBatch.objects.filter(pk=payload["batch"]).first()
    if batch is None or batch.status != BatchStatus.SENDING or batch.unsure_since is None:
        return "It is known what the provider has of it by now."
    return ""


def settle_batch(*, batch_id: int, actor: User, reason: str, at: datetime) -> PayoutBatch:
    """Say that a batch is over: once it is known of every payment. Idempotent.

    Raises: InvalidInput, NotFound, Conflict (how many payments nobody has told of).
    """
    reason = batches.checked_reason(reason)
    with atomic():
        batch = batches.locked_batch(batch_id)
        if batch.status == BatchStatus.SETTLED:
            return batch
        batches.must_be(batch, BatchStatus.SENT)
        if not settle_if_over(batch, batches.items_of(batch.pk), at=at):
            waiting = batch.items.filter(
                status__in=[ItemStatus.WAITING, ItemStatus.SENT, ItemStatus.UNKNOWN]
            ).count()
            raise Conflict(f"Of {waiting} payments nobody has said yet what became of them.")
        batches.note(batch, StepVerb.SETTLED, actor_id=actor.pk, reason=reason, at=at)
    return batch
