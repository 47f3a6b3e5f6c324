"""What takes much from a member is proposed by one person and decided by another."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from pytest_django import Settings

from accounts_sync.decisions import accept, keep_ours
from accounts_sync.inbox.models import DeferredDecision
from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import approve
from rewards_site.kernel.errors import Conflict
from tests.accounts_sync.decisions.words import BRAND, OTHER, event, last_revision, told
from tests.accounts_sync.inbox.deliveries import status_of
from tests.factories import MEMBER, NOON, balances

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> User:
    user = User.objects.create(username="lead")
    user.user_permissions.set(Permission.objects.filter(codename="decide_deferred"))
    return user


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 500}


def test_taking_much_from_a_member_asks_a_second_person(ops: User, lead: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id=OTHER)

    decision = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

    proposal = decision.proposal
    assert isinstance(proposal, Proposal)
    assert (balances(MEMBER), status_of("hook-2")) == ({"pending": 500}, "deferred")
    assert OTHER not in proposal.summary + str(proposal.payload)
    done = approve(proposal_id=proposal.pk, actor=lead, reason="yes", at=NOON)
    assert done.result == "applied, 5.00 USD at stake."
    assert (balances(MEMBER), balances(OTHER)) == ({}, {"pending": 500})
    revision = last_revision()
    assert (revision.actor, revision.approver) == (ops, lead)
    kept = DeferredDecision.objects.get()
    assert (kept.actor, kept.approver) == (ops, lead)


def test_an_order_that_grew_since_is_not_taken(ops: User, lead: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id=OTHER)
    proposal = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON).proposal
    assert proposal is not None
    told("hook-3", minutes=3, amount=1002)

    with pytest.raises(Conflict, match="changed since this was proposed"):
        approve(proposal_id=proposal.pk, actor=lead, reason="yes", at=NOON)

    assert (balances(MEMBER), balances(OTHER)) == ({"pending": 501}, {})
    assert status_of("hook-2") == "deferred"


def test_keeping_ours_and_another_brand_take_nothing_from_anybody(ops: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id=OTHER)
    told("hook-3", minutes=6, commerce_organization=BRAND, publisher_customer_id=None)

    assert keep_ours(event("hook-2"), actor=ops, reason="ours", at=NOON).proposal is None
    assert accept(event("hook-3"), actor=ops, reason="merged", at=NOON).proposal is None
    assert balances(MEMBER) == {"pending": 500}
