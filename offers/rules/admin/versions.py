"""A version's page: what it says and would pay; editing, publishing, withdrawing, deleting it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.safestring import SafeString

from offers.rules.admin.draft_pages import PUBLISHES, DraftPages, url_of
from offers.rules.admin.rules import DRAFTS
from offers.rules.admin.tools import tools_of
from offers.rules.drafting import delete_draft
from offers.rules.models import RuleKind, RuleState, RuleVersion
from offers.rules.promotions import open_proposal
from offers.rules.publishing import withdraw
from offers.rules.reviewing import conflicts_of
from offers.rules.shown import (
    conflicts_panel,
    examples_panel,
    for_whom,
    history_panel,
    pays,
    state_label,
    when,
)
from offers.rules.store import promise_of
from offers.rules.words import budget_text
from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY


def _withdraw(attempt: Attempt[RuleVersion]) -> Done:
    withdraw(version_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at)
    return Done(message="withdrawn. Who clicked before keeps what was promised then.")


def _cannot_withdraw(row: RuleVersion) -> str:
    return "" if row.state == RuleState.PUBLISHED else f"it is {row.state}"


def _delete(attempt: Attempt[RuleVersion]) -> Done:
    delete_draft(
        version_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="deleted. The rule's history tells of it.")


def _cannot_delete(row: RuleVersion) -> str:
    return "" if row.state == RuleState.DRAFT else f"it is {row.state} and stays as it is"


@admin.register(RuleVersion)
class RuleVersionAdmin(DraftPages, ServiceAdmin[RuleVersion]):
    change_form_template = "admin/rules/version.html"
    list_display = ("version", "standing", "pays", "for_whom", "when", "priority", "published_at")
    list_select_related = (
        *("rule", "merchant", "drafted_by", "published_by", "approved_by", "withdrawn_by"),
    )
    list_filter = (
        word_filter("state", RuleState.values),
        word_filter("kind", RuleKind.values),
    )
    linked_by = ("rule", "merchant")
    search_fields = ("=merchant__merchant_id",)
    search_help_text = "A whole merchant id (org-…)."
    fieldsets = (
        (None, {"fields": ("of_rule", "standing", "pays", "for_whom", "when", "priority")}),
        ("As a promotion", {"fields": ("is_promotion", "budget", "waits")}),
        ("In UTC", {"fields": ("starts_at", "ends_at")}),
        (
            "Life",
            {
                "fields": (
                    *("drafted_at", "drafted_by", "published_at", "published_by"),
                    *("approved_by", "withdrawn_at", "withdrawn_by"),
                )
            },
        ),
        ("For colleagues", {"fields": ("note", "content_hash")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "starts_at": "starts",
        "ends_at": "ends",
        "is_promotion": "promotion",
        "content_hash": "digest of what decides",
    }
    intro = "Every version of every reward rule. «Reward rules» shows each rule once."
    when_empty = "No version yet: «New rule» on «Reward rules» drafts the first one."
    verbs = (
        Verb(
            name="withdraw",
            label="Withdraw",
            permission=PUBLISHES,
            what_happens="It holds no more from now on. Orders bought before, and clicks made "
            "before, keep what it promised. It cannot be put back: a new draft can be published.",
            perform=_withdraw,
            objection=_cannot_withdraw,
        ),
        Verb(
            name="delete",
            label="Delete the draft",
            permission=DRAFTS,
            what_happens="The draft is gone; that it was there stays in the rule's history.",
            perform=_delete,
            objection=_cannot_delete,
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: RuleVersion | None = None) -> Any:
        """Less what says nothing of this version."""
        left_out = set()
        if obj is not None and not obj.is_promotion:
            left_out.add("As a promotion")
        if obj is not None and obj.starts_at is None and obj.ends_at is None:
            left_out.add("In UTC")
        return [one for one in super().get_fieldsets(request, obj) if one[0] not in left_out]

    @admin.display(description="version")
    def version(self, row: RuleVersion) -> str:
        return str(row)

    @admin.display(description="rule")
    def of_rule(self, row: RuleVersion) -> SafeString | str:
        return link(row.rule.name, page_url(row.rule))

    @admin.display(description="state")
    def standing(self, row: RuleVersion) -> SafeString:
        return state_label(row, clock.now())

    @admin.display(description="pays")
    def pays(self, row: RuleVersion) -> str:
        return pays(row)

    @admin.display(description="for")
    def for_whom(self, row: RuleVersion) -> str:
        return for_whom(row)

    @admin.display(description="when")
    def when(self, row: RuleVersion) -> str:
        return when(row)

    @admin.display(description="budget")
    def budget(self, row: RuleVersion) -> str:
        return budget_text(promise_of(row)) or EMPTY

    @admin.display(description="waits for a second person")
    def waits(self, row: RuleVersion) -> SafeString | str:
        found = open_proposal(row) if row.state == RuleState.DRAFT and row.is_promotion else None
        return link(f"proposal {found.pk}", page_url(found)) if found else EMPTY

    def title_of(self, row: RuleVersion) -> str:
        return f"Reward rule {row}"

    def panels(self, request: HttpRequest, row: RuleVersion) -> list[Panel]:
        at = clock.now()
        found = [examples_panel(row, at)]
        if row.state != RuleState.WITHDRAWN:
            found.append(conflicts_panel(conflicts_of(row, at=at)))
        return [*found, history_panel(row.rule, version=row.number)]

    def confirmation_panels(self, rows: Sequence[RuleVersion]) -> list[Panel]:
        headings = ["Version", "State", "Pays", "For", "When"]
        told = [[str(row), self.standing(row), pays(row), for_whom(row), when(row)] for row in rows]
        return [Panel(title="Which", headings=headings, rows=told, empty="")]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        tools: list[dict[str, str]] = []
        if row is not None and self.has_view_permission(request, row):
            tools = self._tools(request, row)
        return super().change_view(
            request, object_id, form_url, {"tools": tools} | (extra_context or {})
        )

    def _tools(self, request: HttpRequest, row: RuleVersion) -> list[dict[str, str]]:
        found = []
        if row.state == RuleState.DRAFT:
            if request.user.has_perm(DRAFTS):
                found.append({"label": "Edit", "url": url_of("edit", row)})
            if request.user.has_perm(PUBLISHES):
                name = "Propose the promotion" if row.is_promotion else "Publish"
                found.append({"label": name, "url": url_of("publish", row)})
        found += [{"label": tool.label, "url": tool.url} for tool in tools_of(request, row)]
        return found

    def verb_view(self, request: HttpRequest, verb_name: str) -> HttpResponseBase:
        """What was deleted has no page to go back to: its rule has."""
        rows = self._rows(request)
        answer = super().verb_view(request, verb_name)
        gone = [row for row in rows if not RuleVersion.objects.filter(pk=row.pk).exists()]
        if isinstance(answer, HttpResponseRedirect) and len(rows) == len(gone) == 1:
            return HttpResponseRedirect(page_url(rows[0].rule))
        return answer
