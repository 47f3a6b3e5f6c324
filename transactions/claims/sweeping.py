"""What the worker looks after every quarter of an hour, as no booking does it."""

from __future__ import annotations

from datetime import datetime

from transactions.claims.overtaken import link_late_orders
from transactions.claims.settling import settle_arrived


def sweep_claims(*, at: datetime) -> int:
    """Answer open claims whose order is there, and name orders that came after goodwill was given;
    how many claims. Idempotent.
    """
    return settle_arrived(at=at) + link_late_orders(at=at)
