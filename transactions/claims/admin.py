"""The queue of claims, and one page with all that is known of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.safestring import SafeString

from rewards_site.kernel import clock
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.service import ServiceAdmin
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from rewards_site.members.models import Member
from transactions.claims import cards, verbs
from transactions.claims.choices import Answer, AnsweredBy, ClaimStatus
from transactions.claims.filing import file_for_member
from transactions.claims.forms import FileForm
from transactions.claims.models import Claim, ClaimStep
from transactions.claims.overtaken import is_overtaken
from transactions.claims.shown import evidence_panels
from transactions.claims.standing import age_text, queue_panel, standing_panel

_OPENS = "claims.open_claim"
_OPEN = Q(answered_at__isnull=True)
_PANEL_ROWS = 10


@admin.register(Claim)
class ClaimAdmin(ServiceAdmin[Claim]):
    change_list_template = "admin/list_with_tools.html"
    verbs = (
        *(verbs.REJECT, verbs.ASK_BRAND, verbs.NOTE_WORD, verbs.GOODWILL),
        *(verbs.TAKE_BACK, verbs.LEAVE),
    )
    money_currencies: ClassVar[dict[str, str]] = {
        "order_total_minor": "order_currency",
        "estimate_minor": "estimate_currency",
    }
    list_display = (
        *("filed_at", "merchant", "member", "state", "age", "estimate_minor", "answer_text"),
        "answered_by",
    )
    list_select_related = ("member", "merchant")
    list_defer = ("note", "evidence")
    list_filter = (
        word_filter("status", ClaimStatus.values),
        choice_filter(
            "queue",
            "queue",
            {
                "ours": ("ours to answer", _OPEN & Q(handed_at__isnull=True)),
                "brand": ("the brand was asked", _OPEN & Q(handed_at__isnull=False)),
                "twice": ("goodwill was given, and the order came after all", is_overtaken()),
            },
        ),
        word_filter("answered_by", AnsweredBy.values),
    )
    linked_by = ("member", "merchant", "click", "transaction")
    search_fields = ("=public_id", "=member__customer_id", "=click__public_id")
    search_help_text = "A whole claim id, customer id or click id."
    fieldsets = (
        (None, {"fields": ("public_id", "member", "merchant", "click", "state", "age")}),
        (
            "What the member tells",
            {"fields": ("reference", "order_total_minor", "purchased_at", "words")},
        ),
        (
            "What the facts said",
            {"fields": ("verdict", "ask_again_at", "evidence", "estimate_minor", "repeat_count")},
        ),
        (
            "Answer",
            {"fields": ("answer_text", "answered_by", "answered_at", "transaction", "handed_at")},
        ),
        ("Filed", {"fields": ("filed_at", "opened_by")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "public_id": "claim id",
        "filed_at": "filed",
        "estimate_minor": "at risk (estimate)",
        "order_total_minor": "total told",
        "purchased_at": "bought",
        "opened_by": "for the member, by",
        "repeat_count": "asked again",
        "handed_at": "brand asked",
        "answered_at": "answered",
        "transaction": "order",
    }
    intro = (
        "Rewards that members miss. Most are answered by the facts at once, or by their order when "
        "it arrives; those left are yours."
    )
    when_empty = (
        "Nobody reported a missing reward yet. Members do it by POST /api/v1/claims/, support does "
        "it for them with «File a claim», top right: docs/claims.md."
    )

    @admin.display(description="state")
    def state(self, row: Claim) -> SafeString:
        if row.answered_at is None:
            return label("open", text="brand asked") if row.handed_at else label("open")
        return label("answered", tone="good")

    @admin.display(description="age")
    def age(self, row: Claim) -> str:
        return age_text((row.answered_at or clock.now()) - row.filed_at)

    @admin.display(description="answer")
    def answer_text(self, row: Claim) -> str:
        return Answer(row.answer).label if row.answer else EMPTY

    @admin.display(description="order told")
    def reference(self, row: Claim) -> str:
        return displayable(row.order_reference) or EMPTY

    @admin.display(description="in their words")
    def words(self, row: Claim) -> str:
        return displayable(row.note) or EMPTY

    def panels(self, request: HttpRequest, row: Claim) -> list[Panel]:
        return list(evidence_panels(row, request.user))

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        mine: list[URLPattern | URLResolver] = [
            path("file/", self.admin_site.admin_view(self.file_view), name="claims_claim_file"),
            path("queue/", self.admin_site.admin_view(self.queue_view), name="claims_queue"),
            path("brands/", self.admin_site.admin_view(self.brands_view), name="claims_by_brand"),
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = [
            {"label": "To answer, oldest first", "url": reverse("admin:claims_queue")},
            {"label": "By brand", "url": reverse("admin:claims_by_brand")},
        ]
        if request.user.has_perm(_OPENS):
            tools.append({"label": "File a claim", "url": reverse("admin:claims_claim_file")})
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def file_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, POST files it, as the member's app would."""
        if not (request.user.has_perm(_OPENS) and self.has_view_permission(request)):
            raise PermissionDenied
        form = FileForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            claim = self._file(request, form)
            if claim is not None:
                return HttpResponseRedirect(page_url(claim))
        context = {
            "title": "File a claim for a member",
            "form": form,
            "what_happens": "The facts are asked first, as for the member: the claim may be "
            "answered at once. Your name stands with it.",
            "button": "File it",
        }
        return self._page(request, "admin/service_form.html", context)

    def _file(self, request: HttpRequest, form: FileForm) -> Claim | None:
        assert isinstance(request.user, User)
        answers = form.cleaned_data
        try:
            filed = file_for_member(
                customer_id=answers["customer_id"],
                asked=form.asked(),
                actor=request.user,
                reason=answers["reason"],
                is_insisted=answers["is_insisted"],
                at=clock.now(),
            )
        except ServiceError as refusal:
            details = "; ".join(getattr(refusal, "fields", {}).values())
            form.add_error(None, f"{refusal} {details}".strip())
            return None
        except DatabaseUnavailable:
            form.add_error(None, "The database is busy and nothing was filed. Try again.")
            return None
        claim = filed.claim
        said = "It was filed before." if filed.is_repeated else "Filed."
        what = Answer(claim.answer).label if claim.answer else "open, for somebody to look into"
        messages.success(request, f"{said} It is {what}.")
        return claim

    def brands_view(self, request: HttpRequest) -> HttpResponse:
        """How claims stand, brand by brand."""
        return self._table(request, "Claims by brand", standing_panel(at=clock.now()))

    def queue_view(self, request: HttpRequest) -> HttpResponse:
        """What waits for an answer, whoever has waited longest first."""
        return self._table(request, "Claims to answer", queue_panel(at=clock.now()))

    def _table(self, request: HttpRequest, title: str, panel: Panel) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {"title": title, "panels": [panel]}
        return self._page(request, "admin/claims_table.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "back_url": list_url(Claim),
        }
        return TemplateResponse(request, template, shared | context)

    def initial_answers(self, rows: Sequence[Claim]) -> dict[str, Any]:
        """What goodwill would be, or was."""
        return verbs.suggested(rows[0]) if len(rows) == 1 else {}

    def confirmation_panels(self, rows: Sequence[Claim]) -> list[Panel]:
        shown: list[list[Any]] = [
            [
                utc_text(row.filed_at),
                row.merchant or EMPTY,
                row.member,
                "" if row.estimate_minor is None else _estimate(row),
            ]
            for row in rows
        ]
        return [
            Panel(
                title="Claims",
                headings=["Filed", "Store", "Member", "#At risk (estimate)"],
                rows=shown,
                empty="",
            )
        ]


