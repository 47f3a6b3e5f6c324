"""Idle balances: what is set, whom we told, what expired."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from rewards_site.kernel import clock
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import money_text
from rewards_site.kernel.errors import ServiceError
from transactions.expiry.models import IDLE_DAYS_MAX, Expiry, ExpiryPolicy, ExpiryPolicyChange
from transactions.expiry.setting import set_expiry

_SETS = "expiry.set_expiry_policy"


class ExpiryForm(ReasonForm):
    """After how many days, and how long before members are told."""

    is_on = forms.BooleanField(required=False, label="Idle balances expire", initial=True)
    idle_days = forms.IntegerField(
        min_value=2,
        max_value=IDLE_DAYS_MAX,
        initial=730,
        help_text="Days without any booking of the member in this currency.",
    )
    warn_days = forms.IntegerField(
        min_value=1,
        initial=60,
        help_text="So many days before it, at the least, the member is told.",
    )
    field_order = ["is_on", "idle_days", "warn_days", "reason"]


class NewExpiryForm(ExpiryForm):
    """Of a currency that has none yet."""

    currency = forms.CharField(max_length=3, help_text="An ISO 4217 code, or PTS.")
    field_order = ["currency", *ExpiryForm.field_order]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).strip().upper()


def _change(attempt: Attempt[ExpiryPolicy]) -> Done:
    change = set_expiry(
        currency=attempt.row.currency,
        is_on=attempt.answers["is_on"],
        idle_days=attempt.answers["idle_days"],
        warn_days=attempt.answers["warn_days"],
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(message=f"set: {change}.")


CHANGE: Verb[ExpiryPolicy] = Verb(
    name="set",
    label="Change it",
    permission=_SETS,
    what_happens=(
        "Counts from now on. Members are told before anything of theirs expires; who was told "
        "already loses nothing earlier than they were told."
    ),
    perform=_change,
    form=ExpiryForm,
)


@admin.register(ExpiryPolicy)
class ExpiryPolicyAdmin(ServiceAdmin[ExpiryPolicy]):
    verbs = (CHANGE,)
    change_list_template = "admin/list_with_tools.html"
    list_display = ("currency", "is_on", "idle_days", "warn_days", "changed_at")
    fieldsets = ((None, {"fields": ("currency", "is_on", "idle_days", "warn_days", "changed_at")}),)
    headings: ClassVar[dict[str, str]] = {
        "is_on": "idle balances expire",
        "idle_days": "after idle days",
        "warn_days": "members told days before",
    }
    intro = "Whether idle balances expire, per currency. A currency that is not here never does."
    when_empty = "Nothing expires. «Set for a currency» would change that."

    def initial_answers(self, rows: Any) -> dict[str, Any]:
        row = rows[0]
        return {"is_on": row.is_on, "idle_days": row.idle_days, "warn_days": row.warn_days}

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        mine: list[URLPattern | URLResolver] = [
            path(
                "set/",
                self.admin_site.admin_view(self.set_view),
                name="expiry_expirypolicy_new",
            )
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        if request.user.has_perm(_SETS):
            address = reverse("admin:expiry_expirypolicy_new")
            tools.append({"label": "Set for a currency", "url": address})
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def set_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(_SETS):
            return HttpResponseRedirect(reverse("admin:index"))
        form = NewExpiryForm(request.POST or None)
        back = reverse("admin:expiry_expirypolicy_changelist")
        if request.method == "POST" and form.is_valid():
            told = form.cleaned_data
            try:
                set_expiry(**told, actor=request.user, at=clock.now())  # type: ignore[arg-type]
            except ServiceError as refusal:
                form.add_error(None, _sentence(refusal))
            else:
                self.message_user(request, f"Set for {told['currency']}.")
                return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": "Set when idle balances expire",
            "opts": self.opts,
            "verb": {"label": "Set it", "what_happens": CHANGE.what_happens},
            "count_text": "one currency",
            "rows": [None],
            "row_ids": [],
            "objections": [],
            "panels": [],
            "form": form,
            "back_url": back,
        }
        return TemplateResponse(request, "admin/confirm_verb.html", context)


def _sentence(refusal: ServiceError) -> str:
    fields = getattr(refusal, "fields", {})
    return " ".join([str(refusal), *(f"{name}: {what}." for name, what in fields.items())])


@admin.register(ExpiryPolicyChange)
class ExpiryPolicyChangeAdmin(ReadOnlyAdmin[ExpiryPolicyChange]):
    list_display = ("at", "currency", "is_on", "idle_days", "warn_days", "actor", "reason")
    list_select_related = ("actor",)
    fieldsets = (
        (None, {"fields": ("currency", "is_on", "idle_days", "warn_days")}),
        ("Who and why", {"fields": ("actor", "reason", "at")}),
    )
    intro = "Every change of when idle balances expire."
    when_empty = "Nothing was set yet."


@admin.register(Expiry)
class ExpiryAdmin(ReadOnlyAdmin[Expiry]):
    list_display = ("member", "currency", "idle_since", "warned_at", "expires_at", "expired")
    list_select_related = ("member",)
    list_filter = (
        choice_filter("expired", "state", {"expired": ("expired", Q(expired_at__isnull=False))}),
    )
    linked_by = ("member",)
    search_fields = ("=member__customer_id",)
    search_help_text = "A whole customer id."
    fieldsets = (
        (None, {"fields": ("member", "currency", "idle_since", "warned_at", "expires_at")}),
        ("What expired", {"fields": ("expired_at", "expired", "entry_group")}),
    )
    intro = "Whom we told that a balance expires, and what did. A booking since saves the balance."
    when_empty = "Nobody was told that a balance expires."

    @admin.display(description="expired")
    def expired(self, row: Expiry) -> str:
        return money_text(row.amount_minor, row.currency) if row.amount_minor else "—"
