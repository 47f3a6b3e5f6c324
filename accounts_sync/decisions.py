"""What staff decide about something deferred: accept it, keep ours, reject it, open it again.

Each is one commit: the decision with who and why, what it books, and what becomes of the event or
row. Locks: the event or row, then what applying it locks (docs/locks.md). Each may be repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

from django.contrib.auth.models import User

from accounts_sync.deferred_items import Item, ItemRef, Source, locked
from accounts_sync.inbox.models import DeferredDecision, EventStatus, Verdict, WebhookEvent
from accounts_sync.models import DeferredRow, DeferredStatus
from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import propose
from rewards_site.kernel.db import DatabaseUnavailable, after_commit, atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict, Refused
from rewards_site.kernel.money import decimal_text
from transactions.attribution import checked_reason
from transactions.ruling import Effect, preview, rule
from transactions.told import Decided, Outcome, OutcomeKind, Ruling, ignored

log = logging.getLogger(__name__)
R = TypeVar("R")

ACCEPT_CHANGE: Final = "accept_change"
"""The kind of the proposals to accept a change that takes much from a member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What came of deciding: either it was carried out, or a second person is asked."""

    outcome: Outcome
    effect: Effect | None = None
    proposal: Proposal | None = None


class _AsksTwoError(Exception):
    """Rolls back what one person may not do alone."""

    def __init__(self, effect: Effect) -> None:
        super().__init__()
        self.effect = effect


def accept(ref: ItemRef, *, actor: User, reason: str, at: datetime) -> Decision:
    """Take over the change of member, brand or category that it tells, and all else it says.

    Where much is taken from a member, a proposal for a second person comes of it instead.
    Raises: NotFound; InvalidInput (reason); Conflict (settled, or decided otherwise, meanwhile);
    Refused (it cannot be accepted: why).
    """
    reason = checked_reason(reason)
    decided = Decided(ruling=Ruling.ACCEPTED, actor_id=actor.pk, reason=reason)
    try:
        return _carried_out(ref, decided, at=at)
    except _AsksTwoError as asked:
        proposal = _propose(ref, asked.effect, actor=actor, reason=reason, at=at)
        return Decision(
            outcome=ignored("a second person has to approve it"),
            effect=asked.effect,
            proposal=proposal,
        )


def keep_ours(ref: ItemRef, *, actor: User, reason: str, at: datetime) -> Decision:
    """Leave member, brand and category as they are, and take whatever else it says.

    Button may go on naming that member or brand for this order without asking anybody again.
    Raises: as accept().
    """
    decided = Decided(ruling=Ruling.KEPT, actor_id=actor.pk, reason=checked_reason(reason))
    return _carried_out(ref, decided, at=at)


def preview_decision(ref: ItemRef, *, ruling: Ruling, actor: User, at: datetime) -> Effect:
    """What accept() or keep_ours() would come to now; changes nothing.

    Raises: NotFound, Conflict, Refused, as they do.
    """
    decided = Decided(ruling=ruling, actor_id=actor.pk, reason="preview")
    with atomic():
        item = locked(ref)
        _must_be_open(item)
        effect = preview(item.told(decided), at=at)
    _must_be_applied(effect)
    return effect


def reject(ref: ItemRef, *, actor: User, reason: str, at: datetime) -> None:
    """Book nothing of it, ever, however often it is told; the evidence stays.

    Raises: NotFound; InvalidInput (reason); Conflict (it is settled).
    """
    reason = checked_reason(reason)

    def work() -> None:
        with atomic():
            item = locked(ref)
            if item.is_rejected:
                return
            _must_be_open(item)
            _record(item, Verdict.REJECTED, actor_id=actor.pk, reason=reason, at=at)
            item.reject()

    _run(work, ref, "rejected", actor_id=actor.pk)


def reopen(ref: ItemRef, *, actor: User, reason: str, at: datetime) -> None:
    """Take a rejection back: it waits again, and is tried again.

    Raises: NotFound; InvalidInput (reason); Conflict (it was not rejected by staff).
    """
    reason = checked_reason(reason)

    def work() -> None:
        with atomic():
            item = locked(ref)
            if item.is_open and item.latest and item.latest.verdict == Verdict.REOPENED:
                return
            if not item.is_rejected:
                raise Conflict("It was not rejected.")
            _record(item, Verdict.REOPENED, actor_id=actor.pk, reason=reason, at=at)
            item.reopen()

    _run(work, ref, "reopened", actor_id=actor.pk)


def execute_accept(
    payload: Mapping[str, Any],
    *,
    proposed_by: User,
    approved_by: User,
    reason: str,
    at: datetime,
) -> str:
    """Carry out an approved acceptance, in the approving transaction.

    Raises: Conflict, if it is not what was approved any more; as accept().
    """
    ref = ItemRef(Source(payload["source"]), int(payload["id"]))
    decided = Decided(
        ruling=Ruling.ACCEPTED,
        actor_id=proposed_by.pk,
        approver_id=approved_by.pk,
        reason=reason,
    )
    with atomic():
        effect = _decide(ref, decided, at=at).effect
    if effect is None or effect.before is None:
        return "Nothing was left to change."
    is_as_approved = effect.before.member_id == payload["from_member_id"]
    if effect.is_ruled and not (
        is_as_approved and effect.at_stake_minor <= payload["reward_minor"]
    ):
        raise Conflict("The order changed since this was proposed. Reject it and propose it again.")
    return f"{effect.outcome.kind.value}, {_money(effect.at_stake_minor, effect)} at stake."


def _carried_out(ref: ItemRef, decided: Decided, *, at: datetime) -> Decision:
    def work() -> Decision:
        with atomic():
            return _decide(ref, decided, at=at)

    return _run(work, ref, decided.ruling.value, actor_id=decided.actor_id)


def _run(work: Callable[[], R], ref: ItemRef, verdict: str, *, actor_id: int) -> R:
    result = retry_deadlocks(work)
    log.info("deferred.decided", extra={"item": str(ref), "verdict": verdict, "actor": actor_id})
    return result


def _decide(ref: ItemRef, decided: Decided, *, at: datetime) -> Decision:
    item = locked(ref)
    verdict = Verdict(decided.ruling.value)
    if not item.is_open and item.latest is not None and item.latest.verdict == verdict:
        return Decision(outcome=ignored("it was decided so already", item.transaction_id))
    _must_be_open(item)
    effect = rule(item.told(decided), at=at)
    _must_be_applied(effect)
    if effect.is_ruled:
        if decided.approver_id is None and effect.needs_two_people:
            raise _AsksTwoError(effect)
        _record(
            item,
            verdict,
            actor_id=decided.actor_id,
            approver_id=decided.approver_id,
            reason=decided.reason,
            at=at,
        )
    item.mark(effect.outcome, at=at)
    if effect.is_ruled and effect.outcome.transaction_id is not None:
        after_commit(partial(_try_others_soon, effect.outcome.transaction_id, at=at))
    return Decision(outcome=effect.outcome, effect=effect)


def _must_be_open(item: Item) -> None:
    if item.is_rejected:
        raise Conflict("It was rejected. Open it again first.")
    if not item.is_open:
        raise Conflict("It is settled already.")


def _must_be_applied(effect: Effect) -> None:
    if effect.outcome.kind is OutcomeKind.DEFERRED:
        raise Refused(f"It cannot be accepted: {effect.outcome.reason}.")


def _record(
    item: Item,
    verdict: Verdict,
    *,
    actor_id: int,
    reason: str,
    at: datetime,
    approver_id: int | None = None,
) -> None:
    DeferredDecision.objects.create(
        event_id=item.ref.pk if item.ref.source is Source.EVENT else None,
        row_id=item.ref.pk if item.ref.source is Source.ROW else None,
        verdict=verdict,
        deferred_because=item.reason,
        reason=reason,
        actor_id=actor_id,
        approver_id=approver_id,
        decided_at=at,
        transaction_id=item.transaction_id,
    )


def _propose(ref: ItemRef, effect: Effect, *, actor: User, reason: str, at: datetime) -> Proposal:
    assert effect.before is not None
    assert effect.outcome.transaction_id is not None
    return propose(
        kind=ACCEPT_CHANGE,
        subject=str(ref),
        payload={
            "source": ref.source.value,
            "id": ref.pk,
            "from_member_id": effect.before.member_id,
            "reward_minor": effect.at_stake_minor,
        },
        summary=(
            f"Accept what Button told of transaction {effect.outcome.transaction_id} "
            f"({ref}): its reward of {_money(effect.at_stake_minor, effect)} leaves its member"
        ),
        actor=actor,
        reason=reason,
        at=at,
    )


def _money(minor: int, effect: Effect) -> str:
    return f"{decimal_text(minor, effect.reward_currency)} {effect.reward_currency}"


def _try_others_soon(transaction_id: int, *, at: datetime) -> None:
    """Have the sweep try again what else waits about an order that staff just decided about.

    In a commit of its own: those rows come before the order in the order of locks.
    """
    events = WebhookEvent.objects.filter(transaction=transaction_id, status=EventStatus.DEFERRED)
    rows = DeferredRow.objects.filter(transaction=transaction_id, status=DeferredStatus.OPEN)
    try:
        events.update(not_before=at)
        rows.update(last_attempt_at=None)
    except DatabaseUnavailable:  # what was decided is done; they wait for somebody to try them
        log.warning("deferred.others_not_tried", extra={"transaction": transaction_id})
