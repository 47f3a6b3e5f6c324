"""Approving: by one person, or above the limit that finance set, by two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import propose
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, NotFound
from rewards_site.kernel.money import decimal_text
from transactions.redemptions.models import Redemption
from transactions.redemptions.queries import limits_in_force
from transactions.redemptions.services import Move, Moved, approve_alone, move_redemptions
from transactions.redemptions.states import Status

APPROVE_REDEMPTION: Final = "approve_redemption"
"""The kind of the proposals (rewards_site/approvals)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What came of it: moved, or proposed to a second person."""

    moved: Moved | None = None
    proposal: Proposal | None = None


def approve_redemption(*, redemption_id: int, actor: User, reason: str, at: datetime) -> Approval:
    """Let a redemption be paid; above the second-person limit, ask another person to.

    Idempotent. Raises: NotFound, InvalidInput (reason), Conflict (its state, a limit, a freeze).
    """
    row = Redemption.objects.filter(pk=redemption_id).first()
    if row is None:
        raise NotFound("There is no such redemption.")
    if row.status != Status.REQUESTED or not needs_two(row):
        moved = approve_alone(redemption_id=redemption_id, actor_id=actor.pk, reason=reason, at=at)
        return Approval(moved=moved)
    amount = f"{decimal_text(row.amount_minor, row.currency)} {row.currency}"
    proposal = propose(
        kind=APPROVE_REDEMPTION,
        subject=subject_of(row.pk),
        payload={"redemption_id": row.pk},
        summary=f"Approve {row}: {amount} by {row.method}",  # not where to: that can be erased
        actor=actor,
        reason=reason,
        at=at,
    )
    return Approval(proposal=proposal)


def subject_of(redemption_id: int) -> str:
    return f"redemption/{redemption_id}"


def needs_two(row: Redemption) -> bool:
    limit = limits_in_force({row.currency})[row.currency].second_person_minor
    return limit is not None and row.amount_minor > limit


def execute_approval(
    payload: Mapping[str, Any],
    *,
    proposed_by: User,
    approved_by: User,
    reason: str,
    at: datetime,
) -> str:
    """Carry out a proposed approval, in the approving transaction. Raises: NotFound, Conflict."""
    redemption_id = int(payload["redemption_id"])
    move = Move(
        redemption_id=redemption_id,
        to=Status.APPROVED,
        reason=reason,
        approver_id=approved_by.pk,
    )
    with atomic():
        moved = move_redemptions([move], actor_id=proposed_by.pk, at=at)[redemption_id]
    if not moved.is_new:
        raise Conflict(moved.refusal or "It was approved already, by one person: reject this.")
    return "The redemption is approved: it can be paid."


def stale(payload: Mapping[str, Any]) -> str:
    """Why it cannot be approved any more, as far as a look without locks tells; else empty."""
    row = Redemption.objects.filter(pk=int(payload["redemption_id"])).first()
    if row is None or row.status == Status.REQUESTED:
        return ""
    return f"The redemption is {row.status} by now. Reject the proposal, or have it withdrawn."
