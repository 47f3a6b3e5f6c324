"""Lost webhooks: thirty days as a chart and a table, those that are lost, and what to do."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.safestring import SafeString

from accounts_sync.missed.chart import days_chart, seconds_text
from accounts_sync.missed.measuring import webhooks_since
from accounts_sync.missed.models import FoundChange, Measuring, ToldDay, Verdict
from accounts_sync.missed.queries import Day, business_day, days_until
from rewards_site.kernel import clock
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel, may_view
from rewards_site.kernel.admin.text import EMPTY, label, utc_text

DAYS_SHOWN = 30
_WHAT_TO_DO = (
    "At Button's Dashboard, see whether webhooks are paused (it pauses them by itself when one in "
    "ten fails) and resume them; compare their address with https://<this host>/webhooks/button/ "
    "and their secret with BUTTON_WEBHOOK_SECRETS. manage.py check_button says how many were "
    "refused. Nothing is lost of the money: the sync has booked every change in this list."
)


def detection_url() -> str:
    return reverse("admin:missed_foundchange_detection")


def verdict_label(found: FoundChange) -> SafeString:
    is_lost = found.verdict == Verdict.LOST
    return label("lost", tone="bad") if is_lost else label("late", tone="warn")


@admin.register(FoundChange)
class FoundChangeAdmin(ReadOnlyAdmin[FoundChange]):
    list_display = (
        *("change", "verdict_shown", "transaction", "modified_at", "found_at", "took", "told_at"),
    )
    list_select_related = ("transaction",)
    linked_by = ("transaction", "account", "day")
    list_filter = (
        choice_filter(
            "verdict",
            "verdict",
            {
                "lost": ("lost: no webhook came", Q(verdict=Verdict.LOST)),
                "late": ("late: it came after the sync", Q(verdict=Verdict.LATE)),
            },
        ),
    )
    search_fields = ("=tx_id",)
    search_help_text = "A whole tx id."
    intro = "Changes that no webhook had told when the sync booked them."
    headings: ClassVar[dict[str, str]] = {
        "modified_at": "webhook was due",
        "found_at": "booked by the sync",
        "told_at": "webhook came",
        "detect_seconds": "seconds from due to booked",
    }
    fieldsets = (
        (None, {"fields": ("tx_id", "status", "transaction", "account", "verdict_shown")}),
        ("Times", {"fields": ("modified_at", "found_at", "took", "told_at", "day")}),
        ("Booked by", {"fields": ("revision",)}),
    )
    when_empty = "The sync has found nothing that a webhook had not told."

    @admin.display(description="change")
    def change(self, found: FoundChange) -> str:
        return str(found)

    @admin.display(description="webhook")
    def verdict_shown(self, found: FoundChange) -> SafeString:
        return verdict_label(found)

    @admin.display(description="time to detect")
    def took(self, found: FoundChange) -> str:
        return seconds_text(found.detect_seconds)

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        detection = path(
            "detection/",
            self.admin_site.admin_view(detection_view),
            name="missed_foundchange_detection",
        )
        return [detection, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = [{"label": "By day", "url": detection_url()}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))


@admin.register(ToldDay)
class ToldDayAdmin(ReadOnlyAdmin[ToldDay]):
    list_display = ("day", "account", "webhook_count", "found_count", "lost_count")
    list_select_related = ("account",)
    linked_by = ("account",)
    headings: ClassVar[dict[str, str]] = {
        "webhook_count": "told by a webhook first",
        "found_count": "found by the sync",
        "lost_count": "of these lost",
    }
    intro = "Business days of each Button account: who told its changes first."
    fieldsets = (
        (None, {"fields": ("day", "account", "webhook_count", "found_count", "lost_count")}),
    )
    when_empty = "Nothing was told yet, or the worker has not looked: it does every five minutes."


@admin.register(Measuring)
class MeasuringAdmin(ReadOnlyAdmin[Measuring]):
    list_display = ("__str__", "measured_at", "revision_id", "event_id")
    headings: ClassVar[dict[str, str]] = {
        "revision_id": "revisions looked through, up to",
        "event_id": "webhooks looked through, up to",
    }
    fieldsets = ((None, {"fields": ("measured_at", "revision_id", "event_id")}),)
    when_empty = "The worker has not looked yet: it does every five minutes."


def detection_view(request: HttpRequest) -> TemplateResponse:
    if not may_view(request, FoundChange):
        raise PermissionDenied
    days = days_until(business_day(clock.now()), count=DAYS_SHOWN)
    measured_at = Measuring.objects.values_list("measured_at", flat=True).first()
    context = {
        **admin.site.each_context(request),
        "title": "Lost webhooks",
        "opts": FoundChange._meta,
        "chart": days_chart(days),
        "history": _history_words(),
        "measured_at": utc_text(measured_at),
        "panels": [days_panel(days), lost_panel()],
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "admin/detection.html", context)


def _history_words() -> str:
    since = webhooks_since()
    if since is None:
        return (
            "No webhook can be missed yet: BUTTON_WEBHOOK_SECRETS is not set, or none has ever "
            "arrived. manage.py check_button says what is missing."
        )
    return (
        f"Counted are changes since the first webhook came, {utc_text(since)}; what is older is "
        "history, and so are changes before GO_LIVE_AT, installs and test money."
    )


def days_panel(days: list[Day]) -> Panel:
    return Panel(
        title="By day",
        note="Business days, by when a change was first told. Times: from Button's modified date "
        "to when the sync had booked it, half and 99 of 100 of what it found.",
        headings=[
            *("Day", "#Told by webhooks", "#Webhook late", "#Lost", "#Share lost"),
            *("#p50 to detect", "#p99 to detect"),
        ],
        rows=[
            [
                link(day.day, list_url(FoundChange, f"day={day.day}")),
                f"{day.webhook_count:,}",
                f"{day.late_count:,}",
                f"{day.lost_count:,}",
                EMPTY if day.lost_percent is None else f"{day.lost_percent:.2f} %",
                seconds_text(day.p50_seconds),
                seconds_text(day.p99_seconds),
            ]
            for day in reversed(days)
            if day.total_count
        ],
        empty="Nothing was told in the last 30 days. The worker looks every five minutes.",
    )


def lost_panel() -> Panel:
    lost = (
        FoundChange.objects.filter(verdict=Verdict.LOST)
        .select_related("transaction")
        .order_by("-pk")[: ROWS_MAX + 1]
    )
    rows = [
        [
            link(found, page_url(found)),
            link(found.transaction, page_url(found.transaction)),
            utc_text(found.modified_at),
            utc_text(found.found_at),
            seconds_text(found.detect_seconds),
        ]
        for found in lost
    ]
    return Panel(
        title="Lost",
        note=_WHAT_TO_DO if rows else "",
        headings=["Change", "Order", "Webhook was due", "Booked by the sync", "#Time to detect"],
        rows=rows[:ROWS_MAX],
        empty="None: every change that the sync found was told by its webhook, too.",
        more_url=list_url(FoundChange, "verdict=lost") if len(rows) > ROWS_MAX else "",
    )


def _card() -> attention.Card:
    yesterday, today = days_until(business_day(clock.now()), count=2)
    shares = (
        f"Lost: {_share(today)} of what was told today, {_share(yesterday)} of yesterday's."
        if today.total_count or yesterday.total_count
        else "Changes that the sync found and no webhook told stand here."
    )
    return attention.Card(
        title="Webhooks lost since yesterday",
        count=today.lost_count + yesterday.lost_count,
        url=detection_url(),
        what_to_do=f"{shares} See whether Button's Dashboard has paused them.",
        when_none=shares,
    )


def _share(day: Day) -> str:
    return "none" if day.lost_percent is None else f"{day.lost_percent:g} %"


attention.register_card("missed", _card, permission="missed.view_foundchange", order=65)
