"""Examples for the API's description of itself: one order of $80.00, on its way to $4.00."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

from transactions.explaining.api_examples import EXPLANATION

_ID = "019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d11"
_ORDER: dict[str, Any] = {
    "id": _ID,
    "button_order_id": "btnorder-6f2f8a0a2b7e4c11",
    "merchant": {"merchant_id": "org-7c1f09aa52d3e418", "name": "Northwind"},
    "order_total": 8000,
    "order_currency": "USD",
    "reward": 400,
    "currency": "USD",
    "status": "available",
    "purchased_at": "2026-11-20T12:00:00Z",
    "expected_available_at": None,
    "available_at": "2026-12-20T09:30:00Z",
    "click_id": None,
    "lines": [
        {
            "description": "Rain jacket",
            "category": "outdoor",
            "quantity": 1,
            "amount": 8000,
            "total": 8000,
        }
    ],
    "history": [
        {
            "at": "2026-11-20T12:04:10Z",
            "status": "pending",
            "reward": 500,
            "change": 500,
            "why": "The store reported your purchase.",
        },
        {
            "at": "2026-12-20T09:30:00Z",
            "status": "available",
            "reward": 400,
            "change": -100,
            "why": "The store confirmed your purchase with changes: "
            "the reward went from 5.00 to 4.00 USD, and is yours.",
        },
    ],
}
_ITEMS: list[dict[str, Any]] = [
    {
        "id": "019b3c51-2a1e-7b0d-8f4a-6c1d2e3f4a5b",
        "number": 2,
        "at": "2026-12-20T09:30:00Z",
        "kind": "reward_available",
        "currency": "USD",
        "pending_change": -500,
        "available_change": 400,
        "pending_after": 0,
        "available_after": 400,
        "transaction": _ID,
        "redemption": None,
        "description": "Northwind confirmed your purchase; the reward is yours.",
    },
    {
        "id": "019aa0f6-6d10-71aa-b0c2-9d8e7f6a5b4c",
        "number": 1,
        "at": "2026-11-20T12:04:10Z",
        "kind": "reward_pending",
        "currency": "USD",
        "pending_change": 500,
        "available_change": 0,
        "pending_after": 500,
        "available_after": 0,
        "transaction": _ID,
        "redemption": None,
        "description": "Northwind reported your purchase.",
    },
]
_MONEY = {
    "currency": "USD",
    "pending": 0,
    "available": 400,
    "redeeming": 0,
    "paid_out": 0,
    "lifetime_earned": 400,
}


def _answer(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, response_only=True, status_codes=["200"])


def _page(name: str, results: list[Any]) -> OpenApiExample:
    return _answer(name, {"next": None, "previous": None, "results": results})


BALANCES = _answer("$4.00 to redeem", {"results": [_MONEY]})
TRANSACTION = _answer("A confirmed order", {**_ORDER, "explanation": EXPLANATION})
TRANSACTIONS = _page("One order", [_ORDER])
ACTIVITY = _page("Reported, then confirmed", _ITEMS)
