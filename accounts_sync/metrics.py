"""What /metrics tells of webhooks and of the sync. Registered when the room starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from statistics import median

from prometheus_client import Metric

from accounts_sync.inbox.counts import REFUSED, TAKEN
from accounts_sync.inbox.models import EventStatus, WebhookEvent
from accounts_sync.models import DeferredRow, DeferredStatus, RunStatus, SyncRun, Watermark
from accounts_sync.queries import account_readings
from rewards_site.health import metrics, tallies
from rewards_site.health.metrics import counters, gauge, gauges
from rewards_site.kernel.admin.paging import bounded_count
from transactions.models import ButtonAccount, Source, TransactionRevision

LAG_OF = 100
"""The lag is that of the webhooks among so many of the latest revisions."""
RUNS_WITHIN = timedelta(hours=24)
RUNS_MAX = 5_000


def register() -> None:
    metrics.register("webhooks", _webhooks)
    metrics.register("sync", _sync)


def _webhooks(_at: datetime) -> Iterator[Metric]:
    yield counters(
        "rewards_webhooks_taken",
        "Signed deliveries, by what became of them and by event type.",
        labels=["status", "event_type"],
        samples=[(_pair(key), count) for key, count in tallies.values(TAKEN).items()],
    )
    yield counters(
        "rewards_webhooks_refused",
        "Requests refused at the webhooks' door, by HTTP status.",
        labels=["code"],
        samples=[((code,), count) for code, count in tallies.values(REFUSED).items()],
    )
    yield gauge(
        "rewards_webhooks_deferred",
        "Events that wait because they could not be applied; 10,001 stands for more than 10,000.",
        bounded_count(WebhookEvent.objects.filter(status=EventStatus.DEFERRED)),
    )
    newest = WebhookEvent.objects.order_by("-id").values_list("received_at", flat=True).first()
    if newest is not None:
        yield gauge(
            "rewards_webhook_last_received_timestamp_seconds",
            "When the newest stored webhook came.",
            newest.timestamp(),
        )
    lags = _lags()
    if lags:
        yield gauges(
            "rewards_webhook_lag_seconds",
            "From Button's modified_date to our receipt, of the latest webhooks that changed an "
            "order.",
            labels=["of"],
            samples=[(("median",), median(lags)), (("worst",), max(lags))],
        )


def _lags() -> list[float]:
    latest = TransactionRevision.objects.order_by("-id").values_list(
        "source", "occurred_at", "read_at"
    )[:LAG_OF]
    return [
        max(0.0, (read_at - occurred_at).total_seconds())
        for source, occurred_at, read_at in latest
        if source == Source.WEBHOOK
    ]


def _sync(at: datetime) -> Iterator[Metric]:
    confirmed = ButtonAccount.objects.filter(confirmed_at__isnull=False).order_by("pk")
    readings = account_readings(confirmed)
    read_at = {
        row.account.account_id: row.latest_good.finished_at
        if row.latest_good
        else row.account.confirmed_at
        for row in readings
    }
    yield gauges(
        "rewards_sync_age_seconds",
        "How long ago the last good reading of an account ended; before the first, since it is "
        "known.",
        labels=["account"],
        samples=[((key,), (at - then).total_seconds()) for key, then in read_at.items() if then],
    )
    yield gauges(
        "rewards_sync_watermark_age_seconds",
        "How far behind an account's watermark is: everything modified before it was read.",
        labels=["account"],
        samples=[
            ((mark.account_id,), (at - mark.through).total_seconds())
            for mark in Watermark.objects.order_by("pk")
            if mark.through
        ],
    )
    latest = SyncRun.objects.order_by("-id").values_list("kind", "status", "started_at")[:RUNS_MAX]
    recent = Counter(
        (kind, status) for kind, status, started_at in latest if started_at >= at - RUNS_WITHIN
    )
    recent.update({("transactions", status.value): 0 for status in RunStatus})
    yield gauges(
        "rewards_sync_runs_recent",
        "Runs of the last 24 hours (of the latest 5,000), by kind and status.",
        labels=["kind", "status"],
        samples=[(pair, count) for pair, count in sorted(recent.items())],
    )
    yield gauge(
        "rewards_sync_rows_deferred",
        "Rows of the API that could not be applied; 10,001 stands for more than 10,000.",
        bounded_count(DeferredRow.objects.filter(status=DeferredStatus.OPEN)),
    )


def _pair(key: str) -> tuple[str, str]:
    taken, _, event_type = key.partition(":")
    return taken, event_type
