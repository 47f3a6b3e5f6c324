"""A goodwill credit for a claim: proposed by one person; approved by another, it answers the claim.

The claim may be answered by its order meanwhile: then the credit is refused, not paid beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User

from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.approvals.services import propose
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, NotFound, Refused
from rewards_site.members.queries import holders
from transactions.adjustments.models import AdjustmentKind
from transactions.adjustments.proposals import (
    APPROVES,
    PROPOSES,
    checked_member,
    open_proposal,
    payload_of,
    summary_of,
    wanted_of,
)
from transactions.adjustments.services import Wanted, book_adjustment, held_holder, tell
from transactions.claims.answering import (
    add_step,
    answered,
    checked_reason,
    locked_claim,
    must_be_open,
)
from transactions.claims.choices import Answer, StepKind
from transactions.claims.models import Claim

GOODWILL: Final = "goodwill_for_claim"
"""The kind of the proposals of goodwill (rewards_site/approvals)."""
APPROVES_GOODWILL: Final = APPROVES


def propose_goodwill(
    *,
    claim_id: int,
    currency: str,
    amount_minor: int,
    actor: User,
    reason: str,
    at: datetime,
) -> Proposal:
    """Ask that the member of an open claim be given so much; nothing else happens.

    Idempotent, as propose(). Locks the claim. Raises: NotFound; InvalidInput; Refused (not theirs;
    budget); Conflict (the claim is answered; another proposal about it is open).
    """
    if not actor.has_perm(PROPOSES):
        raise Refused("Goodwill is not yours to propose.")
    reason = checked_reason(reason)
    claim = Claim.objects.filter(pk=claim_id).first()
    if claim is None:
        raise NotFound("There is no such claim.")
    must_be_open(claim)
    wanted = Wanted(
        kind=AdjustmentKind.GOODWILL,
        member_id=holders({claim.member_id})[claim.member_id],
        currency=currency,
        amount_minor=amount_minor,
    )
    member = checked_member(wanted, at=at)
    with atomic():
        is_new = open_goodwill(claim_id) is None
        proposal = propose(
            kind=GOODWILL,
            subject=_subject(claim_id),
            payload=payload_of(wanted) | {"claim_id": claim_id},
            summary=f"{summary_of(wanted, member)}, for {claim}",
            actor=actor,
            reason=reason,
            at=at,
        )
        if is_new:
            claim = locked_claim(claim_id)
            must_be_open(claim)
            add_step(claim, StepKind.GOODWILL_PROPOSED, actor=actor, reason=reason, at=at)
    return proposal


def execute_goodwill(
    payload: Mapping[str, Any],
    *,
    proposed_by: User,
    approved_by: User,
    reason: str,
    at: datetime,
) -> str:
    """Give what was approved and answer the claim by it, in the approving transaction.

    Raises: as book_adjustment(), and Conflict where the claim was answered meanwhile.
    """
    wanted, claim_id = wanted_of(payload), int(payload["claim_id"])
    held_holder(wanted.member_id)  # members are locked before claims
    claim = locked_claim(claim_id)
    if claim.answered_at is not None:
        raise Conflict(f"{_answered_text(claim)} Reject it.")
    booked = book_adjustment(
        wanted,
        proposal=open_proposal(GOODWILL, _subject(claim_id), by=proposed_by),
        approved_by=approved_by,
        reason=reason,
        at=at,
        claim_id=claim_id,
    )
    news = answered(claim, Answer.GOODWILL, actor=approved_by, reason=reason, at=booked.posted.at)
    tell(booked, news, claim_public_id=claim.public_id)
    return f"{wanted.money} given ({booked.row}), and {claim} answered by it."


def is_stale(payload: Mapping[str, Any]) -> str:
    """Why it cannot be carried out any more; else empty."""
    claim = Claim.objects.filter(pk=int(payload["claim_id"])).first()
    if claim is None or claim.answered_at is None:
        return ""
    return f"{_answered_text(claim)} Reject it."


def open_goodwill(claim_id: int) -> Proposal | None:
    """The proposal about this claim that waits for a second person."""
    return Proposal.objects.filter(
        kind=GOODWILL, subject=_subject(claim_id), status=ProposalStatus.OPEN
    ).first()


def _subject(claim_id: int) -> str:
    return f"claim/{claim_id}"


def _answered_text(claim: Claim) -> str:
    return f"The claim was answered already: {Answer(claim.answer).label}."
