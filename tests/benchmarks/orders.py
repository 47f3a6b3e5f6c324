"""Orders as Button tells of them, all pending, first seen: what every part here sends and loads."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

ACCOUNT = "acc-1"
MEMBERS = 20_000
BRANDS = 200
FIRST_AT = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
COMMISSION_MINOR = 338
ORDER_TOTAL_MINOR = 8450


def order(
    number: int,
    *,
    series: str = "a",
    customer_id: str | None = None,
    told_at: datetime = FIRST_AT,
) -> dict[str, Any]:
    """Order `number` of a series, of one of 20,000 members unless one is named."""
    name = f"{series}{number:012x}"
    at = told_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    half, rest = COMMISSION_MINOR // 2, COMMISSION_MINOR - COMMISSION_MINOR // 2
    return {
        "id": f"tx-{name}",
        "btn_ref": f"srctok-{name}",
        "status": "pending",
        "category": "new-user-order",
        "account_id": ACCOUNT,
        "currency": "USD",
        "amount": COMMISSION_MINOR,
        "button_order_id": f"btnorder-{name}",
        "order_total": ORDER_TOTAL_MINOR,
        "order_currency": "USD",
        "publisher_organization": "org-publisher",
        "publisher_customer_id": customer_id or f"user-{number % MEMBERS}",
        "commerce_organization": f"org-{number % BRANDS}",
        "pub_ref": None,
        "created_date": at,
        "modified_date": at,
        "order_line_items": [_line("sku-1", "Shoe", half), _line("sku-2", "Sock", rest)],
    }


def told_at(number: int) -> datetime:
    """Of the orders that Button lists: one each ten seconds, the last of 100,000 twelve days on."""
    return FIRST_AT + timedelta(seconds=10 * number)


def event(told: dict[str, Any]) -> dict[str, Any]:
    """The webhook that tells of it."""
    name = told["id"].removeprefix("tx-")
    return {
        "request_id": f"attempt-{name}",
        "id": f"hook-{name}",
        "event_type": "tx-pending",
        "data": told,
    }


def signed(told: dict[str, Any], *, secret: str) -> tuple[bytes, str]:
    """The body of its webhook and the signature of that."""
    body = json.dumps(event(told)).encode()
    return body, hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _line(identifier: str, description: str, commission_minor: int) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "description": description,
        "quantity": 1,
        "total": ORDER_TOTAL_MINOR // 2,
        "publisher_commission": commission_minor,
    }
