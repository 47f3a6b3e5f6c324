"""A promotion is proposed by one person, and published when another approves it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from offers.rules import gates
from offers.rules.drafting import edit_draft
from offers.rules.models import ChangeKind, RuleChange, RuleState, RuleVersion
from offers.rules.promotions import propose_promotion
from offers.rules.publishing import publish
from offers.rules.store import rule_history
from rewards_site.approvals import registry
from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.approvals.services import approve
from rewards_site.kernel.errors import Refused, ServiceError
from tests.factories import NOON
from tests.offers.rules.making import (
    TWICE,
    asked,
    drafted,
    kinds,
    no_gates,
    person,
    published,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def publish_now(draft: RuleVersion, **other: Any) -> RuleVersion:
    with no_gates():
        return publish(**asked(draft, **other))


def boss() -> User:
    return User.objects.create_superuser("boss", password="correct horse")


def test_a_promotion_is_published_by_two_people() -> None:
    draft = drafted("Twice", TWICE)
    with pytest.raises(Refused, match="by two people"):
        publish_now(draft)

    with no_gates():
        proposal = propose_promotion(**asked(draft))
        assert propose_promotion(**asked(draft)) == proposal
        assert rule_history() == ()
        assert kinds() == ["drafted", "proposed"]
        with pytest.raises(Refused):
            approve(proposal_id=proposal.pk, actor=person(), reason="Mine", at=LATER)
        approve(proposal_id=proposal.pk, actor=boss(), reason="Fine", at=LATER)

    version = RuleVersion.objects.get()
    assert (version.state, version.published_at) == (RuleState.PUBLISHED, LATER)
    change = RuleChange.objects.get(kind=ChangeKind.PUBLISHED)
    assert (change.actor, str(change.approver)) == (person(), "boss")
    assert change.reason == "It is time / approved: Fine"
    proposal.refresh_from_db()
    assert proposal.result == "«Twice» v1 is published: 200 % of the commission in USD."


@pytest.mark.parametrize("change", ["edit", "gate", "conflict"])
def test_what_changed_since_it_was_proposed_is_not_approved(change: str) -> None:
    draft = drafted("Twice", TWICE)
    with no_gates():
        proposal = propose_promotion(**asked(draft))
        if change == "edit":
            edit_draft(
                version_id=draft.pk,
                promise=replace(TWICE, share_bps=30_000),
                seen_hash=draft.content_hash,
                actor=person(),
                reason="More",
                at=NOON,
            )
        elif change == "gate":
            gates.register_gate("test", gates.Gate(objection=lambda _version: "Shut."))
        else:
            published("Summer", at=NOON + timedelta(minutes=1))
            draft = RuleVersion.objects.get(pk=draft.pk)
        with pytest.raises(ServiceError):
            approve(proposal_id=proposal.pk, actor=boss(), reason="Fine", at=LATER)
        gates.unregister_gate("test")

    draft.refresh_from_db()
    proposal.refresh_from_db()
    assert (draft.state, proposal.status) == (RuleState.DRAFT, ProposalStatus.OPEN)
    kind = registry.kind_of("publish_promotion")
    assert kind is not None
    assert bool(kind.stale(proposal.payload)) == (change == "edit")


def test_a_plain_rule_is_not_proposed() -> None:
    with pytest.raises(Refused, match="Only a promotion"):
        propose_promotion(**asked(drafted("Spring")))

    assert not Proposal.objects.exists()
