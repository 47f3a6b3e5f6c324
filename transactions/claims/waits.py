"""How long a brand's orders take from the tap until they are told: by its own record.

Not the record of offers/brandrecord, which is of the time until a reward is available. Of a brand
with too few orders its reporting window stands, as Button tells it; without one, two days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from offers.models import MerchantProfile
from transactions.models import Transaction

ORDERS_READ = 200
"""The newest of a brand: its pace of late."""
ORDERS_MIN = 20
"""Fewer say nothing."""
SHARE = 0.9
"""Of ten orders nine are told by then."""
WAIT_HOURS_MIN = 1
WAIT_HOURS_MAX = 30 * 24
WAIT_HOURS_DEFAULT = 48


class WaitBasis(StrEnum):
    RECORD = "record"
    WINDOW = "window"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Whole hours from the tap until nine orders of ten are told; an estimate."""

    hours: int
    basis: WaitBasis
    sample_size: int = 0

    def over_at(self, *, clicked_at: datetime, purchased_at: datetime | None) -> datetime:
        """When to ask again: counted from the purchase where that is later than the tap."""
        since = clicked_at if purchased_at is None else max(clicked_at, purchased_at)
        return since + timedelta(hours=self.hours)


def wait_of(merchant_id: str) -> Wait:
    """What to expect of the brand now. Two small statements."""
    told = (
        Transaction.objects.filter(merchant=merchant_id, click__isnull=False, is_test=False)
        .order_by("-pk")
        .values_list("click__clicked_at", "first_seen_at")[:ORDERS_READ]
    )
    seconds = [(seen_at - clicked_at).total_seconds() for clicked_at, seen_at in told]
    window = MerchantProfile.objects.filter(pk=merchant_id)
    days = window.values_list("reporting_window_days", flat=True).first()
    return estimate(seconds, window_days=days)


def estimate(seconds: Sequence[float], *, window_days: int | None) -> Wait:
    """Pure: of the waits of a brand's orders; 0 days are Button's word for «not told»."""
    if len(seconds) >= ORDERS_MIN:
        within = sorted(seconds)[ceil(SHARE * len(seconds)) - 1]
        hours = _bounded(ceil(within / 3600))
        return Wait(hours=hours, basis=WaitBasis.RECORD, sample_size=len(seconds))
    if window_days:
        return Wait(hours=_bounded(window_days * 24), basis=WaitBasis.WINDOW)
    return Wait(hours=WAIT_HOURS_DEFAULT, basis=WaitBasis.DEFAULT)


def _bounded(hours: int) -> int:
    return min(max(hours, WAIT_HOURS_MIN), WAIT_HOURS_MAX)
