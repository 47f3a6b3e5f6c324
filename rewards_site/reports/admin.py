"""Reports: the export page, and every export that there was."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, label, utc_text
from rewards_site.kernel.clock import wire_text
from rewards_site.reports import registry
from rewards_site.reports.forms import ExportForm
from rewards_site.reports.models import ReportResult, ReportRun
from rewards_site.reports.views import MAY_EXPORT, MAY_SEE_CUSTOMER_IDS

_LATEST = 10
_DIGEST_SHOWN = 12
_NEW_TONES = {"abandoned": "warn"}


def _status(run: ReportRun) -> Any:
    result = getattr(run, "result", None)
    if result is None:
        return label("open", text="under way, or its process died")
    return label(result.status, tone=_NEW_TONES.get(result.status, ""))


def _who(run: ReportRun) -> str:
    return str(run.actor) if run.actor_id else f"{run.system_user} (command line)"


@admin.register(ReportRun)
class ReportRunAdmin(ReadOnlyAdmin[ReportRun]):
    intro = "Every export: who took what, and the SHA-256 of the bytes."
    when_empty = "Nothing was exported yet. Export a report by the button above."
    change_list_template = "admin/reports/change_list.html"
    list_display = ("what", "exact_as_of", "who", "started_at", "status", "rows", "digest")
    search_fields = ("=result__sha256",)
    search_help_text = "A whole SHA-256: which export is this file?"
    list_select_related = ("actor", "result")
    linked_by = ("actor",)
    headings: ClassVar[dict[str, str]] = {"started_at": "when"}
    fieldsets = (
        (None, {"fields": ("report", "format", "exact_as_of", "who", "door", "started_at")}),
        ("Asked for", {"fields": ("period_from", "period_to", "currency", "with_customer_ids")}),
        ("How it ended", {"fields": ("status", "rows", "bytes", "sha256", "finished")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("actor", "result")

    def get_list_filter(self, request: HttpRequest) -> Any:
        return (word_filter("report", registry.names()),)

    @admin.display(description="export")
    def what(self, run: ReportRun) -> str:
        return f"{run.report}.{run.format}"

    @admin.display(description="as of")
    def exact_as_of(self, run: ReportRun) -> str:
        return wire_text(run.as_of)

    @admin.display(description="who")
    def who(self, run: ReportRun) -> str:
        return _who(run)

    @admin.display(description="status")
    def status(self, run: ReportRun) -> Any:
        return _status(run)

    @admin.display(description="rows")
    def rows(self, run: ReportRun) -> str:
        result = getattr(run, "result", None)
        return f"{result.row_count:,}" if result else EMPTY

    @admin.display(description="bytes")
    def bytes(self, run: ReportRun) -> str:
        result = getattr(run, "result", None)
        return f"{result.byte_count:,}" if result else EMPTY

    @admin.display(description="SHA-256")
    def sha256(self, run: ReportRun) -> str:
        result = getattr(run, "result", None)
        return result.sha256 if result else EMPTY

    @admin.display(description="SHA-256")
    def digest(self, run: ReportRun) -> str:
        """Its beginning, for a list; whole it stands on the export's own page."""
        result = getattr(run, "result", None)
        return f"{result.sha256[:_DIGEST_SHOWN]}…" if result else EMPTY

    @admin.display(description="ended")
    def finished(self, run: ReportRun) -> str:
        result = getattr(run, "result", None)
        return utc_text(result.finished_at) if result else EMPTY

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        mine: list[URLPattern | URLResolver] = [
            path(
                "export/",
                self.admin_site.admin_view(self.export_view),
                name="reports_reportrun_export",
            )
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_export": request.user.has_perm(MAY_EXPORT)} | (extra_context or {})
        return super().changelist_view(request, context)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """The form; when it is right, on to the download."""
        if not request.user.has_perm(MAY_EXPORT):
            raise PermissionDenied
        form = ExportForm(request.POST or None)
        if not request.user.has_perm(MAY_SEE_CUSTOMER_IDS):
            del form.fields["with_customer_ids"]
        if request.method == "POST" and form.is_valid():
            address = reverse(
                "report", args=[form.cleaned_data["report"], form.cleaned_data["format"]]
            )
            return HttpResponseRedirect(f"{address}?{form.query_string()}")
        context = {
            **self.admin_site.each_context(request),
            "title": "Export a report",
            "opts": self.opts,
            "form": form,
            "panels": [self._latest(request)],
            "back_url": list_url(ReportRun) if self.has_view_permission(request) else "",
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/reports/export.html", context)

    def _latest(self, request: HttpRequest) -> Panel:
        runs = ReportRun.objects.select_related("actor", "result").order_by("-pk")[:_LATEST]
        may_look = self.has_view_permission(request)
        return Panel(
            title="Last exports",
            headings=["Export", "As of", "Who", "When", "Status", "#Rows", "SHA-256"],
            rows=[
                [
                    link(self.what(run), page_url(run) if may_look else ""),
                    self.exact_as_of(run),
                    _who(run),
                    utc_text(run.started_at),
                    _status(run),
                    self.rows(run),
                    self.digest(run),
                ]
                for run in runs
            ],
            empty="Nothing was exported yet.",
            note="The same report as of the same instant has the same SHA-256 (CSV, Beancount). "
            "Load this page again to see how a download ended.",
        )


@admin.register(ReportResult)
class ReportResultAdmin(ReadOnlyAdmin[ReportResult]):
    list_display = ("run", "status", "row_count", "byte_count", "sha256", "finished_at")
    list_select_related = ("run",)
    search_fields = ("=sha256",)
    search_help_text = "A whole SHA-256: which export is this file?"
    linked_by = ("run",)
    fieldsets = (
        (None, {"fields": ("run", "status", "row_count", "byte_count", "sha256", "finished_at")}),
    )
    when_empty = "No export has ended yet."
