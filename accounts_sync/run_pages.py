"""Admin: runs, leases, and readings beside the watermark. Imported by admin.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.urls import URLPattern, URLResolver, path

from accounts_sync.coverage import faults_of
from accounts_sync.health import is_late
from accounts_sync.models import (
    Lease,
    RunKind,
    RunStatus,
    SeenRow,
    SideReading,
    SyncRun,
    Watermark,
)
from accounts_sync.queries import AccountReading, account_readings, latest_runs
from accounts_sync.run_at import run_at_view
from rewards_site.kernel import clock
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, label, utc_text
from transactions.models import ButtonAccount

ACCOUNTS_SHOWN_MAX = 50
FOUND_FOR = timedelta(days=14)
"""For so long the landing page tells what a re-read found."""
_FOUND = {
    "late": ("late changes", Q(late_count__gt=0)),
    "marked": ("states may be missing", Q(marked_count__gt=0)),
}


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin[SyncRun]):
    list_display = (
        "started_at",
        "kind",
        "account",
        "status",
        "page_count",
        "row_count",
        "applied_count",
        "late_count",
        "marked_count",
        "deferred_count",
        "error",
    )
    list_select_related = ("account",)
    list_filter = (
        word_filter("status", RunStatus.values),
        word_filter("kind", RunKind.values),
        choice_filter("what it found", "found", _FOUND),
    )
    linked_by = ("account",)
    headings: ClassVar[dict[str, str]] = {
        "page_count": "pages",
        "row_count": "rows",
        "applied_count": "applied",
        "ignored_count": "ignored",
        "deferred_count": "deferred",
        "late_count": "late",
        "marked_count": "states may be missing",
        "is_rest": "went on with an earlier run",
    }
    fieldsets = (
        (None, {"fields": ("kind", "account", "status", "is_rest", "error")}),
        ("Times", {"fields": ("started_at", "finished_at", "window_start", "window_end")}),
        (
            "Counts",
            {
                "fields": (
                    "page_count",
                    "row_count",
                    "applied_count",
                    "ignored_count",
                    "deferred_count",
                )
            },
        ),
        (
            "What it found that should have been told before",
            {
                "fields": ("late_count", "marked_count"),
                "description": (
                    "Late: changes of a time that had been read before this run began; looking "
                    "back brought them, and nothing else had. States may be missing: the API "
                    "shows the latest state only, and steps before it were never told."
                ),
            },
        ),
    )
    when_empty = (
        "No run yet. manage.py sync_accounts finds the accounts, manage.py sync_transactions reads "
        "them now; the worker (manage.py qcluster) does both by itself."
    )

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # as its base
        view = self.admin_site.admin_view(run_at_view)
        return [path("at/", view, name="accounts_sync_syncrun_at"), *super().get_urls()]


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin[Lease]):
    """Without the token: it is the holder's secret."""

    list_display = ("account", "held_by", "expires_at")
    list_select_related = ("account",)
    search_fields = ("=account__account_id",)
    search_help_text = "A whole account id."
    fieldsets = ((None, {"fields": ("account", "held_by", "expires_at")}),)
    headings: ClassVar[dict[str, str]] = {"expires_at": "ends"}
    when_empty = "No account has been read yet. Run manage.py sync_transactions."

    @admin.display(description="held by")
    def held_by(self, lease: Lease) -> str:
        return held_by(lease)


@admin.register(SideReading)
class SideReadingAdmin(ReadOnlyAdmin[SideReading]):
    """Without the token, as above."""

    list_display = ("account", "job", "done_at", "wanted_at", "window_start", "window_end")
    list_select_related = ("account",)
    list_filter = (word_filter("job", ["gap", "re-read"]),)
    linked_by = ("account",)
    headings: ClassVar[dict[str, str]] = {
        "done_at": "last whole one began",
        "wanted_at": "asked for by staff",
        "expires_at": "lease ends",
    }
    fieldsets = (
        (None, {"fields": ("account", "job", "done_at", "wanted_at")}),
        ("Window under way", {"fields": ("window_start", "window_end", "held_by", "expires_at")}),
    )
    when_empty = (
        "No reading beside the watermark yet. A week after an account was first read to its end, "
        "the worker reads it again by when its orders were created."
    )

    @admin.display(description="held by")
    def held_by(self, reading: SideReading) -> str:
        return held_by(reading)


