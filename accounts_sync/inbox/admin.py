"""The inbox: webhook events as they came, and trying the deferred ones again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts_sync.deferral_panels import decisions_panel
from accounts_sync.deferred_items import ItemRef, Source, with_verdict
from accounts_sync.deferred_verbs import verbs_for
from accounts_sync.inbox.models import (
    BodyArchive,
    DeferredDecision,
    EventStatus,
    Verdict,
    WebhookEvent,
)
from accounts_sync.inbox.replay import replay_event
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, ServiceAdmin
from rewards_site.kernel.admin.text import displayable, evidence_html, label, utc_text
from transactions.told import Outcome


def _try_again(attempt: Attempt[WebhookEvent]) -> Outcome:
    return replay_event(event_id=attempt.row.pk, actor=attempt.actor, at=attempt.at)


def _is_rejected(event: WebhookEvent) -> bool:
    """By staff; what was no event at all was never deferred."""
    return getattr(event, "verdict", None) == Verdict.REJECTED


@admin.register(WebhookEvent)
class WebhookEventAdmin(ServiceAdmin[WebhookEvent]):
    verbs = verbs_for(
        ref_of=lambda event: ItemRef(Source.EVENT, event.pk),
        is_open=lambda event: event.status == EventStatus.DEFERRED,
        is_rejected=_is_rejected,
        try_again=_try_again,
        replay_permission="inbox.replay_webhookevent",
    )
    list_display = (
        "name",
        "received_at",
        "event_type",
        "tx_id",
        "status",
        "reason",
        "delivery_count",
        "attempt_count",
    )
    list_defer = ("body",)
    list_filter = (word_filter("status", EventStatus.values),)
    search_fields = ("=hook_id", "=tx_id")
    search_help_text = "A whole webhook id (hook-…) or tx id."
    linked_by = ("transaction", "beside")
    headings: ClassVar[dict[str, str]] = {
        "delivery_count": "deliveries",
        "attempt_count": "tries",
        "not_before": "tried again by itself",
        "last_attempt_at": "last tried",
        "is_test": "signed by a test secret",
    }
    fieldsets = (
        (None, {"fields": ("name", "event_type", "tx_id", "transaction", "is_test", "beside")}),
        (
            "What became of it",
            {
                "fields": (
                    "status",
                    "reason",
                    "received_at",
                    "delivery_count",
                    "attempt_count",
                    "last_attempt_at",
                    "not_before",
                )
            },
        ),
        ("The body, as it came", {"fields": ("body_shown", "body_digest", "archived_in")}),
    )
    when_empty = (
        "No webhook yet. Give Button the address of POST /webhooks/button/ and set "
        "BUTTON_WEBHOOK_SECRETS; manage.py check_button says what is missing."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        return with_verdict(super().get_queryset(request), "event")

    def panels(self, request: HttpRequest, row: WebhookEvent) -> list[Panel]:
        return [decisions_panel(ItemRef(Source.EVENT, row.pk))]

    @admin.display(description="webhook id")
    def name(self, event: WebhookEvent) -> str:
        return displayable(str(event))

    @admin.display(description="body")
    def body_shown(self, event: WebhookEvent) -> SafeString:
        if event.archived_in is None:
            return evidence_html(bytes(event.body))
        return format_html(
            '<p>Archived in {}. <span class="quiet">«manage.py archive_webhooks --show {}» prints '
            "it.</span></p>",
            event.archived_in.name,
            displayable(str(event)) if event.hook_id else event.pk,
        )

    def confirmation_panels(self, rows: Sequence[WebhookEvent]) -> list[Panel]:
        return [
            Panel(
                title="Events",
                headings=["Event", "Received", "Type", "tx id", "Why it was deferred"],
                rows=[
                    [
                        event,
                        utc_text(event.received_at),
                        event.event_type,
                        event.tx_id,
                        event.reason,
                    ]
                    for event in rows
                ],
                empty="",
            )
        ]


@admin.register(BodyArchive)
class BodyArchiveAdmin(ReadOnlyAdmin[BodyArchive]):
    list_display = (
        "name",
        "received_first",
        "received_last",
        "event_count",
        "body_bytes",
        "file_bytes",
        "archived_at",
        "emptied_at",
    )
    intro = "Files in INBOX_ARCHIVE_DIR with bodies of settled webhook events, by age."
    headings: ClassVar[dict[str, str]] = {
        "received_first": "received from",
        "received_last": "to",
        "event_count": "events",
        "body_bytes": "bytes of bodies",
        "file_bytes": "bytes of the file",
        "emptied_at": "out of the database since",
        "sha256": "SHA-256 of the file",
        "first_event_id": "from event",
        "last_event_id": "to event",
    }
    fieldsets = (
        (None, {"fields": ("name", "number", "sha256", "file_bytes")}),
        (
            "What it holds",
            {
                "fields": (
                    "event_count",
                    "body_bytes",
                    "received_first",
                    "received_last",
                    "first_event_id",
                    "last_event_id",
                )
            },
        ),
        ("When", {"fields": ("archived_at", "emptied_at")}),
    )
    when_empty = (
        "No body was archived: all of them are in the database. INBOX_BODY_MONTHS and "
        "INBOX_ARCHIVE_DIR have the worker move old ones out of it."
    )


@admin.register(DeferredDecision)
class DeferredDecisionAdmin(ReadOnlyAdmin[DeferredDecision]):
    list_display = ("decided_at", "verdict_shown", "about", "actor", "approver", "reason")
    list_select_related = ("event", "row", "actor", "approver")
    list_defer = ("event__body", "row__row")
    list_filter = (word_filter("verdict", Verdict.values),)
    linked_by = ("event", "row", "transaction")
    fieldsets = (
        (None, {"fields": ("verdict_shown", "event", "row", "transaction", "deferred_because")}),
        ("Decided", {"fields": ("decided_at", "actor", "approver", "reason")}),
    )
    headings: ClassVar[dict[str, str]] = {"approver": "approved by", "actor": "by"}
    when_empty = (
        "Nobody has decided about anything deferred yet. Open one from the queue to accept or "
        "reject it."
    )

    @admin.display(description="verdict")
    def verdict_shown(self, decision: DeferredDecision) -> SafeString:
        return label(decision.verdict)

    @admin.display(description="about")
    def about(self, decision: DeferredDecision) -> str:
        return displayable(str(decision.event or decision.row))
