"""`pending-aging`: pending rewards by age, and how many their brand is late with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import responses
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from offers.models import CatalogRun, RunStatus
from tests.factories import MERCHANT, NOON, observe, tell
from tests.offers.brands import listed, read_catalog, wire_brand
from tests.reports.reading import export, owed, rows
from tests.transactions.reports.earning_days import wait_until
from transactions.ledger.horizon import settle
from transactions.models import Transaction
from transactions.releases.choices import ReleaseMode
from transactions.releases.services import set_release
from transactions.releasing import release_orders
from transactions.reports.pending_aging import bucket

pytestmark = pytest.mark.django_db

MAY = datetime(2031, 5, 1, 9, tzinfo=UTC)


def aging(**asked: Any) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """(currency, merchant id, bucket) → orders, reward, past_window; in the report's order."""
    return {
        (row["currency"], row["merchant_id"], row["bucket"]): (
            int(row["orders"]),
            int(row["reward"]),
            int(row["past_window"]),
        )
        for row in rows("pending-aging", **asked)
    }


def bought(tx_id: str, days_before_may: float, **fields: Any) -> None:
    at = MAY - timedelta(days=days_before_may)
    told: dict[str, Any] = {"purchased_at": at, "created_at": at, "modified_at": at}
    tell(observe(tx_id, **told | fields))


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-1, "0-30"),
        (0, "0-30"),
        (30.99, "0-30"),
        (31, "31-60"),
        (60.99, "31-60"),
        (61, "61-90"),
        (91, "91-180"),
        (180.99, "91-180"),
        (181, "181+"),
        (4000, "181+"),
    ],
)
def test_a_bucket_is_of_whole_days(days: float, name: str) -> None:
    assert bucket(timedelta(days=days)) == name


def test_what_is_pending_stands_by_age_brand_and_currency() -> None:
    bought("tx-1", 1)
    bought("tx-2", 20, publisher_customer_id=None)
    bought("tx-3", 45, merchant_id=None)
    bought("tx-4", 200, currency="JPY", account_id="acc-yen")
    bought("tx-5", 1, amount_minor=0)
    bought("tx-6", 1, is_test=True)
    bought("tx-7", 1, status="validated")
    bought("tx-8", 1, status="declined")
    wait_until(MAY)

    assert list(aging().items()) == [
        (("JPY", MERCHANT, "181+"), (1, 500, 0)),
        (("USD", "", "31-60"), (1, 500, 0)),
        (("USD", MERCHANT, "0-30"), (2, 1000, 0)),
    ]
    assert aging(currency="JPY") == {("JPY", MERCHANT, "181+"): (1, 500, 0)}
    assert sum(pending for pending, _, _ in owed(currency="USD").values()) == 1500


def test_a_brand_is_late_by_the_window_that_its_order_came_under(
    button: responses.RequestsMock,
) -> None:
    wait_until(MAY)
    before = settle()
    bought("tx-1", 29)
    bought("tx-2", 31)
    bought("tx-3", 29, publisher_customer_id="u-3")
    wait_until(MAY + timedelta(seconds=1))
    told = settle()
    assert aging() == {
        ("USD", MERCHANT, "0-30"): (2, 1000, 0),
        ("USD", MERCHANT, "31-60"): (1, 500, 0),
    }

    listed(button, wire_brand(terms={"finalization_window_minutes": 30 * 24 * 60}))
    read_catalog()

    assert aging(as_of=told)["USD", MERCHANT, "31-60"] == (1, 500, 1)
    assert aging(as_of=before) == {}
    wait_until(MAY + timedelta(days=2))
    assert aging() == {("USD", MERCHANT, "31-60"): (3, 1500, 3)}


def test_a_window_that_was_read_later_changes_no_earlier_report(
    button: responses.RequestsMock,
) -> None:
    """The clock on the wall decides, for a brand's terms are read by it."""
    tell(observe("tx-1", created_at=NOON - timedelta(days=900), purchased_at=NOON))
    unread = settle()
    made = export("pending-aging", as_of=unread)
    listed(button, wire_brand(terms={"finalization_window_minutes": 1}))
    read_catalog()
    read = settle()

    assert [row["past_window"] for row in rows("pending-aging", as_of=read)] == ["1"]
    assert [row["past_window"] for row in rows("pending-aging", as_of=unread)] == ["0"]
    assert export("pending-aging", as_of=unread) == made
    listed(button, wire_brand(terms={"finalization_window_minutes": 10**6}))
    read_catalog()
    assert [row["past_window"] for row in rows("pending-aging")] == ["1"]


def test_a_held_reward_is_pending_and_its_brand_not_late(button: responses.RequestsMock) -> None:
    listed(button, wire_brand(terms={"finalization_window_minutes": 1}))
    read_catalog()
    staff = User.objects.create(username="finance")
    delay: dict[str, Any] = {"mode": ReleaseMode.DELAY, "delay_days": 9, "merchant_id": MERCHANT}
    set_release(actor=staff, reason="Returns", at=NOON, **delay)
    at: dict[str, Any] = {"created_at": NOON - timedelta(days=99), "purchased_at": NOON}
    tell(observe("tx-1", **at))
    late = settle()
    tell(observe("tx-1", minutes=1, status="validated", **at))
    held = settle()
    made = export("pending-aging", as_of=held)

    release_orders([Transaction.objects.get().pk], at=NOON, actor_id=staff.pk, reason="Asked")

    assert [list(aging(as_of=instant).values()) for instant in (late, held, settle())] == [
        [(1, 500, 1)],
        [(1, 500, 0)],
        [],
    ]
    assert export("pending-aging", as_of=held) == made


def test_it_waits_for_a_reading_of_the_brands_that_is_under_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("transactions.reports.pending_aging._WAIT_SECONDS_MAX", 0.1)
    asked = settle()
    run = CatalogRun.objects.create(started_at=asked)

    with pytest.raises(CommandError, match="list of brands is being read"):
        export("pending-aging", as_of=asked)

    CatalogRun.objects.filter(pk=run.pk).update(status=RunStatus.DONE, finished_at=asked)
    assert rows("pending-aging", as_of=asked) == []
