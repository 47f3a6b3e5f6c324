"""The inbox: webhook events as they came, and trying the deferred ones again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin, messages

from accounts_sync.inbox.models import EventStatus, WebhookEvent
from accounts_sync.inbox.replay import replay_event
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, ConfirmForm, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import displayable, utc_text
from transactions.told import Outcome, OutcomeKind

_LEVELS = {
    OutcomeKind.APPLIED: messages.SUCCESS,
    OutcomeKind.IGNORED: messages.SUCCESS,
    OutcomeKind.DEFERRED: messages.WARNING,
}


def done(outcome: Outcome) -> Done:
    words = {
        OutcomeKind.APPLIED: "applied.",
        OutcomeKind.IGNORED: f"settled, nothing to change: {outcome.reason}.",
        OutcomeKind.DEFERRED: f"still deferred: {outcome.reason}.",
    }
    return Done(message=words[outcome.kind], level=_LEVELS[outcome.kind])


def _try_again(attempt: Attempt[WebhookEvent]) -> Done:
    outcome = replay_event(event_id=attempt.row.pk, actor=attempt.actor, at=attempt.at)
    return done(outcome)


def _cannot_be_tried(event: WebhookEvent) -> str:
    return "" if event.status == EventStatus.DEFERRED else f"it is {event.status}, not deferred"


TRY_AGAIN: Verb[WebhookEvent] = Verb(
    name="try-again",
    label="Try again",
    permission="inbox.replay_webhookevent",
    what_happens=(
        "The stored body is read and applied again, as if Button had just sent it. "
        "Safe to repeat: what is booked already is not booked twice."
    ),
    perform=_try_again,
    form=ConfirmForm,
    objection=_cannot_be_tried,
    is_logged_here=False,
)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ServiceAdmin[WebhookEvent]):
    verbs = (TRY_AGAIN,)
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
        ("The body, as it came", {"fields": ("body", "body_digest")}),
    )
    when_empty = (
        "No webhook yet. Give Button the address of POST /webhooks/button/ and set "
        "BUTTON_WEBHOOK_SECRETS; manage.py check_button says what is missing."
    )

    @admin.display(description="webhook id")
    def name(self, event: WebhookEvent) -> str:
        return displayable(str(event))

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


def _deferred() -> attention.Card:
    waiting = WebhookEvent.objects.filter(status=EventStatus.DEFERRED)
    return attention.Card(
        title="Deferred webhook events",
        count=bounded_count(waiting, most=attention.COUNTED_MAX),
        url=list_url(WebhookEvent, f"status={EventStatus.DEFERRED.value}"),
        what_to_do="Read why, mend the cause, then try them again. Nothing of them is lost.",
        when_none="Every event could be applied.",
    )


attention.register_card(
    "deferred-events", _deferred, permission="inbox.view_webhookevent", order=20
)
