"""The one place that asks whether a member, or their orders, are frozen (transactions/freezes)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from transactions.freezes import queries as freezes


def spendable_minor(member_id: int, currency: str, available_minor: int, *, at: datetime) -> int:
    """What of the available balance may be redeemed, in minor units."""
    return freezes.spendable_minor(member_id, currency, available_minor, at=at)


def frozen_reasons(member_ids: Collection[int], *, at: datetime) -> dict[int, str]:
    """member → why they redeem nothing at `at`; who may is left out."""
    return freezes.frozen_reasons(member_ids, at=at)
