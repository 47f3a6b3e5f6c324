"""Adjustments as staff read them; proposing one from a member's page; the budgets."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from rewards_site.approvals.models import Proposal
from rewards_site.kernel import clock
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel, may_view
from rewards_site.kernel.admin.service import Attempt, Done, Verb
from rewards_site.kernel.admin.text import EMPTY, money_text, utc_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from rewards_site.members.admin import add_verbs
from rewards_site.members.models import Member
from transactions.adjustments.budgets import budget_at, month_of, set_budget, used_in
from transactions.adjustments.forms import AdjustForm, BudgetForm
from transactions.adjustments.models import (
    Adjustment,
    AdjustmentBudget,
    AdjustmentKind,
    BudgetChange,
)
from transactions.adjustments.proposals import PROPOSES, propose_adjustment
from transactions.adjustments.services import Wanted
from transactions.adjustments.shown import budget_panel, earlier_panel

_SETS = "adjustments.set_adjustmentbudget"
_HOW = (
    "A balance is changed by two people: one proposes it on the member's page («Change a balance»)"
    " or on a claim's, another approves it among the proposals."
)


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin[Adjustment]):
    list_display = (
        *("approved_at", "member", "kind", "amount_minor", "proposed_by", "approved_by"),
        *("claim", "budget_state"),
    )
    list_select_related = ("member", "proposed_by", "approved_by", "claim")
    list_filter = (
        word_filter("kind", AdjustmentKind.values),
        choice_filter(
            "budget", "budget", {"none": ("given without a limit", Q(budget_minor__isnull=True))}
        ),
    )
    linked_by = ("member", "claim")
    search_fields = ("=public_id", "=member__customer_id")
    search_help_text = "A whole customer id, or a whole id of an adjustment."
    fieldsets = (
        (None, {"fields": ("public_id", "member", "kind", "amount_minor", "claim")}),
        ("Who and why", {"fields": ("proposed_by", "approved_by", "approved_at", "reason")}),
        ("Budget", {"fields": ("budget_month", "budget_minor", "budget_state")}),
        ("What stands behind it", {"fields": ("proposal", "entry_group")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "approved_at": "approved",
        "public_id": "id",
        "budget_minor": "budget then",
        "entry_group": "booked by",
    }
    intro = _HOW
    when_empty = f"No balance was ever changed by hand. {_HOW}"

    @admin.display(description="limit")
    def budget_state(self, row: Adjustment) -> str:
        if row.amount_minor < 0:
            return EMPTY
        return "none was set" if row.budget_minor is None else "within the budget"


@admin.register(AdjustmentBudget)
class AdjustmentBudgetAdmin(ReadOnlyAdmin[AdjustmentBudget]):
    change_list_template = "admin/list_with_tools.html"
    list_display = ("currency", "month_minor", "used", "changed_at", "change_count")
    ordering = ("currency",)
    headings: ClassVar[dict[str, str]] = {
        "month_minor": "for each month",
        "changed_at": "last set",
        "change_count": "times set",
    }
    fieldsets = ((None, {"fields": ("currency", "month_minor", "changed_at")}),)
    intro = "How much people may give to members in each calendar month."
    when_empty = (
        "No limit is set: two people may give what they agree on, and each adjustment says that no "
        "limit was set. Finance sets one with «Set a budget», top right."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AdjustmentBudget]:
        return super().get_queryset(request).annotate(used_minor=used_in(month_of(clock.now())))

    @admin.display(description="given this month")
    def used(self, row: AdjustmentBudget) -> str:
        return money_text(getattr(row, "used_minor", 0), row.currency)

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        mine: list[URLPattern | URLResolver] = [
            path("set/", self.admin_site.admin_view(self.set_view), name="adjustments_budget_set")
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        if request.user.has_perm(_SETS):
            tools = [{"label": "Set a budget", "url": reverse("admin:adjustments_budget_set")}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def set_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, POST sets."""
        if not (request.user.has_perm(_SETS) and self.has_view_permission(request)):
            raise PermissionDenied
        form = BudgetForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            assert isinstance(request.user, User)
            try:
                row = set_budget(
                    currency=form.cleaned_data["currency"],
                    month_minor=form.cleaned_data["month_minor"],
                    actor=request.user,
                    reason=form.cleaned_data["reason"],
                    at=clock.now(),
                )
            except ServiceError as refusal:
                form.add_error(None, str(refusal))
            except DatabaseUnavailable:
                form.add_error(None, "The database is busy and nothing was changed. Try again.")
            else:
                messages.success(request, f"The {row} holds from now on.")
                return HttpResponseRedirect(page_url(row))
        context = {
            **self.admin_site.each_context(request),
            "title": "Set a budget",
            "opts": self.opts,
            "form": form,
            "what_happens": "It holds at once, for this month too. What was given stays given; "
            "once the budget is used up, credits are refused until it is raised or the month ends.",
            "button": "Set it",
            "back_url": list_url(AdjustmentBudget),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/service_form.html", context)

    def panels(self, request: HttpRequest, row: AdjustmentBudget) -> list[Panel]:
        changes = row.changes.select_related("actor").order_by("-number")[:ROWS_MAX]
        return [
            budget_panel(budget_at(row.currency, clock.now())),
            Panel(
                title="Who set it, newest first",
                headings=["When", "#Before", "#From then on", "By", "Why"],
                rows=[
                    [
                        link(utc_text(change.changed_at), page_url(change)),
                        _limit_text(change.before_minor, row.currency),
                        _limit_text(change.after_minor, row.currency),
                        str(change.actor),
                        change.reason,
                    ]
                    for change in changes
                ],
                empty="Nobody set it yet: no limit.",
            ),
        ]


@admin.register(BudgetChange)
class BudgetChangeAdmin(ReadOnlyAdmin[BudgetChange]):
    money_currency = "budget.currency"
    list_display = ("changed_at", "budget", "before_minor", "after_minor", "actor", "reason")
    list_select_related = ("budget", "actor")
    linked_by = ("budget",)
    fieldsets = (
        (None, {"fields": ("budget", "number", "before_minor", "after_minor")}),
        ("Who and why", {"fields": ("actor", "reason", "changed_at")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "changed_at": "set",
        "before_minor": "before",
        "after_minor": "from then on",
    }
    when_empty = "No budget was ever set. Finance does it under «Adjustment budgets»."


def _limit_text(minor: int | None, currency: str) -> str:
    return "no limit" if minor is None else money_text(minor, currency)


def _propose(attempt: Attempt[Member]) -> Done:
    answers = attempt.answers
    return proposed(
        propose_adjustment(
            Wanted(
                kind=AdjustmentKind(answers["kind"]),
                member_id=attempt.row.pk,
                currency=answers["currency"],
                amount_minor=answers["amount_minor"],
            ),
            actor=attempt.actor,
            reason=attempt.reason,
            at=attempt.at,
        )
    )


def proposed(proposal: Proposal) -> Done:
    return Done(
        message=f"a second person has to approve it (proposal {proposal.pk}); nothing was changed. "
        f"{proposal.summary}.",
        level=messages.WARNING,
    )


def _objection(row: Member) -> str:
    return "it stands for another member: go to that one" if row.same_as_id is not None else ""


ADJUST: Verb[Member] = Verb(
    name="adjust",
    label="Change a balance",
    permission=PROPOSES,
    what_happens=(
        "What the member has to redeem changes by this amount, once a second person approved it; "
        "below zero it never goes. The member is told what kind of change it is; your reason stays "
        "with staff. For a missing reward use the claim's page instead: it is answered by it."
    ),
    perform=_propose,
    form=AdjustForm,
    objection=_objection,
    panels=lambda rows, _actor, _at: [earlier_panel(row) for row in rows],
)
add_verbs(ADJUST)


def _member_panel(request: HttpRequest, member: Member) -> list[Panel]:
    return [earlier_panel(member)] if may_view(request, Adjustment) else []


panels.register(Member, _member_panel)
