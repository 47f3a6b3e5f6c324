"""What the probes, /metrics and check_button say of catalogue and offers. Registered at start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Min
from prometheus_client import Metric

from offers.models import CatalogRun, Merchant, MerchantProfile, RefusedBrand, RunStatus
from offers.queries import SHOPPABLE
from offers.runs import last_good_at, latest_run
from rewards_site.button.errors import (
    ButtonMisconfigured,
    OffersRateLimited,
    OffersUnavailable,
)
from rewards_site.button.identifiers import shopper
from rewards_site.button.offers import offers_client
from rewards_site.health import inspections, metrics, registry
from rewards_site.health.inspections import Line

STALE = timedelta(days=3)
NOBODY = "check-button"
"""The user id that check_button asks for."""


def register() -> None:
    registry.register("catalogue", catalog_is_wrong)
    metrics.register("catalogue", catalog_metrics)
    inspections.register("catalogue", inspect_catalog)
    inspections.register("offers", inspect_offers)


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


def inspect_offers(_at: datetime) -> Iterator[Line]:
    """Ask the Offers API once, for a user that nobody is: it counts against the limit."""
    try:
        answer = offers_client().offers_for(shopper(NOBODY))
    except OffersRateLimited as error:
        yield inspections.warn(
            "offers",
            str(error).rstrip("."),
            f"wait {error.retry_after} s; if it stays so, compare BUTTON_OFFERS_RATE_LIMIT with "
            "what Button allows.",
        )
    except OffersUnavailable as error:
        yield inspections.fail(
            "offers",
            f"members get none: {error.__cause__ or error}".rstrip("."),
            "see the lines on BUTTON_API_KEY and the offers host.",
        )
    except ButtonMisconfigured as error:
        yield inspections.fail(
            "offers",
            f"members get none: {error}".rstrip("."),
            "set BUTTON_API_KEY and BUTTON_OFFERS_URL.",
        )
    else:
        count = len(answer.merchants)
        yield inspections.ok(
            "offers", f"Button answers (with {count:,} brands, for a user that nobody is)"
        )


def _wanted_since() -> datetime | None:
    """Since when there has been something to read, where nothing was read yet."""
    firsts = [
        CatalogRun.objects.aggregate(first=Min("started_at"))["first"],
        Merchant.objects.aggregate(first=Min("first_seen_at"))["first"],
    ]
    return min((first for first in firsts if first is not None), default=None)
