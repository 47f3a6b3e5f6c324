"""What ops limit: what is in force, its history, and setting it."""

from __future__ import annotations

from dataclasses import fields
from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from rewards_site.kernel import clock
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.service import ReasonForm
from rewards_site.kernel.admin.text import EMPTY, money_text
from rewards_site.kernel.errors import Conflict, InvalidInput
from transactions.redemptions.limiting import Setting, set_limits
from transactions.redemptions.models import RedemptionLimits

_SET = "redemptions.set_redemptionlimits"
_NAMES = [item.name for item in fields(Setting)]


class LimitsForm(ReasonForm):
    """All limits of one currency; empty is no limit. Amounts in minor units."""

    currency = forms.CharField(max_length=3, help_text="ISO 4217, such as USD, or PTS.")
    cooling_off_hours = forms.IntegerField(
        required=False,
        label="Cooling-off, hours",
        help_text="After a member first names another destination, it is not approved so long.",
    )
    member_days = forms.IntegerField(required=False, label="Per member: in how many days")
    member_count = forms.IntegerField(required=False, label="Per member: how often at most")
    member_sum_minor = forms.IntegerField(
        required=False, label="Per member: how much at most", help_text="In minor units."
    )
    destination_days = forms.IntegerField(required=False, label="Per destination: in how many days")
    destination_count = forms.IntegerField(
        required=False,
        label="Per destination: how often at most",
        help_text="Over all members who name it.",
    )
    destination_sum_minor = forms.IntegerField(
        required=False, label="Per destination: how much at most", help_text="In minor units."
    )
    second_person_minor = forms.IntegerField(
        required=False,
        label="Two people above",
        help_text="In minor units: a redemption of more is approved by two people.",
    )
    field_order = ["currency", *_NAMES, "reason"]


@admin.register(RedemptionLimits)
class RedemptionLimitsAdmin(ReadOnlyAdmin[RedemptionLimits]):
    change_list_template = "admin/list_with_tools.html"
    intro = "Each setting stays on record; of each currency the last is in force."
    list_display = (
        *("set_at", "currency", "cooling_off_hours", "per_member", "per_destination"),
        *("two_people_above", "actor", "reason"),
    )
    list_select_related = ("actor",)
    search_fields = ("=currency",)
    search_help_text = "A currency."
    fieldsets = (
        (None, {"fields": ("currency", "number", *_NAMES)}),
        ("Who and why", {"fields": ("actor", "reason", "set_at")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "set_at": "set",
        "cooling_off_hours": "cooling-off, hours",
        "member_sum_minor": "per member",
        "member_count": "times per member",
        "member_days": "in days",
        "destination_sum_minor": "per destination",
        "destination_count": "times per destination",
        "destination_days": "in days ",
        "second_person_minor": "two people above",
    }
    when_empty = (
        "Nothing is limited. «Set limits», top right, holds new destinations back, slows down, or "
        "asks for a second person."
    )

    @admin.display(description="per member")
    def per_member(self, row: RedemptionLimits) -> str:
        return _velocity(row, row.member_days, row.member_count, row.member_sum_minor)

    @admin.display(description="per destination")
    def per_destination(self, row: RedemptionLimits) -> str:
        return _velocity(
            row, row.destination_days, row.destination_count, row.destination_sum_minor
        )

    @admin.display(description="two people above")
    def two_people_above(self, row: RedemptionLimits) -> str:
        return money_text(row.second_person_minor, row.currency)

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # as its base
        view = self.admin_site.admin_view(self.set_view)
        mine: list[URLPattern | URLResolver] = [
            path("set/", view, name="redemptions_redemptionlimits_set")
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        tools = []
        if request.user.has_perm(_SET):
            url = reverse("admin:redemptions_redemptionlimits_set")
            tools = [{"label": "Set limits", "url": url}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def set_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, with what is in force of `?currency=` filled in; POST sets."""
        if not (request.user.has_perm(_SET) and self.has_view_permission(request)):
            raise PermissionDenied
        currency = request.GET.get("currency", "")
        last = None
        if currency.isalpha():
            rows = RedemptionLimits.objects.filter(currency=currency[:3])
            last = rows.order_by("-number").first()
        initial = {name: getattr(last, name, None) for name in _NAMES} | {"currency": currency}
        form = LimitsForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid() and self._is_set(request, form):
            messages.success(request, "Set. It holds for what is asked for, or approved, from now.")
            return HttpResponseRedirect(list_url(RedemptionLimits))
        context = {
            **self.admin_site.each_context(request),
            "title": "Set the limits of a currency",
            "opts": self.opts,
            "form": form,
            "what_happens": "What you leave empty is not limited any more. A member whom a limit "
            "refuses is told when they can ask again, and not why.",
            "button": "Set",
            "back_url": list_url(RedemptionLimits),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/service_form.html", context)

    @staticmethod
    def _is_set(request: HttpRequest, form: LimitsForm) -> bool:
        assert isinstance(request.user, User)
        told = form.cleaned_data
        try:
            set_limits(
                currency=told["currency"],
                setting=Setting(**{name: told[name] for name in _NAMES}),
                actor=request.user,
                reason=told["reason"],
                at=clock.now(),
            )
        except InvalidInput as refusal:
            for name, message in refusal.fields.items():
                form.add_error(name if name in form.fields else None, message)
        except Conflict as refusal:
            form.add_error(None, str(refusal))
        return form.is_valid()


def _velocity(
    row: RedemptionLimits, days: int | None, count: int | None, sum_minor: int | None
) -> str:
    """«at most 20 times, 100.00 USD in 7 days»; a dash where nothing is limited."""
    if days is None:
        return EMPTY
    most = [] if count is None else [f"{count} times"]
    most += [] if sum_minor is None else [money_text(sum_minor, row.currency)]
    return f"at most {', '.join(most)} in {days} day{'' if days == 1 else 's'}"
