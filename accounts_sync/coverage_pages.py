"""Admin: what of all time was read of each account, where a gap is, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from accounts_sync.coverage import faults_of
from accounts_sync.coverage_panels import (
    coverage_bar,
    gaps_panel,
    reread_panel,
    runs_panels,
    texts,
    windows_panel,
)
from accounts_sync.coverage_verbs import VERBS
from accounts_sync.models import Watermark
from accounts_sync.run_pages import coverage_label
from accounts_sync.schedule import next_reading
from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import link, list_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import ServiceAdmin
from rewards_site.kernel.admin.text import utc_text
from transactions.models import TransactionRevision


@admin.register(Watermark)
class WatermarkAdmin(ServiceAdmin[Watermark]):
    verbs = VERBS
    list_display = ("account", "state", "through", "late_count", "marked_count", "checked_at")
    list_select_related = ("account",)
    search_fields = ("=account__account_id",)
    search_help_text = "A whole account id."
    headings: ClassVar[dict[str, str]] = {
        "through": "everything read before",
        "late_count": "late changes",
        "marked_count": "states may be missing",
        "checked_at": "last checked against the runs",
        "check_problem": "what differed then",
    }
    fieldsets = (
        (None, {"fields": ("account", "state", "through", "next")}),
        ("The last 60 days", {"fields": ("bar",)}),
        (
            "Found by looking back",
            {
                "fields": ("late_count", "marked"),
                "description": (
                    "Late: changes of a time that had been read before; only looking back brought "
                    "them. States may be missing: the API shows the latest state only, and steps "
                    "before it were never told. Both are booked as they are by now."
                ),
            },
        ),
        ("Checked", {"fields": ("checked_at", "check_problem")}),
        ("Window under way", {"fields": ("window_start", "window_end")}),
    )
    when_empty = "No account has been read yet. Run manage.py sync_transactions."

    def title_of(self, row: Watermark) -> str:
        return f"Coverage of {row.account}"

    @admin.display(description="coverage")
    def state(self, watermark: Watermark) -> Any:
        return coverage_label(watermark)

    @admin.display(description="next reading")
    def next(self, watermark: Watermark) -> str:
        at = clock.now()
        coming = next_reading(watermark.account_id, at)
        when = "now" if coming.at <= at else f"by {utc_text(coming.at)}"
        return f"{when}: {coming.why}"

    @admin.display(description="states may be missing")
    def marked(self, watermark: Watermark) -> Any:
        url = list_url(TransactionRevision, "missing=yes") if watermark.marked_count else ""
        return link(f"{watermark.marked_count:,}", url)

    @admin.display(description="day by day, UTC")
    def bar(self, watermark: Watermark) -> SafeString:
        return coverage_bar(watermark, at=clock.now())

    def panels(self, request: HttpRequest, row: Watermark) -> list[Panel]:
        return [gaps_panel(row), windows_panel(row), *runs_panels(row), reread_panel(row)]

    def confirmation_panels(self, rows: Sequence[Watermark]) -> list[Panel]:
        return [
            Panel(
                title="Accounts",
                headings=["Account", "Everything read before", "Gaps"],
                rows=[
                    [row.account_id, utc_text(row.through), texts(faults_of(row)) or "none"]
                    for row in rows
                ],
                empty="",
            )
        ]
