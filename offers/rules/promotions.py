"""Promotions: one person proposes, another approves, and approving publishes.

What is approved is what was proposed: the proposal names the draft's content hash, and the
conflicts that were read. A draft that was edited since is proposed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User

from offers.rules.models import ChangeKind, RuleState, RuleVersion
from offers.rules.publishing import must_be_publishable, publish_checked
from offers.rules.recording import (
    checked_reason,
    lock_all_rules,
    merchant_text,
    record,
    version_or_refuse,
)
from offers.rules.store import promise_of
from offers.rules.words import budget_text, for_text, pays_text, window_text
from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.approvals.services import propose
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Refused

PUBLISH_PROMOTION: Final = "publish_promotion"
"""The kind of the proposals to publish a promotion (rewards_site/approvals)."""
APPROVES: Final = "rules.approve_promotion"
_EDITED = "The draft was edited since this was proposed. Reject it and propose it again."


def propose_promotion(
    *,
    version_id: int,
    content_hash: str,
    acknowledged: Sequence[str],
    actor: User,
    reason: str,
    at: datetime,
) -> Proposal:
    """Ask that a second person publish a promotion; nothing is promised yet.

    Idempotent: the same again is the proposal that is open. Raises: as publish(), and Conflict if
    another proposal about this rule is open.
    """
    reason = checked_reason(reason)
    with atomic():
        lock_all_rules()
        version = version_or_refuse(version_id)
        if not version.is_promotion:
            raise Refused("Only a promotion needs a second person: publish it.")
        must_be_publishable(version, content_hash=content_hash, acknowledged=acknowledged, at=at)
        is_new = open_proposal(version) is None
        proposal = propose(
            kind=PUBLISH_PROMOTION,
            subject=f"rule/{version.rule.public_id}",
            payload={
                "version_id": version.pk,
                "content_hash": content_hash,
                "acknowledged": sorted(acknowledged),
            },
            summary=_summary(version),
            actor=actor,
            reason=reason,
            at=at,
        )
        if is_new:
            record(
                version,
                ChangeKind.PROPOSED,
                actor=actor,
                reason=reason,
                at=at,
                acknowledged=proposal.payload["acknowledged"],
            )
        return proposal


def execute_promotion(
    payload: Mapping[str, Any],
    *,
    proposed_by: User,
    approved_by: User,
    reason: str,
    at: datetime,
) -> str:
    """Publish what was approved, in the approving transaction. Raises: as publish()."""
    version = publish_checked(
        version_id=int(payload["version_id"]),
        content_hash=str(payload["content_hash"]),
        acknowledged=[str(text) for text in payload["acknowledged"]],
        actor=proposed_by,
        approver=approved_by,
        reason=reason,
        at=at,
    )
    return f"{version} is published: {pays_text(promise_of(version))}."


def stale(payload: Mapping[str, Any]) -> str:
    """Why it cannot be published any more, as far as a look without locks tells; else empty."""
    version = RuleVersion.objects.filter(pk=int(payload["version_id"])).first()
    if version is None:
        return "The draft was deleted. Reject the proposal."
    if version.state != RuleState.DRAFT:
        return f"It was {version.state} already. Reject the proposal."
    return "" if version.content_hash == payload["content_hash"] else _EDITED


def open_proposal(version: RuleVersion) -> Proposal | None:
    """The proposal about this rule that waits for a second person."""
    return (
        Proposal.objects.filter(
            kind=PUBLISH_PROMOTION,
            subject=f"rule/{version.rule.public_id}",
            status=ProposalStatus.OPEN,
        )
        .select_related("proposed_by")
        .first()
    )


def _summary(version: RuleVersion) -> str:
    promise = promise_of(version)
    return (
        f"Publish the promotion {version}: {pays_text(promise)}; "
        f"{for_text(promise, merchant_text(version))}; {window_text(promise)}; "
        f"budget {budget_text(promise)}"
    )
