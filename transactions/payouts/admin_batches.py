"""Batches: their list and their page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path, reverse

from rewards_site.kernel import clock
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import (
    ServiceAdmin,
)
from transactions.payouts import (
    admin_files,
    admin_panels,
)
from transactions.payouts.admin_collect import collect_view
from transactions.payouts.admin_verbs import COLLECT, VERBS
from transactions.payouts.advice import next_step
from transactions.payouts.models import PayoutBatch
from transactions.payouts.states import BatchStatus


@admin.register(PayoutBatch)
class PayoutBatchAdmin(ServiceAdmin[PayoutBatch]):
    change_list_template = "admin/list_with_tools.html"
    change_form_template = "admin/payout_batch.html"
    list_display = (
        *("public_id", "status", "currency", "method", "provider", "item_count", "total_minor"),
        *("made_at", "last_answer"),
    )
    list_filter = (word_filter("status", list(BatchStatus)),)
    search_fields = ("=public_id", "=provider_batch_id")
    search_help_text = "A batch's id, ours or the provider's."
    intro = "Approved redemptions of one currency and method, paid together."
    when_empty = (
        "No batch yet. «Collect» puts every approved redemption of one currency and method into a "
        "batch; nothing is paid by that."
    )
    headings: ClassVar[dict[str, str]] = {
        "public_id": "batch",
        "item_count": "payments",
        "total_minor": "total",
        "unsure_since": "nobody knows since",
        "attempt_count": "times sent, or tried",
        "ask_count": "answers had",
        "claimed_until": "somebody talks to the provider until",
    }
    fieldsets = (
        (None, {"fields": ("public_id", "status", "item_count", "total_minor", "method")}),
        (
            "At the provider",
            {
                "fields": (
                    *("provider", "provider_batch_id", "last_answer", "unsure_since"),
                    *("attempt_count", "first_sent_at", "last_sent_at", "ask_count", "asked_at"),
                    *("next_ask_at", "claimed_until"),
                )
            },
        ),
        (
            "Who and when",
            {
                "fields": (
                    *("made_by", "made_at", "closed_by", "closed_at", "sent_by", "approved_by"),
                    *("sending_at", "accepted_at", "settled_at", "cancelled_at"),
                )
            },
        ),
    )
    list_select_related = ("made_by", "closed_by", "sent_by", "approved_by")
    verbs = VERBS

    def confirmation_panels(self, rows: Sequence[PayoutBatch]) -> list[Panel]:
        return [admin_panels.totals(rows)]

    def panels(self, request: HttpRequest, row: PayoutBatch) -> list[Panel]:
        return [
            admin_panels.by_status(row),
            admin_panels.items(row),
            admin_panels.steps(row),
            admin_panels.answers(row),
        ]

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        view = self.admin_site.admin_view
        mine: list[URLPattern | URLResolver] = [
            path("collect/", view(self.collect), name="payouts_collect"),
            path("<int:key>/export/", view(self.export), name="payouts_export"),
            path("<int:key>/result/", view(self.result), name="payouts_result"),
        ]
        return mine + super().get_urls()

    def collect(self, request: HttpRequest) -> HttpResponse:
        return collect_view(self, request)

    def export(self, request: HttpRequest, key: int) -> HttpResponse:
        return admin_files.export_view(self, request, key)

    def result(self, request: HttpRequest, key: int) -> HttpResponse:
        return admin_files.result_view(self, request, key)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        if request.user.has_perm(COLLECT):
            tools = [{"label": "Collect", "url": reverse("admin:payouts_collect")}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = {}
        if row is not None and self.has_view_permission(request, row):
            context = {
                "next_step": next_step(row, at=clock.now()),
                "tools": admin_files.tools(request.user, row),
            }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))
