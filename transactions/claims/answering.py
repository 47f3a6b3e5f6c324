"""What staff do with an open claim: answer it, ask the brand, note what the brand says."""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.models import User

from offers.queries import store_names
from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, in_transaction, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from rewards_site.members.queries import holders
from rewards_site.notifications.announce import announce
from rewards_site.notifications.news import News
from transactions.claims.choices import REJECTIONS, Answer, AnsweredBy, ClaimStatus, StepKind
from transactions.claims.models import REASON_LENGTH_MAX, Claim, ClaimStep
from transactions.claims.settling import ANSWERED_FIELDS
from transactions.claims.telling import news_of

log = logging.getLogger(__name__)

ANSWERS = "claims.answer_claim"


def reject_claim(*, claim_id: int, answer: Answer, actor: User, reason: str, at: datetime) -> Claim:
    """Answer an open claim with one of REJECTIONS, which the member reads in plain words.

    Idempotent: the same answer by staff again is no error. Locks the claim. Raises: NotFound;
    InvalidInput; Refused (not theirs); Conflict (answered otherwise).
    """
    reason = checked_reason(reason)
    _must_be_theirs(actor)
    if answer not in REJECTIONS:
        raise InvalidInput("Staff cannot answer so.", fields={"answer": "one of the rejections"})

    def work() -> Claim:
        with atomic():
            claim = locked_claim(claim_id)
            if claim.answer == answer and claim.answered_by == AnsweredBy.OPS:
                return claim
            must_be_open(claim)
            announce([answered(claim, answer, actor=actor, reason=reason, at=at)])
            return claim

    return retry_deadlocks(work)


def hand_over(*, claim_id: int, actor: User, reason: str, at: datetime) -> Claim:
    """Note that the brand is asked. Idempotent. Locks the claim. Raises: as reject_claim()."""
    reason = checked_reason(reason)
    _must_be_theirs(actor)
    with atomic():
        claim = locked_claim(claim_id)
        if claim.handed_at is not None:
            return claim
        must_be_open(claim)
        claim.handed_at = at
        add_step(claim, StepKind.HANDED, actor=actor, reason=reason, at=at, fields=["handed_at"])
    return claim


def note_brands_word(*, claim_id: int, actor: User, reason: str, at: datetime) -> Claim:
    """Keep what the brand said; the claim stays open until its order arrives, or it is answered.

    Locks the claim. Raises: as reject_claim(), and Conflict where the brand was not asked.
    """
    reason = checked_reason(reason)
    _must_be_theirs(actor)
    with atomic():
        claim = locked_claim(claim_id)
        must_be_open(claim)
        if claim.handed_at is None:
            raise Conflict("The brand was not asked yet: ask it first.")
        add_step(claim, StepKind.BRAND_SAID, actor=actor, reason=reason, at=at)
    return claim


def answered(
    claim: Claim,
    answer: Answer,
    *,
    actor: User,
    reason: str,
    at: datetime,
) -> News:
    """Write the answer of staff to a locked, open claim; the news of it, for the caller to tell."""
    assert in_transaction()
    claim.status = ClaimStatus.ANSWERED
    claim.answer = answer
    claim.answered_by = AnsweredBy.OPS
    claim.answered_at = at
    claim.step_count += 1
    step = ClaimStep(
        claim=claim,
        number=claim.step_count,
        kind=StepKind.ANSWERED,
        at=at,
        actor=actor,
        reason=reason[:REASON_LENGTH_MAX],
        answer=answer,
    )
    rows.run([*rows.overwrite([claim], ANSWERED_FIELDS), *rows.insert([step])])
    log.info("claims.answered", extra={"claim": claim.pk, "answer": answer.value})
    store = store_names([claim.merchant_id]).get(claim.merchant_id, "") if claim.merchant_id else ""
    [member_id] = holders({claim.member_id}).values()
    return news_of(claim, store=store, member_id=member_id)


def add_step(
    claim: Claim,
    kind: StepKind,
    *,
    actor: User,
    reason: str,
    at: datetime,
    fields: list[str] | None = None,
) -> None:
    """Write a step of a locked claim, and `fields` of it that changed along."""
    claim.step_count += 1
    claim.save(update_fields=["step_count", *(fields or [])])
    ClaimStep.objects.create(
        claim=claim, number=claim.step_count, kind=kind, at=at, actor=actor, reason=reason
    )


def locked_claim(claim_id: int) -> Claim:
    """Raises: NotFound."""
    found = rows.find(Claim, {"id": [claim_id]}, is_locked=True)
    if not found:
        raise NotFound("There is no such claim.")
    return found[0]


def must_be_open(claim: Claim) -> None:
    if claim.answered_at is not None:
        raise Conflict(f"It was answered already: {Answer(claim.answer).label}.")


def checked_reason(reason: str) -> str:
    """`reason` without blanks around it. Raises: InvalidInput."""
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    return reason


def _must_be_theirs(actor: User) -> None:
    if not actor.has_perm(ANSWERS):
        raise Refused("Claims are not yours to answer.")
