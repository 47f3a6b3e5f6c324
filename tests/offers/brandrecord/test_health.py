"""The alarm over expected dates: whom it names, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from offers.brandrecord.health import dates_are_wrong
from offers.brandrecord.models import BrandMeasure, BrandRecord
from offers.models import Merchant
from rewards_site.kernel import clock

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LONG_AGO = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def measured(
    number: int = 1, *, night: int = 0, inside: int = 20, is_drifting: bool = True
) -> None:
    at = LONG_AGO + night * DAY
    merchant, _ = Merchant.objects.get_or_create(
        merchant_id=f"org-{number}",
        defaults={"name": f"Brand {number}", "first_seen_at": LONG_AGO},
    )
    BrandMeasure.objects.create(
        merchant=merchant,
        measured_on=at.date(),
        measured_at=at,
        validated_count=100,
        pending_count=0,
        declined_count=0,
        from_at=LONG_AGO - 90 * DAY,
        judged_count=60 + number,
        inside_count=inside,
        is_drifting=is_drifting,
    )


def test_nothing_measured_is_nothing_wrong() -> None:
    assert dates_are_wrong(LONG_AGO) == ""


def test_drifting_brands_are_named_and_what_to_do() -> None:
    measured(1)
    measured(2)
    measured(3, is_drifting=False)

    assert dates_are_wrong(LONG_AGO) == (
        "the expected dates do not hold for Brand 2 (20 of 62 orders inside), Brand 1 (20 of 61 "
        "orders inside): ask the brand what changed; they follow the new pace by themselves "
        "(«Expected dates» in the admin)"
    )


def test_the_probe_names_it(client: Client) -> None:
    measured()
    assert "expected dates" not in client.get("/health/ready/").json()["degraded"]  # long ago

    BrandMeasure.objects.update(measured_at=clock.now())
    assert "expected dates" in client.get("/health/ready/").json()["degraded"]


def test_of_many_three_are_named() -> None:
    for number in range(1, 6):
        measured(number)

    wrong = dates_are_wrong(LONG_AGO)

    assert "Brand 5" in wrong
    assert "Brand 3" in wrong
    assert "Brand 2" not in wrong
    assert " and more: " in wrong


def test_a_better_night_ends_it_and_so_does_a_brand_without_orders() -> None:
    measured(1)
    measured(2)
    measured(1, night=1, is_drifting=False)

    assert "Brand 1" not in dates_are_wrong(LONG_AGO + DAY)
    assert "Brand 2" in dates_are_wrong(LONG_AGO + 3 * DAY)
    assert dates_are_wrong(LONG_AGO + 4 * DAY) == ""


def test_dates_that_nobody_measures_are_told() -> None:
    measured(is_drifting=False)
    BrandRecord.objects.create(
        merchant_id="org-1",
        median_days=30,
        low_days=27,
        high_days=36,
        sample_size=100,
        pending_count=0,
        declined_count=0,
        from_at=LONG_AGO - 90 * DAY,
        until_at=LONG_AGO,
        measured_at=LONG_AGO,
    )

    assert dates_are_wrong(LONG_AGO + 3 * DAY) == ""
    assert dates_are_wrong(LONG_AGO + 3 * DAY + timedelta(minutes=1)) == (
        "the expected dates were last measured at 2026-03-02 12:00 UTC: the worker does it every "
        "night, see the failed tasks"
    )
