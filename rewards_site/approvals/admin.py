"""The queue of what waits for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from rewards_site.approvals import registry, services
from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.kernel.admin.attention import COUNTED_MAX, Card, Reader, register_own_card
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb

_OBJECTIONS = {
    "approve": services.objection_to_approval,
    "reject": services.objection_to_rejection,
    "withdraw": services.objection_to_withdrawal,
}


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


def _about(rows: Sequence[Proposal], reader: Reader, _at: datetime | None = None) -> list[Panel]:
    """What the proposals are about, as it is now."""
    found: list[Panel] = []
    for row in rows:
        kind = registry.kind_of(row.kind)
        found += kind.panels(row.payload, reader) if kind else []
    return found


APPROVE: Verb[Proposal] = Verb(
    name="approve",
    label="Approve and carry out",
    permission="approvals.decide_proposal",
    what_happens="It is carried out at once, under your name and the proposer's. It must not be "
    "your own proposal.",
    perform=_approve,
    objection=_objection,
    panels=_about,
)
REJECT: Verb[Proposal] = Verb(
    name="reject",
    label="Reject",
    permission="approvals.decide_proposal",
    what_happens="Nothing is changed. Who proposed it reads your reason.",
    perform=_reject,
    objection=_objection,
    panels=_about,
)
WITHDRAW: Verb[Proposal] = Verb(
    name="withdraw",
    label="Withdraw",
    permission="approvals.view_proposal",
    what_happens="Nothing is changed. Only who proposed it can withdraw it.",
    perform=_withdraw,
    objection=_objection,
)


def _mine(reader: Reader) -> QuerySet[Proposal]:
    """The open proposals that this reader may decide about."""
    rows = Proposal.objects.filter(status=ProposalStatus.OPEN)
    return rows.exclude(proposed_by=reader.pk).exclude(kind__in=registry.others(reader))


class WaitsForMe(admin.SimpleListFilter):
    """What the reader may decide about, rather than all that is open."""

    title = "waits for"
    parameter_name = "waits_for"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        return [("me", "me")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Proposal]) -> QuerySet[Proposal]:
        if self.value() != "me":
            return queryset
        return queryset.filter(pk__in=_mine(request.user).values("pk"))


@admin.register(Proposal)
class ProposalAdmin(ServiceAdmin[Proposal]):
    verbs = (APPROVE, REJECT, WITHDRAW)
    intro = "Changes that need two people: one proposes, another approves or rejects."
    when_empty = (
        "Nothing waits for a second person. What needs two, such as moving an expensive order to "
        "another member, appears here when somebody proposes it."
    )
    list_display = ("summary", "kind_text", "status", "proposed_by", "proposed_at", "decided_by")
    list_filter = (word_filter("status", ProposalStatus.values), WaitsForMe)
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

    def allowed_verbs(self, request: HttpRequest) -> list[Verb[Proposal]]:
        """Approving and rejecting where some kind is theirs, withdrawing where something is."""
        allowed = super().allowed_verbs(request)
        if not registry.decides(request.user):
            allowed = [verb for verb in allowed if verb is WITHDRAW]
        if WITHDRAW in allowed and not self._has_own(request):
            allowed.remove(WITHDRAW)
        return allowed

    @staticmethod
    def _has_own(request: HttpRequest) -> bool:
        rows = Proposal.objects.filter(status=ProposalStatus.OPEN, proposed_by=request.user.pk)
        return rows.exists()

    def objection(self, request: HttpRequest, verb: Verb[Proposal], row: Proposal) -> str:
        found = verb.objection(row) or _OBJECTIONS[verb.name](row, request.user)
        kind = registry.kind_of(row.kind)
        if found or kind is None or verb.name != "approve":
            return found
        return kind.stale(row.payload)

    def panels(self, request: HttpRequest, row: Proposal) -> list[Panel]:
        return _about([row], request.user) if row.status == ProposalStatus.OPEN else []

    def confirmation_panels(self, rows: Sequence[Proposal]) -> list[Panel]:
        return [
            Panel(
                title="Proposals",
                headings=["What", "Proposed by", "Why"],
                rows=[[row.summary, str(row.proposed_by), row.reason] for row in rows],
                empty="",
            )
        ]


def _waiting(reader: Reader) -> Card | None:
    if not registry.decides(reader):
        return None
    return Card(
        title="Waiting for a second person",
        count=bounded_count(_mine(reader), most=COUNTED_MAX),
        url=list_url(Proposal, f"status={ProposalStatus.OPEN.value}&waits_for=me"),
        what_to_do="Read what was proposed and why; approve it or reject it.",
        when_none="Changes that need you as the second person will appear here.",
    )


register_own_card("proposals", _waiting, permission="approvals.decide_proposal", order=15)
