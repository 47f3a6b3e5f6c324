"""Rows of «Expected dates» for the admin's tests."""

from __future__ import annotations

from datetime import timedelta

from offers.brandrecord.models import BrandMeasure, BrandRecord
from tests.factories import NOON


def fill_expected_dates(number: int) -> None:
    """A brand with a record, and the first night of it, which had none."""
    merchant_id = f"org-{number:04d}"
    BrandRecord.objects.create(
        merchant_id=merchant_id,
        median_days=30,
        low_days=27,
        high_days=36,
        sample_size=100,
        pending_count=20,
        declined_count=10,
        from_at=NOON - timedelta(days=90),
        until_at=NOON,
        measured_at=NOON,
        waits=[[27, 20], [30, 60], [36, 20]],
        months=[
            {
                "month": "2026-09",
                "low_days": 27,
                "high_days": 35,
                "inside": 41,
                "early": 4,
                "late": 5,
                "undecided": 0,
            }
        ],
        judged_count=50,
        inside_count=41,
    )
    BrandMeasure.objects.create(
        merchant_id=merchant_id,
        measured_on=NOON.date(),
        measured_at=NOON,
        validated_count=12,
        pending_count=20,
        declined_count=1,
        from_at=NOON - timedelta(days=548),
    )
