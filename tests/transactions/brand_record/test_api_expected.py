"""`expected_available_at` by what really happened to the brand's earlier orders."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import responses
from pytest_django import DjangoAssertNumQueries

from offers.brandrecord.models import BrandRecord
from tests.factories import MERCHANT, NOON, observe, tell, tell_each
from tests.members.calling import read
from tests.offers.brands import listed, read_catalog, wire_brand
from transactions.brand_record.measuring import measure_brands

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def window(button: responses.RequestsMock) -> None:
    """The brand tells a window of thirty days."""
    listed(button, wire_brand())
    read_catalog()


def make_record(merchant_id: str = MERCHANT) -> None:
    BrandRecord.objects.create(
        merchant_id=merchant_id,
        median_days=40,
        low_days=37,
        high_days=44,
        sample_size=100,
        pending_count=0,
        declined_count=0,
        from_at=NOON - 90 * DAY,
        until_at=NOON,
        measured_at=NOON,
    )


def expected() -> Any:
    row = read("transactions/")["results"][0]
    alone = read(f"transactions/{row['id']}/")
    assert {name: alone[name] for name in row} == row
    return row["expected_available_at"]


def test_from_forty_orders_that_took_forty_days_the_next_one_is_expected_by_then() -> None:
    """The whole way: what Button told of others, measured at night, told to a member."""
    orders: list[dict[str, Any]] = [
        {
            "tx_id": f"tx-{number}",
            "purchased_at": NOON - (60 + number) * DAY,
            "validated_at": NOON - (20 + number) * DAY,
        }
        for number in range(40)
    ]
    tell(
        *(
            observe(status="validated", publisher_customer_id="u-another", **order)
            for order in orders
        )
    )
    tell(observe("tx-mine", purchased_at=NOON - timedelta(hours=19)))
    assert expected() == "2026-12-20T12:00:00Z"  # the window, from the report

    measure_brands(at=NOON)

    assert expected() == "2026-12-29T17:00:00Z"  # 40 days from the purchase


def test_an_order_reported_months_later_goes_by_the_window() -> None:
    make_record()
    tell(observe(purchased_at=NOON - 100 * DAY))

    assert expected() == "2026-12-20T12:00:00Z"


def test_a_final_order_expects_nothing() -> None:
    make_record()
    tell_each(observe(), observe(minutes=1, status="validated"))

    assert expected() is None


def test_records_cost_no_query_of_their_own(
    button: responses.RequestsMock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    brands = [f"org-{number:02}" for number in range(30)]
    listed(button, *map(wire_brand, brands))
    read_catalog()
    for brand in brands:
        make_record(brand)
    for count in (1, 30):
        tell(*(observe(f"tx-{brand}", merchant_id=brand) for brand in brands[:count]))
        with django_assert_num_queries(1):
            rows = read("transactions/?limit=200")["results"]
        assert [row["expected_available_at"] for row in rows] == ["2027-01-03T12:00:00Z"] * count
