"""The queue of what waits for a second person."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import admin

from rewards_site.approvals import registry, services
from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.kernel.admin.attention import COUNTED_MAX, Card, register_card
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb


def _objection(row: Proposal) -> str:
    return "" if row.status == ProposalStatus.OPEN else f"it was {row.status} already"


def _approve(attempt: Attempt[Proposal]) -> Done:
    done = services.approve(
        proposal_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message=f"approved. {done.result}")


def _reject(attempt: Attempt[Proposal]) -> Done:
    services.reject(
        proposal_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="rejected; nothing was changed.")


def _withdraw(attempt: Attempt[Proposal]) -> Done:
    services.withdraw(
        proposal_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="withdrawn; nothing was changed.")


APPROVE: Verb[Proposal] = Verb(
    name="approve",
    label="Approve and carry out",
    permission="approvals.decide_proposal",
    what_happens="It is carried out at once, under your name and the proposer's. It must not be "
    "your own proposal.",
    perform=_approve,
    objection=_objection,
)
REJECT: Verb[Proposal] = Verb(
    name="reject",
    label="Reject",
    permission="approvals.decide_proposal",
    what_happens="Nothing is changed. Who proposed it reads your reason.",
    perform=_reject,
    objection=_objection,
)
WITHDRAW: Verb[Proposal] = Verb(
    name="withdraw",
    label="Withdraw",
    permission="approvals.decide_proposal",
    what_happens="Nothing is changed. Only who proposed it can withdraw it.",
    perform=_withdraw,
    objection=_objection,
)


@admin.register(Proposal)
class ProposalAdmin(ServiceAdmin[Proposal]):
    verbs = (APPROVE, REJECT, WITHDRAW)
    intro = "Changes that need two people: one proposes, another approves or rejects."
    when_empty = (
        "Nothing waits for a second person. What needs two, such as moving an expensive order to "
        "another member, appears here when somebody proposes it."
    )
    list_display = ("summary", "kind_text", "status", "proposed_by", "proposed_at", "decided_by")
    list_filter = (word_filter("status", ProposalStatus.values),)
    list_select_related = ("proposed_by", "decided_by")
    fieldsets = (
        (None, {"fields": ("summary", "kind_text", "status", "result")}),
        ("Proposed", {"fields": ("proposed_by", "proposed_at", "reason")}),
        ("Decided", {"fields": ("decided_by", "decided_at", "decision_reason")}),
        ("In full", {"fields": ("subject", "payload")}),
    )

    @admin.display(description="what kind")
    def kind_text(self, row: Proposal) -> str:
        return registry.label_of(row.kind)

    def confirmation_panels(self, rows: Sequence[Proposal]) -> list[Panel]:
        return [
            Panel(
                title="Proposals",
                headings=["What", "Proposed by", "Why"],
                rows=[[row.summary, str(row.proposed_by), row.reason] for row in rows],
                empty="",
            )
        ]


def _waiting() -> Card:
    open_ones = Proposal.objects.filter(status=ProposalStatus.OPEN)
    return Card(
        title="Waiting for a second person",
        count=open_ones[: COUNTED_MAX + 1].count(),
        url=list_url(Proposal, f"status={ProposalStatus.OPEN.value}"),
        what_to_do="Read what was proposed and why; approve it or reject it.",
        when_none="Changes that need two people will appear here.",
    )


register_card("proposals", _waiting, permission="approvals.decide_proposal", order=15)
