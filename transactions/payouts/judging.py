"""What people say of one payment: that it was paid, or was not; that a strange word was looked at.

Two say what became of it: money moves by that. One says that there is nothing left to look at.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from rewards_site.approvals import services as approvals
from rewards_site.approvals.models import Proposal
from rewards_site.kernel.admin.text import money_text
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from rewards_site.members.erasure import Person
from rewards_site.members.queries import names_of
from transactions.payouts import batches
from transactions.payouts.models import PayoutItem, StepVerb
from transactions.payouts.providers import redacting
from transactions.payouts.providers.manual_file import NAME as MANUAL_FILE
from transactions.payouts.recording import record_judged
from transactions.payouts.states import IN_FLIGHT, BatchStatus, ItemStatus, Outcome

log = logging.getLogger(__name__)

JUDGE_PAYMENT = "judge_payout_payment"
JUDGED = (Outcome.PAID, Outcome.FAILED)
REFERENCE_LENGTH_MAX = 64
UNLISTED_FOR = timedelta(hours=1)
"""So long the provider may take before it lists a payment of a batch that it has."""
WORKED_ON_FOR = timedelta(days=45)
"""So long it may take to pay one: PayPal returns after 30 days what nobody claims."""


def objection_to_judging(item: PayoutItem, *, at: datetime) -> str:
    """Why people cannot say what became of it; empty where nobody else will."""
    batch = item.batch
    if item.status not in IN_FLIGHT:
        return f"it is {item.status}: that is known"
    if batch.status != BatchStatus.SENT:
        return f"its batch is {batch.status}: the batch's page says what to do"
    if batch.provider == MANUAL_FILE:
        return "" if batches.was_exported(batch) else "nobody has taken the file of its batch yet"
    if item.status == ItemStatus.UNKNOWN:
        return ""
    assert batch.accepted_at is not None  # a constraint: it is sent
    if item.word and at < batch.accepted_at + WORKED_ON_FOR:
        return f"the provider still works on it ({item.word}), and is asked by itself"
    if at < batch.accepted_at + UNLISTED_FOR:
        return "the provider has just taken its batch: wait an hour"
    return ""


def propose_outcome(
    *, item_id: int, outcome: Outcome, reference: str, actor: User, reason: str, at: datetime
) -> Proposal:
    """Say that a payment was made (`paid`) or was not (`failed`); another person must approve.

    `reference`: of who paid, such as the provider's id of the payment.
    Raises: InvalidInput, NotFound, Conflict.
    """
    assert outcome in JUDGED
    reference = " ".join(reference.split())
    if len(reference) > REFERENCE_LENGTH_MAX or (outcome is Outcome.PAID and not reference):
        message = f"1-{REFERENCE_LENGTH_MAX} characters"
        raise InvalidInput("A reference is needed.", fields={"reference": message})
    item = _item(item_id)
    if objection := objection_to_judging(item, at=at):
        raise Conflict(_sentence(objection))
    if _names_who_is_paid(item, reference, at=at):
        message = "It names who is paid: give the payment's own reference."
        raise InvalidInput(message, fields={"reference": message})
    was = "was paid" if outcome is Outcome.PAID else "was not paid: the money goes back"
    return approvals.propose(
        kind=JUDGE_PAYMENT,
        subject=f"payout item/{item.pk}",
        payload={"item": item.pk, "outcome": outcome.value, "reference": reference},
        summary=f"{item}, {money_text(item.amount_minor, item.currency)} in {item.batch}, {was}"
        + (f" ({reference})" if reference else ""),
        actor=actor,
        reason=reason,
        at=at,
    )


def _names_who_is_paid(item: PayoutItem, reference: str, *, at: datetime) -> bool:
    """What is proposed is kept as it is, also once they are forgotten."""
    member_id = item.redemption.member_id
    names = names_of([member_id])[member_id]
    person = Person(member_id=member_id, row_ids=(), replaced=dict.fromkeys(names, ""), at=at)
    return redacting.words(person.text(reference)) != reference


def execute_outcome(
    payload: Mapping[str, Any], *, proposed_by: User, approved_by: User, reason: str, at: datetime
) -> str:
    """Carry out what two people say: item, money, step and batch. Raises: NotFound, Conflict.

    Locks, after the proposal: members held, the batch, then what moving redemptions locks.
    """
    batch_id = _item(int(payload["item"])).batch_id
    batches.hold_members_of(batch_id)
    batch = batches.locked_batch(batch_id)
    item = _item(int(payload["item"]))
    if objection := objection_to_judging(item, at=at):
        raise Conflict(_sentence(objection))
    outcome, reference = Outcome(payload["outcome"]), str(payload["reference"])
    batches.note(
        batch,
        StepVerb.JUDGED,
        actor_id=proposed_by.pk,
        reason=f"{reference}: {reason}" if reference else reason,
        at=at,
        item=str(item.public_id),
        outcome=outcome.value,
        approved_by=approved_by.pk,
    )
    record_judged(
        batch,
        item_id=item.pk,
        outcome=outcome,
        reference=reference,
        reason=reason,
        actor_id=proposed_by.pk,
        at=at,
    )
    log.info("payouts.judged", extra={"item": item.pk, "actor": proposed_by.pk})
    return f"{item} is {outcome.value}."


def stale_outcome(payload: Mapping[str, Any]) -> str:
    item = PayoutItem.objects.filter(pk=payload["item"]).first()
    if item is None or item.status not in IN_FLIGHT:
        return f"The payment is {item.status if item is not None else 'gone'}."
    return ""


def objection_to_looking(item: PayoutItem) -> str:
    """Why nobody can say that there is nothing left to look at."""
    if not item.problem:
        return "there is nothing to look at"
    if item.status in IN_FLIGHT:
        return "say whether it was paid: until then its money waits"
    return ""


def note_looked(*, item_id: int, actor: User, reason: str, at: datetime) -> PayoutItem:
    """Say what was found: the payment is to be looked at no more, until something new is said.

    Nothing is booked. Idempotent. Raises: InvalidInput, NotFound, Conflict.
    """
    reason = batches.checked_reason(reason)
    with atomic():
        batch = batches.locked_batch(_item(item_id).batch_id)
        item = _item(item_id)
        if not item.problem:
            return item
        if objection := objection_to_looking(item):
            raise Conflict(_sentence(objection))
        batches.note(
            batch,
            StepVerb.LOOKED,
            actor_id=actor.pk,
            reason=reason,
            at=at,
            item=str(item.public_id),
        )
        item.problem = ""
        item.save(update_fields=["problem"])
    return item


def _item(item_id: int) -> PayoutItem:
    item = PayoutItem.objects.select_related("batch", "redemption").filter(pk=item_id).first()
    if item is None:
        raise NotFound("There is no such payment.")
    return item


def _sentence(objection: str) -> str:
    return f"{objection[0].upper()}{objection[1:]}."
