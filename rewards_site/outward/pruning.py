"""Old deliveries are forgotten, with their attempts, in batches. Numbers are never used again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from rewards_site.kernel.db import atomic, is_postgres
from rewards_site.outward.models import (
    UNSENT,
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    Subscription,
)

log = logging.getLogger(__name__)

DELIVERED_KEPT = timedelta(days=90)
UNSENT_KEPT = timedelta(days=400)
"""So long staff may have an event sent again that was never delivered."""
BATCH = 2000
_KEPT = {DeliveryStatus.DELIVERED.value: DELIVERED_KEPT, **dict.fromkeys(UNSENT, UNSENT_KEPT)}


def prune(*, at: datetime, is_over: Callable[[], bool] = lambda: False) -> int:
    """Delete what is past its days, until `is_over`; how many. Safe to repeat, also beside itself.

    Raises: DatabaseError.
    """
    gone = 0
    for subscription_id in Subscription.objects.order_by("pk").values_list("pk", flat=True):
        for status, kept in _KEPT.items():
            while not is_over():
                batch = _prune_batch(subscription_id, status, before=at - kept)
                gone += batch
                if batch < BATCH:
                    break
    if gone:
        log.info("outward.pruned", extra={"deliveries": gone})
    return gone


def _prune_batch(subscription_id: int, status: str, *, before: datetime) -> int:
    old = Delivery.objects.filter(
        subscription_id=subscription_id, status=status, ended_at__lt=before
    )
    with atomic():
        # Locked: staff may be having one of them sent again
        locked = old.select_for_update(of=("self",), skip_locked=is_postgres()).order_by("ended_at")
        keys = list(locked.values_list("pk", flat=True)[:BATCH])
        if keys:
            DeliveryAttempt.objects.filter(delivery__in=keys)._raw_delete("default")
            Delivery.objects.filter(pk__in=keys)._raw_delete("default")
    return len(keys)
