"""Talking to a provider about one batch: claim (commit), ask (nothing held), record (commit).

From the claim on the provider may have the batch, whatever becomes of us. So a batch whose answer
was lost is never sent as new: it is asked for (claiming.py says when). Its redemptions stay
approved meanwhile.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import Q

from rewards_site.button.waiting import let_database_go
from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import ServiceError
from transactions.payouts import batches
from transactions.payouts.claiming import ASK_LATER, CLAIM_FOR, SAFETY, Claimed, claim
from transactions.payouts.models import (
    WHY_LENGTH_MAX,
    PayoutBatch,
    PayoutItem,
    ProviderAnswer,
    StepVerb,
)
from transactions.payouts.providers.manual_file import NAME as MANUAL_FILE
from transactions.payouts.providers.protocol import Answer, Reply
from transactions.payouts.recording import record_told
from transactions.payouts.states import (
    UNDER_WAY,
    BatchStatus,
    ItemStatus,
    reply_refuses_for_good,
)

log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(minutes=2)
"""Where nothing was sent."""
ASK_SOON, ASK_DAILY = timedelta(minutes=1), timedelta(days=1)
FRESH_FOR = timedelta(hours=1)
RETURNS_FOR = timedelta(days=60)
"""After it was accepted: payments come back until then, and it is asked for daily."""


def due_batches(at: datetime, *, is_asked_now: bool = False) -> list[int]:
    """The batches to talk about now, the longest waiting first.

    `is_asked_now`: all that are not settled, due or not; SAFETY holds all the same.
    """
    due = Q(next_ask_at__lte=at)
    if is_asked_now:
        due |= Q(status__in=[*UNDER_WAY]) & ~Q(provider=MANUAL_FILE)
    rows = PayoutBatch.objects.filter(due).exclude(status=BatchStatus.CANCELLED)
    return list(rows.order_by("next_ask_at", "pk").values_list("pk", flat=True))


def attend(batch_id: int, *, at: datetime) -> str:
    """Send the batch, or ask for it; what came of it in a few words.

    It may run twice, at once, or die anywhere. Raises: ServiceError (a destination cannot be read:
    nothing is sent), DatabaseUnavailable.
    """
    try:
        claimed = claim(batch_id, at=at)
    except ServiceError as error:
        PayoutBatch.objects.filter(pk=batch_id).update(
            next_ask_at=at + ASK_LATER, last_answer=str(error)[:WHY_LENGTH_MAX]
        )
        raise
    if isinstance(claimed, str):
        return claimed
    let_database_go()
    if clock.now() >= at + CLAIM_FOR:  # we slept: others may have asked, or given it up, meanwhile
        return "claimed too long ago"
    if claimed.is_first:
        answer = claimed.provider.send(claimed.order)
    else:
        answer = claimed.provider.ask(claimed.order)
    told_at = max(clock.now(), at)
    done = retry_deadlocks(lambda: _record(claimed, answer, at=told_at))
    log.info("payouts.answered", extra={"batch": batch_id, "reply": answer.reply.value})
    return done


def _record(claimed: Claimed, answer: Answer, *, at: datetime) -> str:
    """What it has it has, whoever asked; all else is written only by whom the claim is."""
    with atomic():
        batches.hold_members_of(claimed.batch_id)
        batch = batches.locked_batch(claimed.batch_id)
        is_mine = batch.claim == claimed.claim
        if not is_mine and answer.reply is not Reply.ACCEPTED:
            return "somebody asked meanwhile"
        if is_mine:
            batch.claim = batch.claimed_until = None
        batch.ask_count += 1
        batch.asked_at = at
        _note_answer(batch, answer, at=at)
        batch.last_answer = _sentence(answer)[:WHY_LENGTH_MAX]
        match answer.reply:
            case Reply.ACCEPTED:
                _accepted(batch, answer, at=at)
            case Reply.REFUSED if reply_refuses_for_good(was_unsure=claimed.was_unsure):
                _refused(batch, answer, at=at)
            case Reply.UNTOUCHED if not claimed.was_unsure and not batch.provider_batch_id:
                _untouched(batch, at=at)
            case _:
                _unknown(batch, at=at)
        batches.save(batch)
        if answer.told:
            record_told(batch, answer.told, actor_id=None, at=at)
            if batch.status == BatchStatus.SETTLED:
                batch.next_ask_at = _next_ask(batch, at)
                batch.save(update_fields=["next_ask_at"])
        return answer.reply.value


def _sentence(answer: Answer) -> str:
    if answer.reply is not Reply.ACCEPTED:
        return answer.why
    return answer.why or f"It has the batch, as {answer.provider_batch_id}."


def _accepted(batch: PayoutBatch, answer: Answer, *, at: datetime) -> None:
    if batch.status == BatchStatus.SENDING:
        batch.status = BatchStatus.SENT
        batch.accepted_at = at
        batches.note(
            batch,
            StepVerb.ACCEPTED,
            actor_id=None,
            at=at,
            provider_batch_id=answer.provider_batch_id,
        )
    batch.provider_batch_id = batch.provider_batch_id or answer.provider_batch_id
    batch.unsure_since = None
    PayoutItem.objects.filter(batch=batch.pk, status=ItemStatus.UNKNOWN, word="").update(
        status=ItemStatus.SENT
    )
    batch.next_ask_at = _next_ask(batch, at)


def _refused(batch: PayoutBatch, answer: Answer, *, at: datetime) -> None:
    """It has nothing: back to closed, to be sent again once it is mended, or cancelled."""
    batch.status = BatchStatus.CLOSED
    batch.unsure_since = batch.first_sent_at = batch.sending_at = batch.next_ask_at = None
    batch.sent_by = batch.approved_by = None
    PayoutItem.objects.filter(batch=batch.pk, status=ItemStatus.SENT).update(
        status=ItemStatus.WAITING
    )
    batches.note(batch, StepVerb.REFUSED, actor_id=None, reason=answer.why, at=at)


def _untouched(batch: PayoutBatch, *, at: datetime) -> None:
    """Nothing left the house: the next is the first time again."""
    batch.unsure_since = batch.first_sent_at = batch.last_sent_at = None
    batch.next_ask_at = at + RETRY_AFTER


def _unknown(batch: PayoutBatch, *, at: datetime) -> None:
    """It stays as it is, and is asked for again."""
    if batch.unsure_since is None:
        batch.next_ask_at = _next_ask(batch, at)
        return
    PayoutItem.objects.filter(batch=batch.pk, status=ItemStatus.SENT, word="").update(
        status=ItemStatus.UNKNOWN
    )
    batch.next_ask_at = (batch.last_sent_at or at) + SAFETY


def _next_ask(batch: PayoutBatch, at: datetime) -> datetime | None:
    """Often at first, then every half hour; once settled daily, as long as money comes back."""
    accepted_at = batch.accepted_at or at
    if batch.status == BatchStatus.SETTLED:
        return at + ASK_DAILY if at < accepted_at + RETURNS_FOR else None
    return at + (ASK_SOON if at < accepted_at + FRESH_FOR else ASK_LATER)


def _note_answer(batch: PayoutBatch, answer: Answer, *, at: datetime) -> None:
    """Kept where it says something else than the last one."""
    last = (
        ProviderAnswer.objects.filter(batch=batch.pk, item=None)
        .order_by("-pk")
        .values_list("outcome", "why", "evidence")
        .first()
    )
    told = (answer.reply.value, answer.why[:WHY_LENGTH_MAX], answer.evidence)
    if told != last:
        ProviderAnswer.objects.create(
            batch=batch, outcome=told[0], why=told[1], evidence=told[2], at=at
        )
