"""What the landing page and the alarms say of the expected dates. Registered at start."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef

from offers.brandrecord.models import BrandMeasure, BrandRecord
from rewards_site.health import registry

STALE = timedelta(days=3)
_NAMED_MAX = 3


def register() -> None:
    registry.register("expected dates", dates_are_wrong)


def dates_are_wrong(at: datetime) -> str:
    """Which brands' orders fall outside what is expected of them, and whether nobody measures."""
    return "; ".join(filter(None, [_drifting(at), _not_measured(at)]))


def _drifting(at: datetime) -> str:
    newer = BrandMeasure.objects.filter(
        merchant=OuterRef("merchant"), measured_on__gt=OuterRef("measured_on")
    )
    drifting = BrandMeasure.objects.filter(~Exists(newer), is_drifting=True)
    found = list(
        drifting.filter(measured_at__gte=at - STALE)
        .select_related("merchant")
        .order_by("-judged_count", "merchant_id")[: _NAMED_MAX + 1]
    )
    if not found:
        return ""
    named = ", ".join(
        f"{measure.merchant.name} ({measure.inside_count} of {measure.judged_count} orders inside)"
        for measure in found[:_NAMED_MAX]
    )
    more = " and more" if len(found) > _NAMED_MAX else ""
    return (
        f"the expected dates do not hold for {named}{more}: ask the brand what changed; they "
        "follow the new pace by themselves («Expected dates» in the admin)"
    )


def _not_measured(at: datetime) -> str:
    last_at = BrandRecord.objects.aggregate(last=Max("measured_at"))["last"]
    if last_at is None or last_at >= at - STALE:
        return ""
    return (
        f"the expected dates were last measured at {last_at:%Y-%m-%d %H:%M} UTC: the worker "
        "does it every night, see the failed tasks"
    )
