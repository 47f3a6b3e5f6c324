"""What is wrong with payouts, for the health page and the alarms."""

from __future__ import annotations

from datetime import datetime

from transactions.payouts.queries import STUCK_AFTER, items_with_problems, stuck_batches


def check_payouts(at: datetime) -> str:
    minutes = int(STUCK_AFTER.total_seconds() // 60)
    found = []
    if stuck := stuck_batches(at).count():
        found.append(
            f"{stuck} payout batches: for {minutes} minutes nobody has known whether the provider "
            "has them"
        )
    if items_with_problems().exists():
        found.append("payments whose outcome a person has to look at")
    return "; ".join(found)
