"""Each disputed reading of Button's documents, through sockets: by webhooks, by the API, by both.

Whatever Button means, the books come out the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pytest_django import Settings

from accounts_sync.inbox.models import WebhookEvent
from tests.conftest import CommittedDatabase
from tests.journeys.errands import EXPECTED, ORDERS_AND_INSTALL, run_errands
from tests.journeys.shop import open_shop, the_books_are
from transactions.models import Transaction, TransactionRevision

READINGS: list[dict[str, Any]] = [
    {"tx_ids": "same"},
    {"tx_ids": "new-declined"},
    {"tx_ids": "new-pending"},
    {"webhook_order": "global"},
    {"existing_user_order": 100},
    {"category_array": 100},
    {"no_line_totals": 100},
    {"no_final_lines": 100},
    {"unknown_fields": 100},
    {"mixed_case_country": 100},
    {"api_milliseconds": 100},
    {"webhook_seconds": 100},
    {"order_purchase_date": 100},
    {"order_purchased_date": 100},
    {"misspelt_commission": 100},
    {
        "tx_ids": "new-declined",
        "existing_user_order": 50,
        "category_array": 50,
        "no_line_totals": 50,
        "unknown_fields": 50,
        "mixed_case_country": 50,
        "api_milliseconds": 50,
        "webhook_seconds": 50,
        "order_purchase_date": 50,
        "misspelt_commission": 50,
    },
]


@pytest.mark.parametrize("reading", READINGS, ids=[str(next(iter(r.items()))) for r in READINGS])
def test_webhooks_alone_and_the_api_alone_come_to_the_same(
    committed_db: CommittedDatabase, settings: Settings, reading: dict[str, Any]
) -> None:
    with open_shop(settings) as shop:
        shop.caller.control("switches", **reading)
        run_errands(shop.caller, shop.a_day_later)
        assert shop.states() == {"acknowledged"}
        the_books_are(EXPECTED)
        taken = WebhookEvent.objects.count()

        shop.caller.control("faults", kind="lost", percent=100)
        run_errands(shop.caller, shop.a_day_later, named="second-")
        the_books_are(EXPECTED)
        shop.sync()

    the_books_are(EXPECTED | {f"second-{who}": held for who, held in EXPECTED.items()})
    assert Transaction.objects.count() == 2 * ORDERS_AND_INSTALL
    assert WebhookEvent.objects.count() == taken
    what_was_read_is_what_was_ordered()


def what_was_read_is_what_was_ordered() -> None:
    """By whatever names it was told: nothing dropped, nothing misread."""
    for revision in TransactionRevision.objects.exclude(transaction__category="app-install"):
        seen = revision.observation or {}
        assert seen["flags"] == []
        assert datetime.fromisoformat(seen["purchased_at"]) == revision.transaction.purchased_at
        assert seen.get("country", "US") == "US"
        if seen.get("lines") is not None:
            jacket, promo = seen["lines"]
            assert (jacket["category"], jacket["total_minor"]) == ("Clothes", 2000)
            assert jacket["commission_minor"] == seen["amount_minor"] + 10
            assert (promo["total_minor"], promo["commission_minor"]) == (-100, -10)


@pytest.mark.parametrize("tx_ids", ["same", "new-declined", "new-pending"])
def test_the_api_between_the_webhooks(
    committed_db: CommittedDatabase, settings: Settings, tx_ids: str
) -> None:
    with open_shop(settings, lose_webhooks=40) as shop:
        shop.caller.control("switches", tx_ids=tx_ids)

        def pause() -> None:
            shop.a_day_later()
            shop.sync()

        run_errands(shop.caller, pause)
        assert shop.states() == {"acknowledged", "lost"}

    the_books_are(EXPECTED)
