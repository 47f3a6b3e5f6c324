"""Which redemptions a batch pays: collected, one taken out, closed, or the whole given up."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Exists, Max, OuterRef

from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from transactions.ledger.posting import post
from transactions.payouts import batches
from transactions.payouts.models import PayoutBatch, PayoutItem, StepVerb
from transactions.payouts.providers.manual_file import NAME as MANUAL_FILE
from transactions.payouts.providers.protocol import Provider
from transactions.payouts.providers.registry import provider_of
from transactions.payouts.states import BEFORE_SENDING, BatchStatus, ItemStatus
from transactions.redemptions.brakes import frozen_reasons, uncovered
from transactions.redemptions.models import Redemption
from transactions.redemptions.services import hold_holders
from transactions.redemptions.states import Status

log = logging.getLogger(__name__)

FROZEN = "the member is frozen"
FROZEN_ORDER = "an order that earned the money is frozen"
HELD = "the destination is too new"
ERASED = "the destination was erased"
TAKEN = "another batch has it"
TOO_MANY = "the batch is full: collect once more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What came of collecting."""

    batch: PayoutBatch
    skipped: Mapping[str, int]
    """Why redemptions were left out → how many."""


def live_items() -> Exists:
    """Of a redemption: whether a batch has it."""
    items = PayoutItem.objects.filter(redemption=OuterRef("pk"))
    return Exists(items.exclude(status=ItemStatus.REMOVED))


def collect_batch(
    *, currency: str, method: str, provider: str, actor: User, reason: str, at: datetime
) -> Collected:
    """Make an open batch of every approved redemption of the currency and method that is free.

    A fixed number of statements, however many there are. What another batch has, is frozen or held
    is left out, and told. Locks: members held, then redemptions by pk.
    Raises: InvalidInput; Conflict (nothing is left to pay).
    """
    reason = batches.checked_reason(reason)
    payer = provider_of(provider)
    if payer is None:
        raise InvalidInput(f"{provider} is not configured.", fields={"provider": "not configured"})
    if not payer.pays(method):
        message = f"{payer.label} does not pay by {method}."
        raise InvalidInput(message, fields={"provider": message})

    def work() -> Collected:
        with atomic():
            return _collect(currency, method, payer, actor=actor, reason=reason, at=at)

    done = retry_deadlocks(work)
    log.info("payouts.collected", extra={"batch": done.batch.pk, "items": done.batch.item_count})
    return done


def _collect(
    currency: str, method: str, payer: Provider, *, actor: User, reason: str, at: datetime
) -> Collected:
    free = Redemption.objects.filter(
        ~live_items(), status=Status.APPROVED, currency=currency, method=method
    ).order_by("pk")
    seen = dict(free.values_list("pk", "member_id")[: payer.items_max + 1])
    holders = hold_holders(set(seen.values()))
    locked = rows.find(Redemption, {"id": list(seen)}, is_locked=True) if seen else []
    frozen = frozen_reasons(set(holders.values()), at=at) if holders else {}
    not_covered = uncovered(locked, at=at)
    skipped: Counter[str] = Counter()
    taken: list[Redemption] = []
    for row in locked:
        why = _objection(row, payer, at=at, is_frozen=holders[row.member_id] in frozen)
        if not why and row.pk in not_covered:
            why = FROZEN_ORDER
        if not why and len(taken) >= payer.items_max:
            why = TOO_MANY
        if why:
            skipped[why] += 1
        else:
            taken.append(row)
    told = "; ".join(f"{count}: {why}" for why, count in sorted(skipped.items()))
    if not taken:
        left = f" Left out: {told}." if told else ""
        raise Conflict(f"No approved {currency} redemption by {method} waits for a batch.{left}")
    recorded_at = post([]).at
    batch = PayoutBatch.objects.create(
        currency=currency, method=method, provider=payer.name, made_by=actor, made_at=at
    )
    fresh = rows.insert_new(_items(batch, taken, recorded_at))
    if len(fresh) < len(taken):
        skipped[TAKEN] += len(taken) - len(fresh)
        if not fresh:
            raise Conflict("Another batch has just taken all of them.")
    batches.count_again(batch)
    batch.save(update_fields=["item_count", "total_minor"])
    batches.note(
        batch,
        StepVerb.MADE,
        actor_id=actor.pk,
        reason=reason,
        at=at,
        items=batch.item_count,
        total_minor=batch.total_minor,
        skipped=dict(skipped),
    )
    return Collected(batch=batch, skipped=dict(skipped))