@admin.register(ClaimStep)
class ClaimStepAdmin(ReadOnlyAdmin[ClaimStep]):
    list_display = ("at", "claim", "kind", "answer", "actor", "reason")
    list_select_related = ("claim", "actor")
    linked_by = ("claim",)
    fieldsets = (
        (None, {"fields": ("claim", "number", "kind", "answer", "at")}),
        ("Who and why", {"fields": ("actor", "reason")}),
    )
    when_empty = "Nothing happened to a claim yet: there is none."


def _estimate(row: Claim) -> str:
    return money_text(row.estimate_minor, row.estimate_currency)


def _member_panel(request: HttpRequest, member: Member) -> Iterator[Panel]:
    if not may_view(request, Claim):
        return
    rows = Claim.objects.filter(member=member) | Claim.objects.filter(member__same_as=member)
    newest = list(rows.select_related("merchant").order_by("-pk")[: _PANEL_ROWS + 1])
    yield Panel(
        title="Claims, newest first",
        headings=["Filed", "Store", "Verdict", "Answer"],
        rows=[
            [
                link(utc_text(row.filed_at), page_url(row)),
                row.merchant or EMPTY,
                row.verdict,
                Answer(row.answer).label if row.answer else label("open"),
            ]
            for row in newest[:_PANEL_ROWS]
        ],
        empty="This member missed no reward yet.",
        more_url=list_url(Claim, f"member={member.pk}") if len(newest) > _PANEL_ROWS else "",
    )


panels.register(Member, _member_panel)
cards.register()
