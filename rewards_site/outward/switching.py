"""What state a subscription is in, and what becomes of its deliveries then."""

from __future__ import annotations

import logging
from datetime import datetime

from rewards_site.outward.models import (
    Delivery,
    DeliveryStatus,
    Subscription,
    SubscriptionStatus,
)

log = logging.getLogger(__name__)


def set_status(
    row: Subscription,
    status: SubscriptionStatus,
    *,
    reason: str,
    at: datetime,
    is_by_receiver: bool = False,
) -> None:
    """Of a subscription that the caller has locked. Who switches it off calls hold_open() too."""
    row.status, row.status_reason, row.status_since = status, reason, at
    row.is_off_by_receiver = is_by_receiver
    row.save(update_fields=["status", "status_reason", "status_since", "is_off_by_receiver"])
    log.warning("outward.status", extra={"subscription": row.pk, "status": status.value})


def hold_open(row: Subscription, *, at: datetime) -> int:
    """Hold what is due; what is being delivered is held by whoever delivers it, if it fails."""
    due = Delivery.objects.filter(subscription=row, status=DeliveryStatus.DUE)
    return due.update(status=DeliveryStatus.HELD, ended_at=at)
