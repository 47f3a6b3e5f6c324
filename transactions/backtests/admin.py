"""Back-tests in the admin: ask for one, watch it run, read what it came to, take it as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from offers.rules.admin.tools import Tool, register_tool
from offers.rules.models import RuleVersion
from rewards_site.kernel import clock
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import label, utc_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from transactions.backtests import csv_file, services
from transactions.backtests.chart import charts_of
from transactions.backtests.gate import ask_url
from transactions.backtests.models import BackTest, BackTestStatus
from transactions.backtests.panels import public_ids, result_panels

ASK = "backtests.ask_backtest"
_OPEN = {BackTestStatus.QUEUED, BackTestStatus.RUNNING}
_DAYS = 30
"""Of orders, unless somebody asks for another window."""


class WindowForm(forms.Form):
    """Days in the business's own time zone."""

    first = forms.DateField(label="First day", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Included. Orders count by the day they were bought.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", "It is before the first day.")
        return cleaned


@admin.register(BackTest)
class BackTestAdmin(ReadOnlyAdmin[BackTest]):
    list_display = ("asked_at", "rule", "version_number", "status", "order_count", "asked_by")
    list_select_related = ("asked_by", "rule")
    list_defer = ("figures",)
    list_filter = (word_filter("status", BackTestStatus.values),)
    linked_by = ("rule",)
    search_fields = ("=rule__name", "=content_hash")
    search_help_text = "A whole name of a rule."
    headings: ClassVar[dict[str, str]] = {
        "version_number": "version",
        "order_count": "orders",
        "starts_at": "orders bought from",
        "ends_at": "until",
    }
    fieldsets = (
        (None, {"fields": ("rule", "version_number", "status", "problem")}),
        ("Orders", {"fields": ("starts_at", "ends_at", "order_count")}),
        ("Asked for", {"fields": ("asked_by", "asked_at", "finished_at", "content_hash")}),
    )
    change_form_template = "admin/backtests/backtest.html"
    when_empty = (
        "No back-test yet. Open a draft of a reward rule and choose «Back-test»: it shows what the "
        "rule would have paid for orders of the past. No rule is published without one."
    )

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        view = self.admin_site.admin_view
        mine: list[URLPattern | URLResolver] = [
            path("ask/", view(self.ask_view), name="backtests_backtest_ask"),
            path("<int:key>/figures.csv", view(self.csv_view), name="backtests_backtest_csv"),
        ]
        return mine + super().get_urls()

    def ask_view(self, request: HttpRequest) -> HttpResponseBase:
        """GET asks for the window, POST has it run."""
        if not request.user.has_perm(ASK):
            raise PermissionDenied
        asked = request.POST if request.method == "POST" else request.GET
        key = asked.get("version", "")
        version = _version(key)
        if version is None:
            messages.warning(request, "There is no such version: it was deleted.")
            return HttpResponseRedirect(reverse("admin:rules_rewardrule_changelist"))
        today = clock.now().astimezone(settings.BUSINESS_TIME_ZONE).date()
        initial = {"first": today - timedelta(days=_DAYS), "last": today}
        form = WindowForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            test = _ask(request, form, version)
            if test is not None:
                return HttpResponseRedirect(page_url(test))
        context = {
            **self.admin_site.each_context(request),
            "title": "Back-test",
            "opts": self.opts,
            "version": version,
            "form": form,
            "zone": str(settings.BUSINESS_TIME_ZONE),
            "back_url": page_url(version),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/backtests/ask.html", context)

    def csv_view(self, request: HttpRequest, key: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        test = BackTest.objects.filter(pk=key, status=BackTestStatus.DONE).first()
        if test is None:
            raise Http404
        text = "".join(csv_file.lines(test.figures, public_ids(test.figures)))
        answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="back-test-{key}.csv"'
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if row is not None and self.has_view_permission(request, row):
            context = _shown(row)
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def panels(self, request: HttpRequest, row: BackTest) -> list[Panel]:
        if row.status != BackTestStatus.DONE:
            return []
        return list(result_panels(row.figures))


def _version(key: str) -> RuleVersion | None:
    if not key.isdecimal() or len(key) > 18:
        return None
    return RuleVersion.objects.select_related("rule").filter(pk=int(key)).first()


def _ask(request: HttpRequest, form: WindowForm, version: RuleVersion) -> BackTest | None:
    assert isinstance(request.user, User)
    zone = settings.BUSINESS_TIME_ZONE
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    try:
        return services.ask(
            version_id=version.pk,
            starts_at=datetime.combine(first, time.min, tzinfo=zone),
            ends_at=datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone),
            actor=request.user,
            at=clock.now(),
        )
    except (ServiceError, OverflowError) as refusal:
        form.add_error(None, str(refusal))
    except DatabaseUnavailable:
        form.add_error(None, "The database is busy and nothing was started. Try again.")
    return None


def _shown(row: BackTest) -> dict[str, Any]:
    if row.status in _OPEN:
        return {"is_open": True, "done_count": services.progress(row)}
    if row.status == BackTestStatus.FAILED:
        return {"problem": row.problem}
    figures = row.figures
    return {
        "is_done": True,
        "figures": figures,
        "charts": charts_of(figures["by_day"]),
        "csv_url": reverse("admin:backtests_backtest_csv", args=[row.pk]),
    }


def _of_version(request: HttpRequest, version: RuleVersion) -> Sequence[Panel]:
    if not panels.may_view(request, BackTest):
        return []
    tests = (
        BackTest.objects.filter(rule=version.rule_id, version_number=version.number)
        .defer("figures")
        .order_by("-pk")[:10]
    )
    return [
        Panel(
            title="Back-tests",
            headings=[
                "Asked",
                "Orders bought from",
                "Until",
                "#Orders",
                "Status",
                "Of this very content",
            ],
            rows=[
                [
                    link(utc_text(test.asked_at), page_url(test)),
                    utc_text(test.starts_at),
                    utc_text(test.ends_at),
                    test.order_count,
                    label(test.status),
                    "yes" if test.content_hash == version.content_hash else "no: edited since",
                ]
                for test in tests
            ],
            empty="Not back-tested yet: no version is published without a back-test of it.",
        ),
    ]


def _tool(request: HttpRequest, version: RuleVersion) -> Tool | None:
    if version.published_at is not None or not request.user.has_perm(ASK):
        return None
    return Tool("Back-test", ask_url(version))


register_tool(_tool)
panels.register(RuleVersion, _of_version)