@admin.register(SeenRow)
class SeenRowAdmin(ReadOnlyAdmin[SeenRow]):
    list_display = ("tx_id", "transaction", "revision")
    list_select_related = ("transaction",)
    search_fields = ("=tx_id",)
    search_help_text = "A whole tx id."
    fieldsets = ((None, {"fields": ("tx_id", "transaction", "revision", "mark")}),)
    headings: ClassVar[dict[str, str]] = {"revision": "as of its revision"}
    when_empty = (
        "No row of the Transactions API is known yet. Once read and applied, the same row again "
        "is recognized here and costs no more work. Run manage.py sync_transactions."
    )


def held_by(lease: Lease | SideReading) -> str:
    return (lease.holder or "somebody") if lease.token else "nobody"


def _failing() -> attention.Card:
    """Accounts (and the list of accounts) whose latest run failed: older failures are mended."""
    failed = SyncRun.objects.filter(status=RunStatus.FAILED, pk__in=latest_runs())
    return attention.Card(
        title="Syncs that failed last time",
        count=bounded_count(failed, most=attention.COUNTED_MAX),
        url=list_url(SyncRun, f"status={RunStatus.FAILED.value}"),
        what_to_do="Read the error; the next run goes on where this one stopped.",
        when_none="No sync failed last time.",
        tone="bad",
    )


def _found_by_rereading() -> attention.Card:
    found = SyncRun.objects.filter(
        kind=RunKind.REREAD, late_count__gt=0, started_at__gte=clock.now() - FOUND_FOR
    )
    return attention.Card(
        title="Re-reads that found what nothing had told",
        count=bounded_count(found, most=attention.COUNTED_MAX),
        url=list_url(SyncRun, f"kind={RunKind.REREAD.value}&found=late"),
        what_to_do="It is booked by now. Ask Button why neither webhook nor poll had told it.",
        when_none="In two weeks no re-read found what webhook or poll had not told.",
    )


def _last_sync(at: datetime) -> Panel:
    readings = account_readings(ButtonAccount.objects.order_by("pk")[: ACCOUNTS_SHOWN_MAX + 1])
    shown = readings[:ACCOUNTS_SHOWN_MAX]
    watermarks = Watermark.objects.in_bulk([reading.account.pk for reading in shown])
    return Panel(
        title="Last sync of each Button account",
        headings=[
            "Account",
            "Share mode",
            "Last good sync",
            "Last run",
            "Coverage",
            "#Rows",
            "Error",
        ],
        rows=[_cells(reading, watermarks.get(reading.account.pk), at) for reading in shown],
        empty=(
            "No Button account yet. Set BUTTON_API_KEY and run manage.py sync_accounts; "
            "the worker (manage.py qcluster) then polls each account by itself."
        ),
        more_url=list_url(ButtonAccount) if len(readings) > ACCOUNTS_SHOWN_MAX else "",
    )


def _cells(reading: AccountReading, watermark: Watermark | None, at: datetime) -> list[Any]:
    account, run, good = reading.account, reading.latest, reading.latest_good
    ended = utc_text(good.finished_at) if good else "never"
    is_overdue = account.confirmed_at is not None and is_late(reading, at)
    return [
        link(account, page_url(account)),
        account.share_mode,
        label("late", tone="bad", text=f"late: {ended}") if is_overdue else ended,
        link(label(run.status), page_url(run)) if run else "no run yet",
        link(coverage_label(watermark), page_url(watermark)) if watermark else EMPTY,
        f"{run.row_count:,}" if run else EMPTY,
        displayable(run.error) if run else "",
    ]


def coverage_label(watermark: Watermark) -> Any:
    """In one word: whether something before the watermark was left out."""
    if watermark.through is None:
        return label("not read yet", tone="wait")
    gaps = len(faults_of(watermark))
    if gaps:
        return label("gap", tone="bad", text="1 gap" if gaps == 1 else f"{gaps} gaps")
    if watermark.check_problem:
        return label("differs", tone="bad")
    return label("no gap", tone="good")


attention.register_card("failed-syncs", _failing, permission="accounts_sync.view_syncrun", order=40)
attention.register_card(
    "found-by-rereading", _found_by_rereading, permission="accounts_sync.view_syncrun", order=45
)
attention.register_table("last-sync", _last_sync, permission="accounts_sync.view_syncrun", order=10)
