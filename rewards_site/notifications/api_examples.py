"""Examples for the API's description of itself: an order on its way from $5.00 to $4.00."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_ORDER = "019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d11"
_NOTICES: list[dict[str, Any]] = [
    {
        "id": "019b3c51-2a20-7f61-8b0e-5a4b3c2d1e0f",
        "number": 2,
        "at": "2026-12-20T09:30:00Z",
        "kind": "reward.available",
        "title": "Reward available",
        "text": "Your order at Northwind is confirmed with changes: 4.00 USD is yours. Before, "
        "5.00 USD was expected.",
        "currency": "USD",
        "before": 500,
        "after": 400,
        "transaction": _ORDER,
        "redemption": None,
        "claim": None,
        "is_read": False,
    },
    {
        "id": "019aa0f6-6d11-7aa2-9c3b-8f7e6d5c4b3a",
        "number": 1,
        "at": "2026-11-20T12:04:10Z",
        "kind": "reward.pending",
        "title": "Reward on its way",
        "text": "Your order at Northwind earned you 5.00 USD. It is pending until the store "
        "confirms the order.",
        "currency": "USD",
        "before": None,
        "after": 500,
        "transaction": _ORDER,
        "redemption": None,
        "claim": None,
        "is_read": True,
    },
]

NOTICES = OpenApiExample(
    "Reported, then confirmed",
    value={"next": None, "previous": None, "unread": 1, "results": _NOTICES},
    response_only=True,
    status_codes=["200"],
)
READ_UP_TO = OpenApiExample("All of the two", value={"up_to": 2}, request_only=True)
READ = OpenApiExample(
    "All are read",
    value={"read_up_to": 2, "unread": 0},
    response_only=True,
    status_codes=["200"],
)
