"""The nightly measurement: how long each brand's orders take, and how the last months' held.

Every brand is measured once a business day, some brands in one commit: who is killed half-way
leaves the rest to the next look, who runs twice finds nothing to do (docs/decisions/0075, 0076).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings

from offers.brandrecord.models import BrandMeasure, BrandRecord
from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, retry_deadlocks
from transactions.brand_record.calibration import Coverage, Judged, coverage_of, judge_months
from transactions.brand_record.reading import ORDERS_MAX, due_brands, orders_of
from transactions.brand_record.waits import (
    DAY_SECONDS,
    SPANS_DAYS,
    Counts,
    Estimate,
    Fate,
    Seen,
    as_known,
    counts_of,
    estimate,
)

log = logging.getLogger(__name__)

MONTHS = 9
"""Purchases of this month and the eight before it are judged."""
MEASURES_KEPT = timedelta(days=400)
_BATCH_ORDERS_MAX = 30_000
_BATCH_BRANDS_MAX = 200
_RECORD_FIELDS = (
    *("median_days", "low_days", "high_days", "sample_size", "pending_count", "declined_count"),
    *("from_at", "until_at", "measured_at", "waits", "months", "judged_count", "inside_count"),
    "drifting_since",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a run did. `is_paused`: its time was over before every brand had its turn."""

    brands: int = 0
    estimated: int = 0
    is_paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What one brand's orders say."""

    merchant_id: str
    counts: Counts
    """Of the span that the estimate rests on; of the longest where there is none."""
    told: Estimate | None
    waits: list[list[int]]
    months: list[Judged]
    coverage: Coverage


def measure_brands(*, at: datetime, is_over: Callable[[], bool] = lambda: False) -> Measured:
    """Measure each brand that was not measured on the business day of `at`.

    `is_over` is asked before each batch of brands: the rest is for the next run.
    """
    on = at.astimezone(settings.BUSINESS_TIME_ZONE).date()
    begins = _month_begins(on)
    since = datetime.fromtimestamp(begins[0], tz=at.tzinfo) - timedelta(days=SPANS_DAYS[-1])
    brands = estimated = 0
    for merchant_ids, every in _batches(due_brands(on, since=since, until=at)):
        if is_over():
            return Measured(brands=brands, estimated=estimated, is_paused=True)
        read = orders_of(merchant_ids, since=since, until=at, every=every)
        found = [_found(merchant_id, orders, begins, at) for merchant_id, orders in read]
        retry_deadlocks(partial(_write, found, on=on, at=at))
        brands += len(found)
        estimated += sum(one.told is not None for one in found)
    _forget(on, at)
    if brands:
        log.info("brand_record.measured", extra={"brands": brands, "estimated": estimated})
    return Measured(brands=brands, estimated=estimated)


def _month_begins(on: date) -> list[int]:
    """The first seconds of this business month and of those before it, oldest first."""
    begins = []
    year, month = on.year, on.month
    for _ in range(MONTHS):
        begin = datetime(year, month, 1, tzinfo=settings.BUSINESS_TIME_ZONE)
        begins.append(int(begin.timestamp()))
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return begins[::-1]


def _batches(due: Sequence[tuple[str, int]]) -> Iterator[tuple[list[str], int]]:
    """Brands to be read together, and every how many-th of their orders."""
    batch: list[str] = []
    orders = 0
    for merchant_id, count in due:
        if count > ORDERS_MAX:
            yield [merchant_id], -(-count // ORDERS_MAX)
            continue
        if batch and (orders + count > _BATCH_ORDERS_MAX or len(batch) == _BATCH_BRANDS_MAX):
            yield batch, 1
            batch, orders = [], 0
        batch.append(merchant_id)
        orders += count
    if batch:
        yield batch, 1


def _found(merchant_id: str, orders: list[Seen], begins: Sequence[int], at: datetime) -> _Found:
    now = int(at.timestamp())
    known = list(as_known(orders, now))
    told = estimate(known, now)
    months = judge_months(known, begins, now)
    span_days = told.span_days if told is not None else SPANS_DAYS[-1]
    recent = [order for order in known if order.bought >= now - span_days * DAY_SECONDS]
    waits = Counter(
        (order.ended - order.bought) // DAY_SECONDS
        for order in recent
        if order.fate is Fate.VALIDATED
    )
    return _Found(
        merchant_id=merchant_id,
        counts=counts_of(recent),
        told=told,
        waits=[[days, count] for days, count in sorted(waits.items())],
        months=months,
        coverage=coverage_of(months, known, told, now),
    )


def _write(found: Sequence[_Found], *, on: date, at: datetime) -> None:
    with atomic():
        merchant_ids = [one.merchant_id for one in found]
        drifting = dict(
            BrandRecord.objects.filter(pk__in=merchant_ids, drifting_since__isnull=False)
            .order_by("pk")
            .values_list("pk", "drifting_since")
        )
        gone = [one.merchant_id for one in found if one.told is None]
        BrandRecord.objects.filter(pk__in=gone).delete()
        records = [
            _record(one, one.told, drifting.get(one.merchant_id), at)
            for one in found
            if one.told is not None
        ]
        rows.run(rows.insert_or_overwrite(records, _RECORD_FIELDS))
        measures = [_measure(one, on=on, at=at) for one in found]
        # Of two runs at once the first one stands
        BrandMeasure.objects.bulk_create(measures, ignore_conflicts=True)


def _record(
    one: _Found, told: Estimate, drifting_since: datetime | None, at: datetime
) -> BrandRecord:
    return BrandRecord(
        merchant_id=one.merchant_id,
        median_days=told.median_days,
        low_days=told.low_days,
        high_days=told.high_days,
        sample_size=told.counts.validated,
        pending_count=told.counts.pending,
        declined_count=told.counts.declined,
        from_at=at - timedelta(days=told.span_days),
        until_at=at,
        measured_at=at,
        waits=one.waits,
        months=[_month_json(month) for month in reversed(one.months)],
        judged_count=one.coverage.judged,
        inside_count=one.coverage.inside,
        drifting_since=(drifting_since or at) if one.coverage.is_drifting else None,
    )


def _measure(one: _Found, *, on: date, at: datetime) -> BrandMeasure:
    told = one.told
    return BrandMeasure(
        merchant_id=one.merchant_id,
        measured_on=on,
        measured_at=at,
        median_days=told.median_days if told else None,
        low_days=told.low_days if told else None,
        high_days=told.high_days if told else None,
        validated_count=one.counts.validated,
        pending_count=one.counts.pending,
        declined_count=one.counts.declined,
        from_at=at - timedelta(days=told.span_days if told else SPANS_DAYS[-1]),
        judged_count=one.coverage.judged,
        inside_count=one.coverage.inside,
        is_drifting=one.coverage.is_drifting,
    )


def _month_json(month: Judged) -> dict[str, Any]:
    begin = datetime.fromtimestamp(month.begin, tz=settings.BUSINESS_TIME_ZONE)
    return {
        "month": f"{begin:%Y-%m}",
        "low_days": month.told.low_days,
        "high_days": month.told.high_days,
        "inside": month.inside,
        "early": month.early,
        "late": month.late,
        "undecided": month.undecided,
    }


def _forget(on: date, at: datetime) -> None:
    """Records of brands without any order of late, and measurements of long ago."""
    BrandRecord.objects.exclude(merchant__measures__measured_on=on).delete()
    BrandMeasure.objects.filter(measured_at__lt=at - MEASURES_KEPT).delete()