def _objection(row: Redemption, payer: Provider, *, at: datetime, is_frozen: bool) -> str:
    if row.status != Status.APPROVED:
        return f"it is {row.status}"
    if is_frozen:
        return FROZEN
    if row.held_until is not None and row.held_until > at:
        return HELD
    if not row.destination_sealed:
        return ERASED
    return payer.objection(row.amount_minor, row.currency)


def _items(batch: PayoutBatch, taken: Sequence[Redemption], at: datetime) -> list[PayoutItem]:
    earlier = dict(
        PayoutItem.objects.filter(redemption__in=[row.pk for row in taken])
        .values_list("redemption_id")
        .annotate(last=Max("attempt"))
    )
    return [
        PayoutItem(
            batch=batch,
            redemption=row,
            amount_minor=row.amount_minor,
            currency=row.currency,
            attempt=earlier.get(row.pk, 0) + 1,
            added_at=at,
        )
        for row in taken
    ]


def remove_item(*, item_id: int, actor: User, reason: str, at: datetime) -> PayoutBatch:
    """Take one redemption out of an open batch: it is approved, and waits for another.

    Idempotent. Raises: InvalidInput, NotFound, Conflict.
    """
    reason = batches.checked_reason(reason)
    with atomic():
        batch_id = PayoutItem.objects.filter(pk=item_id).values_list("batch_id", flat=True).first()
        if batch_id is None:
            raise NotFound("There is no such item.")
        batch = batches.locked_batch(batch_id)
        item = PayoutItem.objects.get(pk=item_id)
        if item.status == ItemStatus.REMOVED:
            return batch
        batches.must_be(batch, BatchStatus.OPEN)
        removed_at = post([]).at
        PayoutItem.objects.filter(pk=item_id).update(
            status=ItemStatus.REMOVED, removed_at=removed_at
        )
        batches.count_again(batch)
        batch.save(update_fields=["item_count", "total_minor"])
        batches.note(
            batch,
            StepVerb.REMOVED,
            actor_id=actor.pk,
            reason=reason,
            at=at,
            item=str(item.public_id),
        )
    return batch


def close_batch(*, batch_id: int, actor: User, reason: str, at: datetime) -> PayoutBatch:
    """Nothing is put in or taken out any more. Idempotent for who closed it.

    Raises: InvalidInput, NotFound, Conflict.
    """
    reason = batches.checked_reason(reason)
    with atomic():
        batch = batches.locked_batch(batch_id)
        if batch.status == BatchStatus.CLOSED and batch.closed_by_id == actor.pk:
            return batch
        batches.must_be(batch, BatchStatus.OPEN)
        if not batch.item_count:
            raise Conflict("It pays nobody: cancel it.")
        batch.status = BatchStatus.CLOSED
        batch.closed_by, batch.closed_at = actor, at
        batch.save(update_fields=["status", "closed_by", "closed_at"])
        batches.note(
            batch,
            StepVerb.CLOSED,
            actor_id=actor.pk,
            reason=reason,
            at=at,
            items=batch.item_count,
            total_minor=batch.total_minor,
        )
    return batch


def cancel_batch(*, batch_id: int, actor: User, reason: str, at: datetime) -> PayoutBatch:
    """Give the batch up before anything can have left: its redemptions wait for another.

    Idempotent. Raises: InvalidInput, NotFound, Conflict.
    """
    reason = batches.checked_reason(reason)
    with atomic():
        batch = batches.locked_batch(batch_id)
        if batch.status == BatchStatus.CANCELLED:
            return batch
        if objection := objection_to_cancelling(batch):
            raise Conflict(objection)
        give_up(batch, at=at)
        batches.note(batch, StepVerb.CANCELLED, actor_id=actor.pk, reason=reason, at=at)
    return batch


def objection_to_cancelling(batch: PayoutBatch) -> str:
    """Why it may have been paid; empty where nothing of it can have left the house."""
    if batches.was_exported(batch):
        return (
            "Its file was taken, and may have been paid: say by a result which payments were not "
            "made."
        )
    if batch.status in BEFORE_SENDING:
        return ""
    if batch.status == BatchStatus.SENT and batch.provider == MANUAL_FILE:
        return ""
    return f"It is {batch.status}: it may have been paid, or is over."


def give_up(batch: PayoutBatch, *, at: datetime) -> int:
    """Cancel a locked batch of which the provider has nothing; how many items are free again."""
    freed = batches.free_items(batch.pk, at=post([]).at)
    batch.status = BatchStatus.CANCELLED
    batch.cancelled_at = at
    batch.unsure_since = batch.next_ask_at = None
    batches.count_again(batch)
    batches.save(batch)
    return freed
