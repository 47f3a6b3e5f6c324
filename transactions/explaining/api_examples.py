"""Examples for the API's description of itself: the order of transactions/api_examples.py."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ORDER_ID = "019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d11"
EXPLANATION: dict[str, Any] = {
    "why": "The store confirmed this order; its reward is yours.",
    "expected_basis": None,
    "brand_record": {
        "sample_size": 212,
        "usual_days": 30,
        "range_days": [27, 36],
        "kept_percent": 81,
    },
    "promised": {"type": "percent", "value": "5.00", "currency": None},
    "can_change": [],
    "parts": {
        "pending": 0,
        "available": 400,
        "redeeming": 0,
        "paid_out": 0,
        "expired": 0,
        "corrected": 0,
    },
    "redemptions": [],
    "activity": ["019aa0f6-6d10-71aa-b0c2-9d8e7f6a5b4c", "019b3c51-2a1e-7b0d-8f4a-6c1d2e3f4a5b"],
}
BALANCE_EXPLAINED = OpenApiExample(
    "All of it from one order",
    value={
        "currency": "USD",
        "totals": {"pending": 0, "available": 400, "redeeming": 0, "paid_out": 0},
        "next": None,
        "previous": None,
        "results": [
            {
                "balance": "available",
                "amount": 400,
                "origin": "order",
                "transaction": _ORDER_ID,
                "store": "Northwind",
                "redemption": None,
                "since": "2026-12-20T09:30:00Z",
                "why": "The store confirmed this order; its reward is yours.",
                "expected_available_at": None,
            }
        ],
    },
    response_only=True,
    status_codes=["200"],
)
