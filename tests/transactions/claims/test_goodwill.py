"""Goodwill for a claim: proposed by one, approved by another, and the claim is answered by it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import approve
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from rewards_site.notifications.models import Notice
from tests.admin_world import make_staff
from tests.factories import NOON, balances, tell
from tests.spending import differences
from tests.transactions.claims.claiming import LATER, filed, order_of, tap
from transactions.adjustments.budgets import set_budget
from transactions.adjustments.models import Adjustment
from transactions.claims.answering import hand_over, note_brands_word, reject_claim
from transactions.claims.choices import Answer
from transactions.claims.goodwill import propose_goodwill
from transactions.claims.models import Claim
from transactions.claims.settling import settle_arrived

pytestmark = pytest.mark.django_db

NEXT = LATER + timedelta(days=1)


@pytest.fixture
def ops() -> User:
    return make_staff("Ops", username="ops")


@pytest.fixture
def finance() -> User:
    return make_staff("Finance", username="finance")


def goodwill(claim: Claim, *, by: User, amount_minor: int = 150) -> Proposal:
    return propose_goodwill(
        claim_id=claim.pk,
        currency="USD",
        amount_minor=amount_minor,
        actor=by,
        reason="Receipt seen",
        at=NEXT,
    )


def test_two_people_give_it_and_the_claim_is_answered(ops: User, finance: User) -> None:
    claim = filed(tap())
    set_budget(currency="USD", month_minor=200, actor=finance, reason="Agreed", at=NOON)

    proposal = goodwill(claim, by=ops)
    assert (goodwill(claim, by=ops).pk, balances()) == (proposal.pk, {})
    approve(proposal_id=proposal.pk, actor=finance, reason="Fair", at=NEXT)

    assert balances() == {"available": 150}
    row = Adjustment.objects.get()
    assert (row.claim_id, row.kind, row.budget_minor) == (claim.pk, "goodwill", 200)
    claim.refresh_from_db()
    assert (claim.answer, claim.answered_by) == ("goodwill", "ops")
    assert claim.answered_at == row.approved_at
    assert [(step.kind, step.actor) for step in claim.steps.order_by("number")] == [
        ("filed", None),
        ("goodwill_proposed", ops),
        ("answered", finance),
    ]
    kinds = Notice.objects.order_by("number").values_list("kind", "claim_id")
    assert list(kinds) == [
        ("claim.opened", claim.public_id),
        ("balance.adjusted", claim.public_id),
        ("claim.answered", claim.public_id),
    ]
    assert differences() == []


def test_the_budget_holds_for_goodwill_too(ops: User, finance: User) -> None:
    claim = filed(tap())
    proposal = goodwill(claim, by=ops)
    set_budget(currency="USD", month_minor=149, actor=finance, reason="Agreed", at=NOON)

    with pytest.raises(Refused, match="more than is left"):
        approve(proposal_id=proposal.pk, actor=finance, reason="Fair", at=NEXT)

    claim.refresh_from_db()
    assert (claim.status, balances()) == ("open", {})


def test_an_order_that_arrives_first_leaves_nothing_to_give(ops: User, finance: User) -> None:
    click = tap()
    claim = filed(click)
    proposal = goodwill(claim, by=ops)
    tell(order_of(click))
    settle_arrived(at=NEXT)

    with pytest.raises(Conflict, match=r"answered already: the order arrived\. Reject it\."):
        approve(proposal_id=proposal.pk, actor=finance, reason="Fair", at=NEXT)

    assert "available" not in balances()
    assert not Adjustment.objects.exists()
    with pytest.raises(Conflict):
        goodwill(claim, by=ops)


def test_who_may_not_propose_does_not(finance: User) -> None:
    with pytest.raises(Refused, match="not yours"):
        goodwill(filed(tap()), by=finance)


def test_staff_rejects_with_a_reason_that_the_member_reads(ops: User) -> None:
    claim = filed(tap())

    for _ in range(2):
        reject_claim(
            claim_id=claim.pk, answer=Answer.RETURNED, actor=ops, reason="Sent back", at=NEXT
        )

    claim.refresh_from_db()
    assert (claim.answer, claim.answered_by, claim.answered_at) == ("returned", "ops", NEXT)
    notice = Notice.objects.get(kind="claim.answered")
    assert notice.facts["reason"] == (
        "The purchase was cancelled or returned, so it earns no reward."
    )
    assert "Sent back" not in str(notice.facts)
    with pytest.raises(Conflict, match="answered already: cancelled or returned"):
        reject_claim(
            claim_id=claim.pk, answer=Answer.NOT_FOUND, actor=ops, reason="Or not", at=NEXT
        )
    with pytest.raises(InvalidInput):
        reject_claim(claim_id=claim.pk, answer=Answer.TRACKED, actor=ops, reason="x", at=NEXT)


def test_the_brand_is_asked_and_what_it_says_is_kept(ops: User) -> None:
    claim = filed(tap())
    with pytest.raises(Conflict, match="not asked yet"):
        note_brands_word(claim_id=claim.pk, actor=ops, reason="No", at=NEXT)

    hand_over(claim_id=claim.pk, actor=ops, reason="By mail", at=NEXT)
    note_brands_word(claim_id=claim.pk, actor=ops, reason="They book it", at=NEXT)

    claim.refresh_from_db()
    assert (claim.status, claim.handed_at) == ("open", NEXT)
    steps = claim.steps.order_by("number").values_list("kind", "reason")
    assert list(steps) == [
        ("filed", ""),
        ("handed", "By mail"),
        ("brand_said", "They book it"),
    ]


def test_support_answers_nothing() -> None:
    support = make_staff("Support")
    claim = filed(tap())

    with pytest.raises(Refused, match="not yours"):
        hand_over(claim_id=claim.pk, actor=support, reason="x", at=NEXT)
