"""How the Transactions API is read: runs, watermarks, leases, and rows that had to wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.utils.html import format_html

from accounts_sync.deferred import replay_rows
from accounts_sync.health import is_late
from accounts_sync.models import (
    DeferredRow,
    DeferredStatus,
    Lease,
    RunKind,
    RunStatus,
    SyncRun,
    Watermark,
)
from accounts_sync.queries import AccountReading, account_readings, latest_runs
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, ConfirmForm, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY, displayable, evidence_html, label, utc_text
from transactions.models import ButtonAccount

ACCOUNTS_SHOWN_MAX = 50


def _try_again(attempt: Attempt[DeferredRow]) -> Done:
    tried = replay_rows(at=attempt.at, due_only=False, ids=[attempt.row.pk])
    attempt.row.refresh_from_db(fields=["status", "reason"])
    if not tried.tried_count:
        return Done(message="somebody else settled it meanwhile.", level=messages.INFO)
    if attempt.row.status == DeferredStatus.SETTLED:
        return Done(message="settled: applied, or known by now.")
    return Done(message=f"still deferred: {attempt.row.reason}.", level=messages.WARNING)


def _cannot_be_tried(row: DeferredRow) -> str:
    return "" if row.status == DeferredStatus.OPEN else "it is settled"


TRY_AGAIN: Verb[DeferredRow] = Verb(
    name="try-again",
    label="Try again",
    permission="accounts_sync.replay_deferredrow",
    what_happens=(
        "The stored row is read and applied again, as of when Button last showed it. "
        "Safe to repeat: what is booked already is not booked twice."
    ),
    perform=_try_again,
    form=ConfirmForm,
    objection=_cannot_be_tried,
)


@admin.register(DeferredRow)
class DeferredRowAdmin(ServiceAdmin[DeferredRow]):
    verbs = (TRY_AGAIN,)
    list_display = ("name", "account", "status", "reason", "first_seen_at", "seen_count")
    list_select_related = ("account",)
    list_defer = ("row",)
    list_filter = (word_filter("status", DeferredStatus.values),)
    search_fields = ("=tx_id",)
    search_help_text = "A whole tx id."
    linked_by = ("account", "transaction")
    headings: ClassVar[dict[str, str]] = {
        "seen_count": "times seen",
        "attempt_count": "tries",
        "last_attempt_at": "last tried",
    }
    fieldsets = (
        (None, {"fields": ("name", "account", "transaction", "status", "reason")}),
        (
            "Times",
            {
                "fields": (
                    "first_seen_at",
                    "last_seen_at",
                    "seen_count",
                    "attempt_count",
                    "last_attempt_at",
                )
            },
        ),
        ("The row, as it came", {"fields": ("evidence", "row_digest")}),
    )
    when_empty = "No row had to wait: every row of the Transactions API could be applied."

    @admin.display(description="tx id")
    def name(self, row: DeferredRow) -> str:
        return str(row)

    @admin.display(description="row")
    def evidence(self, row: DeferredRow) -> str:
        return evidence_html(row.row)

    def confirmation_panels(self, rows: Sequence[DeferredRow]) -> list[Panel]:
        return [
            Panel(
                title="Rows",
                headings=["tx id", "Account", "First seen", "Why it was deferred"],
                rows=[
                    [row, row.account_id, utc_text(row.first_seen_at), row.reason] for row in rows
                ],
                empty="",
            )
        ]


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
        "deferred_count",
        "error",
    )
    list_select_related = ("account",)
    list_filter = (word_filter("status", RunStatus.values), word_filter("kind", RunKind.values))
    linked_by = ("account",)
    headings: ClassVar[dict[str, str]] = {
        "page_count": "pages",
        "row_count": "rows",
        "applied_count": "applied",
        "ignored_count": "ignored",
        "deferred_count": "deferred",
    }
    fieldsets = (
        (None, {"fields": ("kind", "account", "status", "error")}),
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
    )
    when_empty = (
        "No run yet. manage.py sync_accounts finds the accounts, manage.py sync_transactions reads "
        "them now; the worker (manage.py qcluster) does both by itself."
    )


@admin.register(Watermark)
class WatermarkAdmin(ReadOnlyAdmin[Watermark]):
    list_display = ("account", "through", "window_start", "window_end")
    list_select_related = ("account",)
    search_fields = ("=account__account_id",)
    search_help_text = "A whole account id."
    fieldsets = ((None, {"fields": ("account", "through", "window_start", "window_end")}),)
    headings: ClassVar[dict[str, str]] = {"through": "everything read before"}
    when_empty = "No account has been read yet. Run manage.py sync_transactions."


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
        return (lease.holder or "somebody") if lease.token else "nobody"


def _open_rows() -> attention.Card:
    waiting = DeferredRow.objects.filter(status=DeferredStatus.OPEN)
    return attention.Card(
        title="Deferred rows of the Transactions API",
        count=bounded_count(waiting, most=attention.COUNTED_MAX),
        url=list_url(DeferredRow, f"status={DeferredStatus.OPEN.value}"),
        what_to_do="Read why, mend the cause, then try them again. Nothing of them is lost.",
        when_none="Every row could be applied.",
    )


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


def _last_sync(at: datetime) -> Panel:
    readings = account_readings(ButtonAccount.objects.order_by("pk")[: ACCOUNTS_SHOWN_MAX + 1])
    return Panel(
        title="Last sync of each Button account",
        headings=["Account", "Share mode", "Last good sync", "Last run", "#Rows", "Error"],
        rows=[_reading_cells(reading, at) for reading in readings[:ACCOUNTS_SHOWN_MAX]],
        empty=(
            "No Button account yet. Set BUTTON_API_KEY and run manage.py sync_accounts; "
            "the worker (manage.py qcluster) then polls each account by itself."
        ),
        more_url=list_url(ButtonAccount) if len(readings) > ACCOUNTS_SHOWN_MAX else "",
    )


def _reading_cells(reading: AccountReading, at: datetime) -> list[Any]:
    account, run, good = reading.account, reading.latest, reading.latest_good
    ended = utc_text(good.finished_at) if good else "never"
    is_overdue = account.confirmed_at is not None and is_late(reading, at)
    return [
        link(account, page_url(account)),
        account.share_mode,
        format_html("{} {}", ended, label("late", tone="warn")) if is_overdue else ended,
        link(label(run.status), page_url(run)) if run else "no run yet",
        f"{run.row_count:,}" if run else EMPTY,
        displayable(run.error) if run else "",
    ]


attention.register_card(
    "deferred-rows", _open_rows, permission="accounts_sync.view_deferredrow", order=30
)
attention.register_card("failed-syncs", _failing, permission="accounts_sync.view_syncrun", order=40)
attention.register_table("last-sync", _last_sync, permission="accounts_sync.view_syncrun", order=10)
