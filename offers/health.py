"""What the probes, /metrics and check_button say of the catalogue. Registered at start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Min
from prometheus_client import Metric

from offers.models import CatalogRun, Merchant, MerchantProfile, RefusedBrand, RunStatus
from offers.queries import SHOPPABLE
from offers.runs import last_good_at, latest_run
from rewards_site.health import inspections, metrics, registry
from rewards_site.health.inspections import Line

STALE = timedelta(days=3)


def register() -> None:
    registry.register("catalogue", catalog_is_wrong)
    metrics.register("catalogue", catalog_metrics)
    inspections.register("catalogue", inspect_catalog)


def catalog_is_wrong(at: datetime) -> str:
    """Whether the brands were not read for 3 days, or the last run failed."""
    said = []
    good_at = last_good_at(before=at)
    since = good_at or _wanted_since()
    if since is not None and since < at - STALE:
        said.append(
            f"the brands were last read at {good_at:%Y-%m-%d %H:%M} UTC"
            if good_at
            else "the brands were never read: run manage.py sync_merchants"
        )
    latest = latest_run()
    if latest is not None and latest.status == RunStatus.FAILED:
        said.append("the last reading of the brands failed")
    return "; ".join(said)


def catalog_metrics(at: datetime) -> Iterator[Metric]:
    good_at = last_good_at(before=at)
    if good_at is not None:
        yield metrics.gauge(
            "rewards_catalogue_age_seconds",
            "Since the brands were last read.",
            (at - good_at).total_seconds(),
        )
    shoppable = MerchantProfile.objects.filter(SHOPPABLE).count()
    described = MerchantProfile.objects.count()
    counts = {
        "active": shoppable,
        "inactive": described - shoppable,
        "not_described": Merchant.objects.filter(profile=None).count(),
    }
    yield metrics.gauges(
        "rewards_merchants",
        "Merchants, by whether shoppers may go there.",
        labels=["status"],
        samples=[((status,), count) for status, count in counts.items()],
    )
    yield metrics.gauge(
        "rewards_brands_refused",
        "Rows of the Brands API that cannot be used, as long as Button lists them.",
        RefusedBrand.objects.filter(settled_at=None).count(),
    )


def inspect_catalog(at: datetime) -> Iterator[Line]:
    good_at = last_good_at(before=at)
    if good_at is None:
        yield inspections.warn(
            "catalogue", "the brands were never read", "run manage.py sync_merchants."
        )
        return
    wrong = catalog_is_wrong(at)
    if wrong:
        yield inspections.warn(
            "catalogue", wrong, "run manage.py sync_merchants and see what it says."
        )
    else:
        listed = MerchantProfile.objects.filter(unlisted_since=None).count()
        yield inspections.ok(
            "catalogue", f"{listed:,} listed, last read at {good_at:%Y-%m-%d %H:%M} UTC"
        )


def _wanted_since() -> datetime | None:
    """Since when there has been something to read, where nothing was read yet."""
    firsts = [
        CatalogRun.objects.aggregate(first=Min("started_at"))["first"],
        Merchant.objects.aggregate(first=Min("first_seen_at"))["first"],
    ]
    return min((first for first in firsts if first is not None), default=None)
