"""Rows to start from."""

from datetime import UTC, datetime
from typing import Any

NEEDED: dict[str, Any] = {
    "id": "tx-1",
    "status": "pending",
    "category": "new-user-order",
    "account_id": "acc-1",
    "modified_date": "2026-11-20T10:04:02Z",
    "currency": "USD",
}
AT = datetime(2026, 11, 20, 10, 4, 2, tzinfo=UTC)
