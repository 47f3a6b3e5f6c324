"""When a pending reward is expected to become available, as the member reads it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import responses
from pytest_django import DjangoAssertNumQueries

from offers.models import MerchantProfile
from rewards_site.kernel import clock
from tests.factories import MERCHANT, NOON, observe, tell, tell_each
from tests.members.calling import read
from tests.offers.brands import listed, read_catalog, wire_brand

pytestmark = pytest.mark.django_db


def expected() -> Any:
    row = read("transactions/")["results"][0]
    alone = read(f"transactions/{row['id']}/")
    assert {name: alone[name] for name in row} == row
    return row["expected_available_at"]


def window(button: responses.RequestsMock, days: int | None) -> None:
    minutes = None if days is None else days * 24 * 60
    listed(button, wire_brand(terms={"finalization_window_minutes": minutes}))
    read_catalog()


def test_a_pending_order_is_expected_when_the_window_has_passed_since_its_report(
    button: responses.RequestsMock,
) -> None:
    window(button, 30)
    purchased_at = NOON - timedelta(hours=19)  # as in real payloads: reported later than bought
    tell(observe(created_at=NOON, purchased_at=purchased_at))

    row = read("transactions/")["results"][0]
    assert row["purchased_at"] == "2026-11-19T17:00:00Z"
    assert expected() == "2026-12-20T12:00:00Z"


def test_an_adjustment_under_a_new_id_does_not_move_it(button: responses.RequestsMock) -> None:
    window(button, 30)
    order = "btnorder-1"
    later = NOON + timedelta(days=5)
    tell_each(
        observe(button_order_id=order),
        observe("tx-2", button_order_id=order, created_at=later, modified_at=later),
    )

    assert expected() == "2026-12-20T12:00:00Z"


def test_it_stays_the_same_date_when_it_is_past(button: responses.RequestsMock) -> None:
    window(button, 7)
    old = clock.now().replace(microsecond=0) - timedelta(days=400)
    tell(observe(created_at=old, modified_at=old))

    assert expected() == clock.wire_text(old + timedelta(days=7))


@pytest.mark.parametrize("status", ["validated", "declined"])
def test_a_final_order_expects_nothing(button: responses.RequestsMock, status: str) -> None:
    window(button, 30)
    tell_each(observe(), observe(minutes=1, status=status))

    assert expected() is None


@pytest.mark.parametrize("days", [None, 0])
def test_no_window_is_no_date(button: responses.RequestsMock, days: int | None) -> None:
    window(button, days)
    tell(observe())

    assert expected() is None


def test_a_merchant_not_yet_described_or_not_told_is_no_date() -> None:
    tell(observe())
    assert expected() is None

    tell(observe("tx-2", merchant_id=None))
    assert expected() is None


def test_a_window_that_changes_counts_for_orders_reported_from_then_on(
    button: responses.RequestsMock,
) -> None:
    window(button, 30)
    window(button, 90)
    since = NOON + timedelta(days=1)
    MerchantProfile.objects.filter(pk=MERCHANT).update(
        window_history=[[NOON.isoformat(), 30 * 1440], [since.isoformat(), 90 * 1440]]
    )
    later = NOON + timedelta(days=2)
    tell(observe(), observe("tx-2", created_at=later, modified_at=later))

    newest_first = [row["expected_available_at"] for row in read("transactions/")["results"]]
    assert sorted(newest_first) == ["2026-12-20T12:00:00Z", "2027-02-20T12:00:00Z"]


def test_it_costs_no_query_of_its_own(
    button: responses.RequestsMock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    brands = [f"org-{number:02}" for number in range(30)]
    listed(button, *map(wire_brand, brands))
    read_catalog()
    for count in (1, 30):
        tell(*(observe(f"tx-{brand}", merchant_id=brand) for brand in brands[:count]))
        with django_assert_num_queries(1):
            rows = read("transactions/?limit=200")["results"]
        assert [row["expected_available_at"] for row in rows] == ["2026-12-20T12:00:00Z"] * count
