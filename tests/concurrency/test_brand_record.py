"""Brands measured by several workers at once: each once, and none waits for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from offers.brandrecord.models import BrandMeasure, BrandRecord
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.factories import NOON, observe, tell
from transactions.brand_record.measuring import Measured, measure_brands

pytestmark = pytest.mark.usefixtures("committed_db")

BRANDS = [f"org-{number}" for number in range(4)]


def test_a_night_measured_by_four_at_once_is_one_night() -> None:
    bought_at = NOON - timedelta(days=60)
    for brand in BRANDS:
        told = [
            observe(
                f"tx-{brand}-{number}",
                merchant_id=brand,
                status="validated",
                created_at=bought_at,
                purchased_at=bought_at,
                validated_at=NOON - timedelta(days=20),
            )
            for number in range(30)
        ]
        tell(*told)

    def measure(number: int) -> Measured:
        return measure_brands(at=NOON + timedelta(seconds=number))

    results = all_returned(at_once(4, measure))

    assert not any(measured.is_paused for measured in results)
    records = BrandRecord.objects.order_by("pk").values_list("pk", "median_days", "sample_size")
    assert list(records) == [(brand, 40, 30) for brand in BRANDS]
    assert BrandMeasure.objects.count() == len(BRANDS)
    assert deadlock_count() == 0
