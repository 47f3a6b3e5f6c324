"""Listed beside earned, order by order and brand by brand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from offers.clicks.listing import Listed
from rewards_site.reports.registry import Query
from tests.factories import MERCHANT, NOON, observe, tell
from tests.offers.clicks.tapping import tapped
from tests.spending import differences
from transactions.models import Transaction
from transactions.reports.rate_audit import rows

pytestmark = pytest.mark.django_db

LISTED = Listed(value="6.5")
TAPPED = NOON - timedelta(hours=1)


@pytest.fixture(autouse=True)
def books() -> Iterator[None]:
    yield
    assert differences() == []


def audit(**query: Any) -> list[tuple[Any, ...]]:
    """(listed, order total, earned, expected, difference, currency) of each row."""
    asked = Query(as_of=query.pop("as_of", timezone.now()), **query)
    return [row[4:10] for row in rows(asked)]


def buy(
    tx_id: str = "tx-1",
    *,
    listed: Listed = LISTED,
    **fields: Any,
) -> None:
    ref = tapped(at=TAPPED, listed=listed).pub_ref
    tell(observe(tx_id, **({"pub_ref": ref, "order_currency": "USD"} | fields)))


@pytest.mark.parametrize(
    ("listed", "fields", "row"),
    [
        ("6.5", {"order_total_minor": 15_399}, ("6.5%", 15_399, 1000, 1000, 0, "USD")),
        ("6.5", {"order_total_minor": 20_001}, ("6.5%", 20_001, 1000, 1300, -300, "USD")),
        ("6.5", {}, ("6.5%", None, 1000, None, None, "USD")),
        (
            "6.5",
            {"order_total_minor": 15_399, "order_currency": "GBP"},
            ("6.5%", None, 1000, None, None, "USD"),
        ),
        ("0.333333333333333", {"order_total_minor": 300_000}, None),
    ],
)
def test_a_percentage_is_of_the_order_total(
    listed: str, fields: dict[str, Any], row: tuple[Any, ...] | None
) -> None:
    buy(listed=Listed(value=listed), **fields)

    assert audit() == [row or ("0.333333333333333%", 300_000, 1000, 999, 1, "USD")]


def test_an_amount_is_what_it_is_in_its_own_currency() -> None:
    buy("tx-1", listed=Listed(value="12.5", currency="USD"))
    buy("tx-2", listed=Listed(value="12.5", currency="GBP"))

    assert audit() == [
        ("12.5 USD", None, 1000, 1250, -250, "USD"),
        ("12.5 GBP", None, 1000, None, None, "USD"),
    ]


def test_what_has_no_place_in_it() -> None:
    """Without a tap, declined, and a tap after the purchase."""
    tell(observe("tx-1"))
    buy("tx-2", status="declined")
    buy("tx-3", purchased_at=TAPPED - timedelta(seconds=1))

    assert audit() == []


def test_it_is_as_of_an_instant() -> None:
    buy(order_total_minor=10_000)
    then = Transaction.objects.get().changed_at
    buy(order_total_minor=10_000, amount_minor=400, modified_at=NOON + timedelta(minutes=5))

    assert [row[2] for row in audit(as_of=then)] == [1000]
    assert [row[2] for row in audit()] == [400]


def test_the_page_puts_the_brand_that_pays_least_first(admin_client: Client) -> None:
    now = timezone.now().replace(microsecond=0)
    for tx_id, brand, commission in (("tx-1", MERCHANT, 650), ("tx-2", "org-short", 300)):
        ref = tapped(at=now - timedelta(hours=2), merchant_id=brand).pub_ref
        told: dict[str, Any] = {"pub_ref": ref, "merchant_id": brand, "order_currency": "USD"}
        when: dict[str, Any] = {"created_at": now, "modified_at": now}
        tell(observe(tx_id, amount_minor=commission, order_total_minor=10_000, **told, **when))

    html = admin_client.get(reverse("admin:transactions_transaction_rate_audit")).content.decode()

    assert html.index("org-short") < html.index("100.0 %")
    assert html.index("46.1 %") < html.index("pays less than it lists") < html.index("as listed")


def test_the_page_says_so_where_there_is_nothing(admin_client: Client) -> None:
    html = admin_client.get(reverse("admin:transactions_transaction_rate_audit")).content.decode()

    assert "No order that came by a tap" in html
