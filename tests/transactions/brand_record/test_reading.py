"""What is read of a brand's orders, and by which times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from offers.brandrecord.models import BrandMeasure
from tests.factories import MERCHANT, NOON, observe, tell, tell_each
from transactions.brand_record import reading
from transactions.brand_record.waits import DAY_SECONDS, Fate, Seen

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(days=60)
SINCE = NOON - timedelta(days=60)
DAY = timedelta(days=1)
AT_NOON = int(NOON.timestamp())


def seen(merchant_id: str = MERCHANT, *, every: int = 1) -> list[Seen]:
    [(found_id, orders)] = reading.orders_of([merchant_id], since=SINCE, until=LATER, every=every)
    assert found_id == merchant_id
    return orders


def read_days(order: Seen) -> tuple[float, float, Fate, float | None]:
    """Bought, reported and ended in days from noon."""
    return (
        (order.bought - AT_NOON) / DAY_SECONDS,
        (order.reported - AT_NOON) / DAY_SECONDS,
        order.fate,
        (order.ended - AT_NOON) / DAY_SECONDS if order.fate is not Fate.PENDING else None,
    )


def test_the_wait_is_from_the_purchase_to_the_validation_by_buttons_word() -> None:
    """An order that our first sync finds final was so long before we booked it."""
    tell(
        observe(
            status="validated",
            purchased_at=NOON - DAY,
            validated_at=NOON + 30 * DAY,
            modified_at=NOON + 31 * DAY,
        ),
        at=LATER,
    )

    assert [read_days(order) for order in seen()] == [(-1, 0, Fate.VALIDATED, 30)]


def test_without_a_time_of_validation_the_time_of_the_change_stands() -> None:
    tell_each(observe(), observe(status="validated", modified_at=NOON + 20 * DAY))

    assert [read_days(order) for order in seen()] == [(0, 0, Fate.VALIDATED, 20)]


def test_pending_and_declined_orders_are_read_too() -> None:
    tell_each(
        observe(),
        observe("tx-2"),
        observe("tx-2", status="declined", modified_at=NOON + 5 * DAY),
    )

    assert [read_days(order) for order in seen()] == [
        (0, 0, Fate.PENDING, None),
        (0, 0, Fate.DECLINED, 5),
    ]


def test_an_order_of_several_ids_is_one_by_its_first_report_and_its_validation() -> None:
    order: dict[str, Any] = {"button_order_id": "btnorder-1"}
    second: dict[str, Any] = {**order, "created_at": NOON + 3 * DAY}
    tell_each(
        observe(**order),
        observe("tx-2", modified_at=NOON + 3 * DAY, **second),
        observe("tx-2", status="validated", modified_at=NOON + 30 * DAY, **second),
    )

    assert [read_days(order) for order in seen()] == [(0, 0, Fate.VALIDATED, 30)]


def test_installs_test_money_and_times_that_cannot_be_are_left_out() -> None:
    tell(
        observe("tx-1", is_test=True),
        observe("tx-2", category="app-install"),
        observe("tx-3", status="validated", validated_at=NOON - DAY, purchased_at=NOON),
        observe("tx-4", purchased_at=SINCE - DAY),
        observe("tx-5", purchased_at=LATER),
        observe("tx-6", publisher_customer_id=None),
    )

    assert len(seen()) == 1  # who bought it does not matter to how long it takes


def test_orders_before_go_live_count(settings: Settings) -> None:
    """Their times are true; so a publisher with a history has figures on the first night."""
    tell(observe("tx-1", purchased_at=NOON - DAY), observe("tx-2", purchased_at=NOON))

    settings.GO_LIVE_AT = NOON

    assert [read_days(order)[0] for order in seen()] == [-1, 0]


def test_of_very_many_orders_a_part_is_read() -> None:
    tell(*(observe(f"tx-{number}") for number in range(30)))

    assert len(seen(every=3)) == 10


def test_brands_are_due_once_a_day_and_only_with_orders() -> None:
    tell(
        observe("tx-1", merchant_id="org-a"),
        observe("tx-2", merchant_id="org-b"),
        observe("tx-3", merchant_id="org-b"),
        observe("tx-4", merchant_id="org-test", is_test=True),
        observe("tx-5", merchant_id=None),
    )
    on = date(2026, 12, 1)

    due = reading.due_brands(on, since=SINCE, until=LATER)
    assert due == [("org-a", 1), ("org-b", 2)]

    BrandMeasure.objects.create(
        merchant_id="org-b",
        measured_on=on,
        measured_at=datetime(2026, 12, 1, tzinfo=UTC),
        validated_count=0,
        pending_count=2,
        declined_count=0,
        from_at=SINCE,
    )
    assert reading.due_brands(on, since=SINCE, until=LATER) == [("org-a", 1)]
    assert len(reading.due_brands(on + DAY, since=SINCE, until=LATER)) == 2


def test_any_number_of_brands_is_read_in_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    brands = [f"org-{number:02}" for number in range(30)]
    tell(*(observe(f"tx-{brand}", merchant_id=brand) for brand in brands))

    for wanted in (brands[:1], [*brands, "org-without"]):
        with django_assert_num_queries(1):
            found = list(reading.orders_of(wanted, since=SINCE, until=LATER, every=1))
        assert [merchant_id for merchant_id, _ in found] == wanted
        assert [len(orders) for _, orders in found] == [
            int(merchant_id != "org-without") for merchant_id in wanted
        ]
