"""Claims that goodwill answered, and whose order came after all: rewarded twice, until ops look.

The order is named by the sweep, out of the way of bookings; the member was answered, and is told
nothing new. Someone then takes the goodwill back, by a correction of two people, or leaves it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, Sum

from rewards_site.approvals.models import Proposal
from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict, NotFound, Refused
from rewards_site.members.queries import holders
from transactions.adjustments.models import AdjustmentKind
from transactions.adjustments.proposals import propose_adjustment
from transactions.adjustments.services import Wanted
from transactions.claims.answering import ANSWERS, add_step, checked_reason, locked_claim
from transactions.claims.choices import Answer, StepKind
from transactions.claims.models import Claim, ClaimStep
from transactions.claims.settling import CHUNK, ArrivedOrder, answering_order, arrived_for, as_of

log = logging.getLogger(__name__)

LOOKED_FOR: Final = timedelta(days=366)
"""So long after goodwill was given its order is looked for."""


def is_overtaken() -> Q:
    """Goodwill was given, the order came and may earn its reward, and nobody looked at it yet."""
    looked_at = ClaimStep.objects.filter(claim=OuterRef("pk"), kind=StepKind.GOODWILL_REVIEWED)
    return (
        Q(answer=Answer.GOODWILL, transaction__isnull=False)
        & ~Q(transaction__status=ButtonStatus.DECLINED)
        & ~Q(Exists(looked_at))
    )


def link_late_orders(*, at: datetime) -> int:
    """Name the orders that came after goodwill was given for them; how many. Idempotent.

    In commits of up to 200 claims; locks those it finds an order for, by pk.
    """
    count, after = 0, 0
    while True:
        given = Claim.objects.filter(
            answer=Answer.GOODWILL,
            transaction=None,
            answered_at__gt=at - LOOKED_FOR,
            pk__gt=after,
        ).order_by("pk")
        chunk = list(given[:CHUNK])
        if not chunk:
            return count
        after = chunk[-1].pk
        arrived = arrived_for(chunk)
        if arrived:
            ids = [claim.pk for claim in chunk]
            count += retry_deadlocks(lambda: _link(ids, arrived, at=at))  # noqa: B023


def _link(claim_ids: Sequence[int], arrived: Sequence[ArrivedOrder], *, at: datetime) -> int:
    with atomic():
        locked = rows.find(Claim, {"id": claim_ids, "transaction_id": None}, is_locked=True)
        people = holders({claim.member_id for claim in locked}) if locked else {}
        changed, steps = [], []
        for claim in locked:
            order = answering_order(as_of(claim, people), _new_to(claim, arrived))
            if order is None:
                continue
            claim.transaction_id = order.transaction_id
            claim.step_count += 1
            changed.append(claim)
            steps.append(
                ClaimStep(
                    claim_id=claim.pk, number=claim.step_count, kind=StepKind.ORDER_CAME, at=at
                )
            )
        rows.run([*rows.overwrite(changed, ["transaction", "step_count"]), *rows.insert(steps)])
    if changed:
        log.info("claims.goodwill_overtaken", extra={"count": len(changed)})
    return len(changed)


def _new_to(claim: Claim, arrived: Sequence[ArrivedOrder]) -> list[ArrivedOrder]:
    """Staff who filed it all the same had looked at the orders that were there."""
    if claim.opened_by_id is None:
        return list(arrived)
    return [
        order
        for order in arrived
        if order.first_seen_at is None or order.first_seen_at > claim.filed_at
    ]


def given_minor(claim: Claim) -> dict[str, int]:
    """currency → the goodwill that was given for this claim, in minor units."""
    told = claim.adjustments.filter(kind=AdjustmentKind.GOODWILL).values_list("currency")
    return dict(told.annotate(minor=Sum("amount_minor")))


def take_goodwill_back(
    *,
    claim_id: int,
    currency: str,
    amount_minor: int,
    actor: User,
    reason: str,
    at: datetime,
) -> Proposal:
    """Propose the correction, which a second person approves; somebody looked at it.

    Locks the claim. Raises: NotFound, Conflict (nothing is given twice, or somebody looked at it
    before), and as propose_adjustment().
    """
    with atomic():
        claim = _overtaken(claim_id)
        proposal = propose_adjustment(
            Wanted(
                kind=AdjustmentKind.CORRECTION,
                member_id=holders({claim.member_id})[claim.member_id],
                currency=currency,
                amount_minor=-amount_minor,
            ),
            actor=actor,
            reason=reason,
            at=at,
        )
        _reviewed(claim_id, actor=actor, reason=reason, at=at)
    return proposal


def leave_goodwill(*, claim_id: int, actor: User, reason: str, at: datetime) -> Claim:
    """Both stay the member's, and why. As take_goodwill_back(), and Refused (not theirs)."""
    if not actor.has_perm(ANSWERS):
        raise Refused("Claims are not yours to answer.")
    with atomic():
        _overtaken(claim_id)
        return _reviewed(claim_id, actor=actor, reason=reason, at=at)


def objection(claim: Claim) -> str:
    """Why there is nothing to look at; empty where there is."""
    if claim.answer != Answer.GOODWILL:
        return "it was not answered by goodwill"
    if claim.transaction is None:
        return "its order did not come"
    if not Claim.objects.filter(is_overtaken(), pk=claim.pk).exists():
        return "its order was declined, or somebody looked at it already"
    return ""


def _overtaken(claim_id: int) -> Claim:
    claim = Claim.objects.filter(pk=claim_id).select_related("transaction").first()
    if claim is None:
        raise NotFound("There is no such claim.")
    if found := objection(claim):
        raise Conflict(f"There is nothing to decide: {found}.")
    return claim


def _reviewed(claim_id: int, *, actor: User, reason: str, at: datetime) -> Claim:
    """Locked late, after the proposal; then looked at once more (docs/locks.md)."""
    claim = locked_claim(claim_id)
    if found := objection(claim):
        raise Conflict(f"There is nothing to decide: {found}.")
    reason = checked_reason(reason)
    add_step(claim, StepKind.GOODWILL_REVIEWED, actor=actor, reason=reason, at=at)
    return claim
