"""propose(), approve(), reject(), withdraw(): the four things people do with a proposal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError

from rewards_site.approvals import registry
from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.kernel.admin.attention import Reader
from rewards_site.kernel.clock import Waiting
from rewards_site.kernel.db import atomic, constraint_of, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, Refused

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500
_SUMMARY_LENGTH_MAX = 500


def propose(
    *,
    kind: str,
    subject: str,
    payload: Mapping[str, Any],
    summary: str,
    actor: User,
    reason: str,
    at: datetime,
) -> Proposal:
    """Ask for a change that another person must approve; nothing else happens.

    Idempotent: the same person asking for the same again gets the proposal that is open.
    Raises: InvalidInput (reason), Conflict (another proposal about the same subject is open).
    """
    assert registry.kind_of(kind), f"no room carries out {kind}"
    reason = checked_reason(reason)
    try:
        with atomic():
            row = Proposal.objects.create(
                kind=kind,
                subject=subject,
                payload=dict(payload),
                summary=summary[:_SUMMARY_LENGTH_MAX],
                reason=reason,
                proposed_by=actor,
                proposed_at=at,
            )
    except IntegrityError as error:
        known = Proposal.objects.filter(
            kind=kind, subject=subject, status=ProposalStatus.OPEN
        ).first()
        if known is None:
            raise Conflict(f"It cannot be proposed ({constraint_of(error)}).") from error
        if known.payload == dict(payload) and known.proposed_by_id == actor.pk:
            return known
        raise Conflict(
            f"Proposal {known.pk} about the same is open: decide or withdraw it first."
        ) from error
    log.info("proposal.made", extra={"proposal": row.pk, "kind": kind, "actor": actor.pk})
    return row


def approve(*, proposal_id: int, actor: User, reason: str, at: datetime) -> Proposal:
    """Carry out what another person proposed: the decision and its effect are one commit.

    Idempotent: approved already by the same person is no error. Locks the proposal, then what the
    room locks. Raises: NotFound; InvalidInput; Refused (one's own proposal, or not one's to
    approve); Conflict (decided otherwise); and what the room raises, and then nothing is decided.
    """
    reason = checked_reason(reason)
    waiting = Waiting()

    def work() -> Proposal:
        with atomic():
            row = _locked(proposal_id)
            decided_at = waiting.moved_on(at)
            if row.status == ProposalStatus.APPROVED and row.decided_by_id == actor.pk:
                return row
            _must_be_open(row)
            _must_be_theirs_to_decide(row, actor)
            kind = registry.kind_of(row.kind)
            if kind is None:
                raise Refused(objection_to_approval(row, actor))
            row.result = kind.execute(
                row.payload,
                proposed_by=row.proposed_by,
                approved_by=actor,
                reason=f"{row.reason} / approved: {reason}"[:REASON_LENGTH_MAX],
                at=decided_at,
            )[:500]
            return _decided(row, ProposalStatus.APPROVED, actor=actor, reason=reason, at=decided_at)

    return retry_deadlocks(work)


def reject(*, proposal_id: int, actor: User, reason: str, at: datetime) -> Proposal:
    """Say no to what another person proposed. Idempotent. Raises: as approve()."""
    reason = checked_reason(reason)
    with atomic():
        row = _locked(proposal_id)
        if row.status == ProposalStatus.REJECTED and row.decided_by_id == actor.pk:
            return row
        _must_be_open(row)
        _must_be_theirs_to_decide(row, actor)
        return _decided(row, ProposalStatus.REJECTED, actor=actor, reason=reason, at=at)


def withdraw(*, proposal_id: int, actor: User, reason: str, at: datetime) -> Proposal:
    """Take one's own proposal back. Idempotent.

    Raises: NotFound, InvalidInput, Refused (another's), Conflict (decided already).
    """
    reason = checked_reason(reason)
    with atomic():
        row = _locked(proposal_id)
        if objection := objection_to_withdrawal(row, actor):
            raise Refused(objection)
        if row.status == ProposalStatus.WITHDRAWN:
            return row
        _must_be_open(row)
        return _decided(row, ProposalStatus.WITHDRAWN, actor=actor, reason=reason, at=at)


def objection_to_rejection(row: Proposal, actor: Reader) -> str:
    """Why it is not this person's to decide; empty if it is.

    What nobody carries out any more may still be rejected by whoever decides proposals.
    """
    if row.proposed_by_id == actor.pk:
        return "You proposed it yourself: another person has to decide."
    kind = registry.kind_of(row.kind)
    if kind is not None and not registry.has_perm(actor, kind.permission):
        return f"It is not yours to decide: {kind.label}."
    return ""


def objection_to_approval(row: Proposal, actor: Reader) -> str:
    """Why this person cannot approve it; empty if they can."""
    if registry.kind_of(row.kind) is None:
        return f"Nothing here carries out «{row.kind}» any more."
    return objection_to_rejection(row, actor)


def objection_to_withdrawal(row: Proposal, actor: Reader) -> str:
    """Why this person cannot take it back; empty if they can."""
    if row.proposed_by_id != actor.pk:
        return "Only who proposed it can withdraw it; reject it instead."
    return ""


def checked_reason(reason: str) -> str:
    """`reason` without blanks around it. Raises: InvalidInput."""
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    return reason


def _locked(proposal_id: int) -> Proposal:
    rows = Proposal.objects.select_for_update(no_key=True, of=("self",))
    row = rows.select_related("proposed_by").filter(pk=proposal_id).first()
    if row is None:
        raise NotFound("There is no such proposal.")
    return row


def _must_be_open(row: Proposal) -> None:
    if row.status != ProposalStatus.OPEN:
        raise Conflict(f"It was {row.status} already.")


def _must_be_theirs_to_decide(row: Proposal, actor: User) -> None:
    if objection := objection_to_rejection(row, actor):
        raise Refused(objection)


def _decided(
    row: Proposal, status: ProposalStatus, *, actor: User, reason: str, at: datetime
) -> Proposal:
    row.status = status
    row.decided_by = actor
    row.decided_at = at
    row.decision_reason = reason
    row.save(update_fields=["status", "decided_by", "decided_at", "decision_reason", "result"])
    log.info(
        "proposal.decided", extra={"proposal": row.pk, "status": status.value, "actor": actor.pk}
    )
    return row
