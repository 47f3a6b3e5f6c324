"""The clock of the books, moved on, and `earnings` as its readers get it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.reports.reading import rows
from transactions.ledger.models import Horizon

FIGURES = (
    *("orders", "order_total", "commission_pending", "commission_validated"),
    *("commission_declined", "rewards", "margin"),
)


def wait_until(at: datetime) -> None:
    """What is booked from now on is booked after `at`, which lies ahead of every clock."""
    Horizon.objects.update(horizon_at=at.astimezone(UTC))


def earnings(**asked: Any) -> dict[tuple[str, str, str], tuple[int, ...]]:
    """(day, merchant id, currency) → the figures, in the order of the columns."""
    return {
        (row["day"], row["merchant_id"], row["currency"]): tuple(int(row[name]) for name in FIGURES)
        for row in rows("earnings", **asked)
    }
