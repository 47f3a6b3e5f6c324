"""What health, the health page's figures and /metrics say of lost webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from prometheus_client import Metric

from accounts_sync.missed.models import Measuring
from accounts_sync.missed.queries import Day, business_day, day_of, days_until
from rewards_site.health import metrics, registry
from rewards_site.health.metrics import gauge, gauges

CHECK = "webhooks lost"


def register() -> None:
    registry.register(CHECK, webhooks_are_lost)
    registry.register_figure("webhooks_lost_percent_today", lost_percent_today)
    metrics.register("missed", _samples)


def webhooks_are_lost(at: datetime) -> str:
    """Whether more of the day's webhooks are lost than may be; of yesterday's, early in the day."""
    yesterday, today = days_until(business_day(at), count=2)
    enough = settings.MISSED_WEBHOOKS_ALARM_COUNT
    judged = today if today.total_count >= enough else yesterday
    return _words(judged, when="today" if judged is today else "yesterday")


def _words(day: Day, *, when: str) -> str:
    percent = settings.MISSED_WEBHOOKS_ALARM_PERCENT
    is_few = day.lost_count < settings.MISSED_WEBHOOKS_ALARM_COUNT
    if is_few or 100 * day.lost_count <= percent * day.total_count:
        return ""
    return (
        f"{day.lost_count} of {day.total_count} changes {when} were told by no webhook "
        f"({day.lost_percent:g} %, the limit is {percent} %): see whether Button's Dashboard says "
        "that webhooks are paused, and compare their address and secret with ours"
    )


def lost_percent_today(at: datetime) -> float | None:
    return day_of(at).lost_percent


def _samples(at: datetime) -> Iterator[Metric]:
    days = dict(zip(("yesterday", "today"), days_until(business_day(at), count=2), strict=True))
    yield gauges(
        "rewards_webhook_changes",
        "Changes of transactions told on a business day, by whom first: a webhook, the sync with "
        "the webhook coming late, or the sync alone (lost).",
        labels=["day", "told"],
        samples=[
            ((name, told), count)
            for name, day in days.items()
            for told, count in (
                ("webhook", day.webhook_count),
                ("late", day.late_count),
                ("lost", day.lost_count),
            )
        ],
    )
    yield gauges(
        "rewards_webhooks_lost_ratio",
        "Share of a business day's changes that no webhook has told, from 0 to 1; none where "
        "nothing was told.",
        labels=["day"],
        samples=[
            ((name,), day.lost_count / day.total_count)
            for name, day in days.items()
            if day.total_count
        ],
    )
    yield gauges(
        "rewards_webhooks_missed_detect_seconds",
        "From Button's modified_date to when the sync booked what no webhook had told by then.",
        labels=["day", "of"],
        samples=[
            ((name, of), seconds)
            for name, day in days.items()
            for of, seconds in (("p50", day.p50_seconds), ("p99", day.p99_seconds))
            if seconds is not None
        ],
    )
    measured_at = Measuring.objects.values_list("measured_at", flat=True).first()
    if measured_at is not None:
        yield gauge(
            "rewards_webhooks_measured_timestamp_seconds",
            "When it was last looked who told what first.",
            measured_at.timestamp(),
        )
