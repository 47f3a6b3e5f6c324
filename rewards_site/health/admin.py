"""How we run: alarms now and past, their messages, workers, and what the counts rest on."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString

from rewards_site.health import heartbeat
from rewards_site.health.models import Alarm, Channel, Figures, Heartbeat, Notice, Tally, Turn
from rewards_site.kernel import clock
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, label, utc_text


@admin.register(Alarm)
class AlarmAdmin(ReadOnlyAdmin[Alarm]):
    list_display = ("name", "state", "what", "opened_at", "last_seen_at", "closed_at")
    list_filter = (
        choice_filter(
            "state",
            "state",
            {
                "open": ("open", Q(closed_at__isnull=True)),
                "over": ("over", Q(closed_at__isnull=False)),
            },
        ),
    )
    headings: ClassVar[dict[str, str]] = {
        "name": "check",
        "last_seen_at": "last seen",
        "clear_since": "nothing found since",
        "told_at": "last told",
        "told_count": "times told",
    }
    fieldsets = (
        (None, {"fields": ("name", "state", "what")}),
        ("Times", {"fields": ("opened_at", "last_seen_at", "clear_since", "closed_at")}),
        ("Told", {"fields": ("told_at", "told_count")}),
    )
    when_empty = "Nothing has been wrong yet. What health checks find stands here, now and past."

    @admin.display(description="state")
    def state(self, alarm: Alarm) -> SafeString:
        return label("over") if alarm.closed_at else label("open", tone="bad")

    def panels(self, request: HttpRequest, row: Alarm) -> list[Panel]:
        notices = row.notices.order_by("pk")[:200]
        return [
            Panel(
                title="Messages",
                headings=["Written", "What", "By", "Sent", "Tries", "Why not"],
                rows=[
                    [
                        utc_text(notice.created_at),
                        notice.get_kind_display(),
                        notice.get_channel_display(),
                        utc_text(notice.sent_at),
                        notice.attempt_count,
                        notice.error or EMPTY,
                    ]
                    for notice in notices
                ],
                empty="Nobody was told: it was over too soon, or neither ALERT_EMAILS nor "
                "ALERT_WEBHOOK_URL is set.",
            )
        ]


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin[Notice]):
    list_display = ("alarm", "kind", "channel", "created_at", "sent_at", "attempt_count", "error")
    list_select_related = ("alarm",)
    list_filter = (word_filter("channel", Channel.values),)
    linked_by = ("alarm",)
    headings: ClassVar[dict[str, str]] = {"attempt_count": "tries", "error": "why not"}
    fieldsets = (
        (None, {"fields": ("alarm", "kind", "channel", "what")}),
        ("Sending", {"fields": ("created_at", "sent_at", "attempt_count", "not_before", "error")}),
    )
    when_empty = "No alarm has been told by e-mail or webhook yet."


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin[Heartbeat]):
    list_display = ("name", "state", "beat_at", "started_at", "restart_count", "ended_at")
    headings: ClassVar[dict[str, str]] = {"beat_at": "last beat", "restart_count": "restarts"}
    fieldsets = (
        (None, {"fields": ("name", "state", "restart_count")}),
        ("Times", {"fields": ("started_at", "beat_at", "ended_at", "beat_count")}),
    )
    when_empty = "No worker has ever run: start manage.py qcluster."

    @admin.display(description="state")
    def state(self, row: Heartbeat) -> SafeString:
        if row.ended_at:
            return label("stopped")
        if clock.now() - row.beat_at < heartbeat.ALIVE:
            return label("alive", tone="good")
        return label("silent", tone="bad")


@admin.register(Turn)
class TurnAdmin(ReadOnlyAdmin[Turn]):
    list_display = ("name", "due_at")
    fieldsets = ((None, {"fields": ("name", "due_at")}),)
    when_empty = "Nothing is done in turns yet: neither web server nor worker has run."


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin[Tally]):
    list_display = ("key", "value")
    fieldsets = ((None, {"fields": ("key", "value")}),)
    when_empty = "Nothing has been counted yet."


@admin.register(Figures)
class FiguresAdmin(ReadOnlyAdmin[Figures]):
    list_display = ("name", "taken_at")
    list_defer = ("samples",)
    fieldsets = ((None, {"fields": ("name", "taken_at", "samples")}),)
    when_empty = "The worker takes the first figures within a quarter of an hour."
