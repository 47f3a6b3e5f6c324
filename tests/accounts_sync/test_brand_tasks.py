"""The worker's nightly task over the brands."""

from __future__ import annotations

import pytest

from accounts_sync import tasks
from offers.brandrecord.models import BrandMeasure
from tests.factories import observe, tell

pytestmark = pytest.mark.django_db


def test_brands_are_measured_once_a_day() -> None:
    assert tasks.measure_brands_nightly() == "0 measured"

    tell(observe(), observe("tx-2", merchant_id="org-2"))

    assert tasks.measure_brands_nightly() == "2 measured"
    assert tasks.measure_brands_nightly() == "0 measured"
    assert BrandMeasure.objects.count() == 2


def test_when_its_minute_is_over_the_rest_is_for_the_next_tick(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell(observe())
    monkeypatch.setattr(tasks, "SLICE_SECONDS_MAX", 0)

    assert tasks.measure_brands_nightly() == "paused"
    assert not BrandMeasure.objects.exists()
