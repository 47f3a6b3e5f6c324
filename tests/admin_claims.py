"""Rows for the admin's tests: claims with their steps, adjustments, budgets."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User

from offers.clicks.models import Click
from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.members.models import Member
from tests.factories import NOON
from transactions.adjustments.models import Adjustment, AdjustmentBudget, BudgetChange
from transactions.claims.models import Claim, ClaimStep
from transactions.ledger.models import EntryGroup


def fill_claims(number: int, member: Member, merchant_id: str, staff: User) -> None:
    """An open claim of this member about this merchant, with what was given for it."""
    click = Click.objects.filter(member=member).order_by("pk").first()
    assert click is not None
    claim = Claim.objects.create(
        member=member,
        click=click,
        merchant_id=merchant_id,
        order_reference=f"ORDER-{number}",
        note="<b>Where is it?</b>",
        order_total_minor=8000,
        order_currency="USD",
        filed_at=NOON + timedelta(minutes=number),
        verdict="open",
        status="open",
        estimate_minor=640,
        estimate_currency="USD",
        step_count=1,
    )
    ClaimStep.objects.create(claim=claim, number=1, kind="filed", at=claim.filed_at)
    second = User.objects.create(username=f"giver-{number}")
    proposal = Proposal.objects.create(
        kind="adjust_balance",
        subject=f"filled/{number}",
        payload={},
        summary="Give",
        reason="Promised",
        proposed_by=staff,
        proposed_at=NOON,
        status=ProposalStatus.APPROVED,
        decided_by=second,
        decided_at=NOON,
        decision_reason="Yes",
    )
    group = EntryGroup.objects.filter(entries__account__member=member).order_by("pk").first()
    assert group is not None
    Adjustment.objects.create(
        kind="goodwill",
        member=member,
        currency="USD",
        amount_minor=100,
        reason="Promised",
        claim=claim,
        proposal=proposal,
        proposed_by=staff,
        approved_by=second,
        approved_at=NOON,
        budget_month=NOON.date().replace(day=1),
        entry_group=group,
    )
    budget = AdjustmentBudget.objects.create(
        currency=f"{number:03}"[-3:], month_minor=100, changed_at=NOON, change_count=1
    )
    BudgetChange.objects.create(
        budget=budget,
        number=1,
        after_minor=100,
        actor=staff,
        reason="Agreed",
        changed_at=NOON,
    )
