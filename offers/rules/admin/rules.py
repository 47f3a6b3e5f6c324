"""The list of reward rules, a rule's page, and making one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.safestring import SafeString

from offers.rules.admin import pages
from offers.rules.admin.forms import NewRuleForm, initial_of
from offers.rules.drafting import make_rule, start_draft
from offers.rules.models import RewardRule, RuleKind, RuleState, RuleVersion
from offers.rules.reviewing import conflicts_of
from offers.rules.shown import (
    conflicts_panel,
    for_whom,
    history_panel,
    pays,
    state_label,
    versions_panel,
    when,
)
from offers.rules.words import percent_text
from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY, label

DRAFTS = "rules.draft_rewardrule"


def _has(**wanted: Any) -> Q:
    return Q(pk__in=RuleVersion.objects.filter(**wanted).values("rule"))


_STATES = {
    "published": ("published", _has(state=RuleState.PUBLISHED)),
    "draft": ("with a draft", _has(state=RuleState.DRAFT)),
    "withdrawn": (
        "withdrawn",
        _has(state=RuleState.WITHDRAWN) & ~_has(state=RuleState.PUBLISHED),
    ),
}
_LIVE = (RuleState.DRAFT, RuleState.PUBLISHED)
_KINDS = {kind.value: (str(kind.label), _has(kind=kind, state__in=_LIVE)) for kind in RuleKind}
_MERCHANTS = {
    "every": ("every merchant", _has(merchant=None, state__in=_LIVE)),
    "one": ("one merchant", _has(merchant__isnull=False, state__in=_LIVE)),
}


def _start(attempt: Attempt[RewardRule]) -> Done:
    draft = start_draft(
        rule_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message=f"v{draft.number} is a draft now: open it below, and edit it.")


def _versions(rule: RewardRule) -> list[RuleVersion]:
    """Newest first; read once a row."""
    found = sorted(rule.versions.all(), key=lambda version: -version.number)
    for version in found:
        version.rule = rule
    return found


def _no_new_draft(rule: RewardRule) -> str:
    versions = _versions(rule)
    if not versions:
        return "no version is left to copy: «New rule» of this name drafts it anew"
    latest = versions[0]
    return f"v{latest.number} is a draft already" if latest.state == RuleState.DRAFT else ""


def shown_version(rule: RewardRule) -> RuleVersion | None:
    """What the list tells of a rule: what is published, else its draft, else the latest."""
    versions = _versions(rule)
    for state in (RuleState.PUBLISHED, RuleState.DRAFT):
        for version in versions:
            if version.state == state:
                return version
    return versions[0] if versions else None


@admin.register(RewardRule)
class RewardRuleAdmin(ServiceAdmin[RewardRule]):
    change_list_template = "admin/list_with_tools.html"
    list_display = ("name", "state", "draft", "pays", "for_whom", "when", "priority")
    list_select_related = ("created_by",)
    list_filter = (
        choice_filter("state", "state", _STATES),
        choice_filter("kind", "kind", _KINDS),
        choice_filter("for", "for", _MERCHANTS),
    )
    search_fields = ("name",)
    search_help_text = "Part of a name."
    fieldsets = (
        (None, {"fields": ("name", "state", "draft", "public_id")}),
        ("Made", {"fields": ("created_at", "created_by")}),
    )
    intro = (
        "What members get of which orders. Of the rules in force the greatest priority goes first, "
        "then merchant and category, merchant, category, all, then what was published last."
    )
    verbs = (
        Verb(
            name="draft",
            label="Start a new draft",
            permission=DRAFTS,
            what_happens="The next version begins as a copy of the latest one. Members are "
            "promised nothing else until it is published; then it takes the place of what is.",
            perform=_start,
            objection=_no_new_draft,
        ),
    )

    @property
    def when_empty(self) -> str:  # type: ignore[override]
        share = percent_text(settings.REWARD_DEFAULT_SHARE_BPS)
        return (
            f"No reward rule yet: every order pays the default share, {share} of its commission "
            "(REWARD_DEFAULT_SHARE_BPS). «New rule» drafts one; nothing changes for members until "
            "it is published."
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RewardRule]:
        return super().get_queryset(request).prefetch_related("versions__merchant")

    @admin.display(description="now")
    def state(self, rule: RewardRule) -> SafeString | str:
        version = shown_version(rule)
        return state_label(version, clock.now()) if version else EMPTY

    @admin.display(description="draft")
    def draft(self, rule: RewardRule) -> SafeString | str:
        for version in _versions(rule):
            if version.state == RuleState.DRAFT:
                return label("draft", tone="wait", text=f"v{version.number}")
        return EMPTY

    @admin.display(description="pays")
    def pays(self, rule: RewardRule) -> str:
        version = shown_version(rule)
        return pays(version) if version else EMPTY

    @admin.display(description="for")
    def for_whom(self, rule: RewardRule) -> str:
        version = shown_version(rule)
        return for_whom(version) if version else EMPTY

    @admin.display(description="when")
    def when(self, rule: RewardRule) -> str:
        version = shown_version(rule)
        return when(version) if version else EMPTY

    @admin.display(description="priority")
    def priority(self, rule: RewardRule) -> str:
        version = shown_version(rule)
        return str(version.priority) if version else EMPTY

    def title_of(self, row: RewardRule) -> str:
        return f"Reward rule {row}"

    def panels(self, request: HttpRequest, row: RewardRule) -> list[Panel]:
        at = clock.now()
        version = shown_version(row)
        found = [versions_panel(row, _versions(row), at)]
        if version is not None and version.state != RuleState.WITHDRAWN:
            found.append(conflicts_panel(conflicts_of(version, at=at)))
        return [*found, history_panel(row)]

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        view = self.admin_site.admin_view(self.new_view)
        mine: list[URLPattern | URLResolver] = [path("new/", view, name="rules_rewardrule_new")]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        if request.user.has_perm(DRAFTS):
            tools = [{"label": "New rule", "url": reverse("admin:rules_rewardrule_new")}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, POST makes the rule and its draft."""
        if not (request.user.has_perm(DRAFTS) and self.has_view_permission(request)):
            raise PermissionDenied
        form = NewRuleForm(request.POST or None, initial=initial_of(None))
        if request.method == "POST" and form.is_valid():
            version = pages.attempt(form, lambda: self._make(request, form))
            if version is not None:
                messages.success(request, f"{version} is a draft: look at it, then publish it.")
                return HttpResponseRedirect(page_url(version))
        context = {
            "title": "New reward rule",
            "opts": self.opts,
            "form": form,
            "sections": form.sections(),
            "what_happens": "A draft promises nothing: it is published on its own page.",
            "button": "Make the draft",
            "back_url": list_url(RewardRule),
            "back": "Back, make none",
        }
        return pages.page(request, self.admin_site, "admin/rules/draft.html", context)

    @staticmethod
    def _make(request: HttpRequest, form: NewRuleForm) -> RuleVersion:
        actor = pages.actor_of(request)
        version = make_rule(
            name=form.cleaned_data["name"],
            promise=form.promise(),
            actor=actor,
            reason=form.cleaned_data["reason"],
            at=clock.now(),
        )
        pages.log(actor, version.rule, f"Drafted v{version.number}.")
        return version
