"""The nightly measurement: by hand, twice, half-way, over months; and the alarm it raises."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from offers.brandrecord.health import dates_are_wrong
from offers.brandrecord.models import BrandMeasure, BrandRecord
from tests.factories import MERCHANT, observe, tell
from transactions.brand_record.measuring import Measured, measure_brands
from transactions.told import Told

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return BEGIN + timedelta(days=number)


def bought(
    days: Iterable[float], *, takes: float, until: float, merchant_id: str = MERCHANT
) -> list[Told]:
    """An order for each of `days` since BEGIN as Button tells it on day `until`: validated when
    `takes` days are over."""
    told = []
    for bought_on in days:
        at, ended_at = day(bought_on), day(bought_on + takes)
        is_final = ended_at <= day(until)
        told.append(
            observe(
                f"tx-{merchant_id}-{bought_on}",
                merchant_id=merchant_id,
                merchant_name="Brand Example",
                created_at=at,
                purchased_at=at,
                modified_at=ended_at if is_final else at,
                validated_at=ended_at if is_final else None,
                status="validated" if is_final else "pending",
            )
        )
    return told


def halves(first: int, last: int) -> list[float]:
    """Two orders a day."""
    return [number / 2 for number in range(2 * first, 2 * last)]


def test_a_brands_record_by_hand() -> None:
    """Sixty orders of days 0 to 29; on day 45 those of the first 15 days are validated after 30."""
    tell(*bought(halves(0, 30), takes=30, until=45))

    measured = measure_brands(at=day(45))

    assert measured == Measured(brands=1, estimated=1)
    record = BrandRecord.objects.get()
    # 31 orders are validated: days 0, 0.5 … 15. All took 30, so far nobody took longer.
    assert (record.low_days, record.median_days, record.high_days) == (30, 30, 30)
    assert (record.sample_size, record.pending_count, record.declined_count) == (31, 29, 0)
    assert record.from_at == day(45) - timedelta(days=548)
    assert (record.until_at, record.measured_at) == (day(45), day(45))
    assert record.waits == [[30, 31]]
    assert record.months == []
    assert record.drifting_since is None
    measure = BrandMeasure.objects.get()
    assert (measure.measured_on, measure.median_days) == (date(2026, 2, 15), 30)


def test_too_few_orders_make_a_measurement_and_no_record() -> None:
    tell(*bought(halves(0, 5), takes=30, until=45))

    assert measure_brands(at=day(45)) == Measured(brands=1, estimated=0)

    assert not BrandRecord.objects.exists()
    measure = BrandMeasure.objects.get()
    assert (measure.median_days, measure.validated_count) == (None, 10)


def test_a_brand_is_measured_once_a_business_day(settings: Settings) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("America/New_York")
    tell(*bought(halves(0, 20), takes=30, until=60))
    evening = day(60) + timedelta(hours=4)  # the day before in New York
    assert measure_brands(at=evening).brands == 1

    assert measure_brands(at=evening + timedelta(minutes=30)).brands == 0
    assert measure_brands(at=evening + timedelta(hours=2)).brands == 1

    nights = BrandMeasure.objects.order_by("measured_on").values_list("measured_on", flat=True)
    assert list(nights) == [date(2026, 3, 1), date(2026, 3, 2)]
    assert BrandRecord.objects.get().measured_at == evening + timedelta(hours=2)


def test_who_is_stopped_half_way_leaves_the_rest_to_the_next_look() -> None:
    brands = [f"org-{number:03}" for number in range(3)]
    for brand in brands:
        tell(*bought(halves(0, 20), takes=30, until=60, merchant_id=brand))
    stops = iter([False, True])

    with pytest.MonkeyPatch.context() as few:
        few.setattr("transactions.brand_record.measuring._BATCH_BRANDS_MAX", 1)
        first = measure_brands(at=day(60), is_over=lambda: next(stops))
    second = measure_brands(at=day(60))

    assert first == Measured(brands=1, estimated=1, is_paused=True)
    assert second == Measured(brands=2, estimated=2)
    assert sorted(BrandRecord.objects.values_list("pk", flat=True)) == brands


def test_a_record_goes_when_its_orders_are_too_long_ago() -> None:
    tell(*bought(halves(0, 20), takes=30, until=60))
    measure_brands(at=day(60))
    assert BrandRecord.objects.exists()

    measure_brands(at=day(600))
    assert not BrandRecord.objects.exists()  # measured, and found to have told nothing of late
    measure_brands(at=day(1500))
    assert BrandMeasure.objects.count() == 0  # kept for 400 nights


def test_more_brands_cost_no_more_statements(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    tell(*bought([1], takes=30, until=60, merchant_id="org-one"))
    with django_assert_num_queries(10) as alone:
        measure_brands(at=day(60))
    for number in range(30):
        tell(*bought([1], takes=30, until=60, merchant_id=f"org-{number}"))

    with django_assert_num_queries(len(alone.captured_queries)):
        measured = measure_brands(at=day(61))

    assert measured == Measured(brands=31, estimated=0)


def slowed_down(on: int) -> None:
    """A brand that takes 30 days for what is bought before day 150, and 60 from then on."""
    tell(*bought(halves(0, 150), takes=30, until=on), *bought(halves(150, 330), takes=60, until=on))


def test_a_brand_that_slows_down_raises_an_alarm_that_clears_itself() -> None:
    tell(*bought(halves(0, 150), takes=30, until=150))
    measure_brands(at=day(150))
    steady = BrandRecord.objects.get()
    assert (steady.judged_count, steady.inside_count) == (60, 60)  # all of April
    assert dates_are_wrong(day(150)) == ""

    slowed_down(on=210)
    measure_brands(at=day(210))
    assert dates_are_wrong(day(210)) == (
        "the expected dates do not hold for Brand Example (0 of 58 orders inside): ask the "
        "brand what changed; they follow the new pace by themselves («Expected dates» in the admin)"
    )
    # Most orders are pending beyond what was told: nothing is told any more but the window.
    assert not BrandRecord.objects.exists()

    slowed_down(on=330)
    measure_brands(at=day(330))
    record = BrandRecord.objects.get()
    assert (record.low_days, record.median_days, record.high_days) == (60, 60, 60)
    assert record.drifting_since is None
    assert dates_are_wrong(day(330)) == ""
    told = {month["month"]: (month["low_days"], month["high_days"]) for month in record.months}
    assert told["2026-05"] == (30, 30)
    assert told["2026-11"] == (30, 60)  # of the last 180 days, some of the old pace


def test_a_brand_drifts_since_the_first_night_that_told_it() -> None:
    """Long known for 30 days, and too few orders by now to make that doubtful."""
    until = 556
    tell(*bought(range(500), takes=30, until=until))
    tell(*bought(halves(500, 555), takes=90, until=until))

    for night in (555, 556):
        measure_brands(at=day(night))

    record = BrandRecord.objects.get()
    assert (record.low_days, record.high_days) == (30, 30)
    assert record.drifting_since == day(555)
    assert list(BrandMeasure.objects.values_list("is_drifting", flat=True)) == [True, True]
