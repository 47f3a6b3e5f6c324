"""Admin: rows of the Transactions API that could not be applied, and the queue of all such."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, path
from django.utils.safestring import SafeString

from accounts_sync.deferral_panels import decisions_panel
from accounts_sync.deferred import replay_row
from accounts_sync.deferred_items import ItemRef, Source, with_verdict
from accounts_sync.deferred_queue import queue_view
from accounts_sync.deferred_verbs import verbs_for
from accounts_sync.inbox.models import Verdict
from accounts_sync.models import DeferredRow, DeferredStatus
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, ServiceAdmin
from rewards_site.kernel.admin.text import evidence_html, label, utc_text
from transactions.told import Outcome


def _try_again(attempt: Attempt[DeferredRow]) -> Outcome:
    return replay_row(row_id=attempt.row.pk, actor=attempt.actor, at=attempt.at)


def _is_rejected(row: DeferredRow) -> bool:
    return getattr(row, "verdict", None) == Verdict.REJECTED


@admin.register(DeferredRow)
class DeferredRowAdmin(ServiceAdmin[DeferredRow]):
    verbs = verbs_for(
        ref_of=lambda row: ItemRef(Source.ROW, row.pk),
        is_open=lambda row: row.status == DeferredStatus.OPEN,
        is_rejected=_is_rejected,
        try_again=_try_again,
        replay_permission="accounts_sync.replay_deferredrow",
    )
    list_display = ("name", "account", "state", "reason", "first_seen_at", "seen_count")
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
        (None, {"fields": ("name", "account", "transaction", "state", "reason")}),
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeferredRow]:
        return with_verdict(super().get_queryset(request), "row")

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]  # as its base
        mine: list[URLPattern | URLResolver] = [
            path(
                "queue/",
                self.admin_site.admin_view(queue_view),
                name="accounts_sync_deferredrow_queue",
            )
        ]
        return mine + super().get_urls()

    @admin.display(description="tx id")
    def name(self, row: DeferredRow) -> str:
        return str(row)

    @admin.display(description="status")
    def state(self, row: DeferredRow) -> SafeString:
        verdict = getattr(row, "verdict", None)
        return label(row.status if row.status == DeferredStatus.OPEN else verdict or row.status)

    @admin.display(description="row")
    def evidence(self, row: DeferredRow) -> str:
        return evidence_html(row.row)

    def panels(self, request: HttpRequest, row: DeferredRow) -> list[Panel]:
        return [decisions_panel(ItemRef(Source.ROW, row.pk))]

    def confirmation_panels(self, rows: Sequence[DeferredRow]) -> list[Panel]:
        shown: list[list[Any]] = [
            [row, row.account_id, utc_text(row.first_seen_at), row.reason] for row in rows
        ]
        return [
            Panel(
                title="Rows",
                headings=["tx id", "Account", "First seen", "Why it was deferred"],
                rows=shown,
                empty="",
            )
        ]
