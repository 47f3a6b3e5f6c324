"""Deliveries and their attempts as staff see them; subscriptions have a file of their own."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.attention import COUNTED_MAX, Card, register_card
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY, label, utc_text
from rewards_site.notifications.models import Notice
from rewards_site.outward import services, subscription_pages
from rewards_site.outward.health import ids
from rewards_site.outward.models import (
    OPEN,
    UNSENT,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    SubscriptionStatus,
)
from rewards_site.outward.payload import webhook_id
from rewards_site.outward.subscription_verbs import REPLAY

_STATES = {
    "waiting": ("waiting", Q(status__in=OPEN)),
    "delivered": ("delivered", Q(status=DeliveryStatus.DELIVERED)),
    "unsent": ("not delivered", Q(status__in=UNSENT)),
    "dead": ("given up", Q(status=DeliveryStatus.DEAD)),
    "held": ("held", Q(status=DeliveryStatus.HELD)),
}


def _replay(attempt: Attempt[Delivery]) -> Done:
    services.replay_delivery(pk=attempt.row.pk, reason=attempt.reason, at=attempt.at)
    return Done(message="due again, with its old number. It goes out within a minute.")


def _no_replay(row: Delivery) -> str:
    if row.status not in UNSENT:
        return f"it is {row.get_status_display()}"
    if row.subscription.status == SubscriptionStatus.OFF:
        return "its subscription is switched off: resume that first"
    return ""


@admin.register(Delivery)
class DeliveryAdmin(ServiceAdmin[Delivery]):
    list_display = (
        *("event", "subscription", "state", "attempt_count", "next_attempt", "last_answer"),
        *("ended_at", "created_at"),
    )
    list_select_related = ("subscription",)
    list_filter = (choice_filter("state", "state", _STATES),)
    linked_by = ("subscription",)
    search_fields = ("=public_id",)
    search_help_text = "A whole webhook-id, with msg_ or without."
    fieldsets = (
        (None, {"fields": ("subscription", "event", "webhook_id", "state", "notice")}),
        ("Attempts", {"fields": ("attempt_count", "next_attempt", "last_answer")}),
        ("Life", {"fields": ("created_at", "due_since", "ended_at")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "attempt_count": "attempts",
        "ended_at": "ended",
        "created_at": "numbered",
    }
    intro = "Each event for each subscription, with its number. Old ones are forgotten."
    when_empty = (
        "No event yet. Make a subscription, and what happens from then on stands here, with what "
        "came of it."
    )
    verbs = (
        Verb(
            name="replay",
            label="Send again",
            permission=REPLAY,
            what_happens="It goes out again within a minute, with its old number and its old "
            "webhook-id, and is tried for three days.",
            perform=_replay,
            objection=_no_replay,
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        return super().get_search_results(
            request, queryset, search_term.strip().removeprefix("msg_")
        )

    @admin.display(description="event")
    def event(self, row: Delivery) -> str:
        return str(row)

    @admin.display(description="webhook-id")
    def webhook_id(self, row: Delivery) -> str:
        return webhook_id(row)

    @admin.display(description="state")
    def state(self, row: Delivery) -> SafeString:
        tone = subscription_pages.DELIVERY_TONES[row.status]
        return label(row.status, tone=tone, text=row.get_status_display())

    @admin.display(description="next attempt")
    def next_attempt(self, row: Delivery) -> str:
        return utc_text(row.not_before) if row.status == DeliveryStatus.DUE else EMPTY

    @admin.display(description="last answer")
    def last_answer(self, row: Delivery) -> str:
        return row.last_error or (str(row.last_status) if row.last_status else EMPTY)

    def panels(self, request: HttpRequest, row: Delivery) -> list[Panel]:
        attempts = DeliveryAttempt.objects.filter(delivery=row).order_by("-number")[:50]
        return [
            Panel(
                title="Attempts",
                headings=["#Number", "At", "#Milliseconds", "#Answer", "What was wrong"],
                rows=[
                    (one.number, utc_text(one.at), one.duration_ms, one.status or EMPTY, one.error)
                    for one in attempts
                ],
                empty="It was not tried yet. The worker does so once a minute.",
                note="A number that is missing was begun, and its process died over it.",
            )
        ]


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnlyAdmin[DeliveryAttempt]):
    list_display = ("number", "delivery", "at", "duration_ms", "status", "error")
    list_select_related = ("delivery",)
    linked_by = ("delivery",)
    fieldsets = (
        (None, {"fields": ("delivery", "number", "at", "duration_ms", "status", "error")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "duration_ms": "milliseconds",
        "status": "answer",
        "error": "what was wrong",
    }
    when_empty = "No event was sent yet."


def _undelivered() -> Card:
    dead = Delivery.objects.filter(subscription__in=ids(), status=DeliveryStatus.DEAD)
    return Card(
        title="Outward events given up",
        count=bounded_count(dead, most=COUNTED_MAX),
        url=list_url(Delivery, "state=dead"),
        what_to_do="See why in the last answer, have the receiver mended, and send them again.",
        when_none="Events that a receiver did not take for three days appear here.",
        tone="bad",
    )


def _told(request: HttpRequest, row: Notice) -> list[Panel]:
    """On a notice's page: which systems were told of the same."""
    if not panels.may_view(request, Delivery):
        return []
    found = Delivery.objects.filter(subscription__in=ids(), notice=row).order_by("pk")
    return [
        Panel(
            title="Told to other systems",
            headings=["Subscription", "Event", "State", "Last answer"],
            rows=[
                (
                    one.subscription.name,
                    link(one, page_url(one)),
                    label(one.status, tone=subscription_pages.DELIVERY_TONES[one.status]),
                    one.last_error or one.last_status or EMPTY,
                )
                for one in found.select_related("subscription")
            ],
            empty="No subscription chose it, or it was not fanned out yet, or it was long ago.",
        )
    ]


panels.register(Notice, _told)
register_card("outward events", _undelivered, permission="outward.view_delivery", order=70)
