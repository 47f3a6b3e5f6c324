"""Fan-out: what the outbox holds becomes deliveries, numbered per subscription without a gap.

The money's own commit writes one row of the outbox and takes no number of ours: that would be one
hot row for everyone. Here one commit per batch locks the subscriptions, in the order of their
keys, reads the oldest of the outbox, numbers, inserts and deletes. Whoever runs beside waits for
the locks, and then reads what is left; whoever dies half-way leaves everything as it was.

The order is that of the notices' keys. A notice gets its key while its commit holds the member's
count (notifications/announce.py), so within a member it is the order of the notices' numbers, and
none of them turns up after a later one. Across members it is nearly the order of booking.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import chain

from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.notifications.models import Notice, Outbox
from rewards_site.outward.events import is_chosen
from rewards_site.outward.models import (
    Delivery,
    DeliveryStatus,
    Subscription,
    SubscriptionStatus,
)

log = logging.getLogger(__name__)

BATCH = 500
KEPT_WHILE_OFF = timedelta(days=30)
"""So long events are kept for a subscription that is switched off; then it gets no more numbers."""


def fan_out(*, at: datetime, is_over: Callable[[], bool] = lambda: False) -> int:
    """Fan out what waits, until nothing does or `is_over`; how many events.

    Raises: DatabaseUnavailable; nothing is lost by it.
    """
    events = 0
    while Outbox.objects.exists() and not is_over():
        batch = retry_deadlocks(lambda: fan_out_batch(at=at))
        events += batch
        if not batch:
            break
    return events


def fan_out_batch(*, at: datetime, most: int = BATCH) -> int:
    """One batch, in a commit of its own; how many events."""
    with atomic():
        subscriptions = rows.find(Subscription, is_locked=True)
        notices = _waiting(most)
        if not notices:
            return 0
        told = [
            (row, _deliveries(row, notices, at=at)) for row in subscriptions if _listens(row, at=at)
        ]
        changed = [row for row, deliveries in told if deliveries]
        for row, deliveries in told:
            row.next_sequence += len(deliveries)
        rows.run(
            [
                *rows.insert(list(chain.from_iterable(deliveries for _row, deliveries in told))),
                *rows.overwrite(changed, ["next_sequence"]),
            ]
        )
        Outbox.objects.filter(pk__in=[notice.pk for notice in notices])._raw_delete("default")
    log.info("outward.fanned_out", extra={"events": len(notices), "subscriptions": len(changed)})
    return len(notices)


def _waiting(most: int) -> list[Notice]:
    """The oldest of the outbox. Notices carry facts, which nobody here is told."""
    oldest = Outbox.objects.order_by("pk").values("pk")[:most]
    return list(Notice.objects.filter(pk__in=oldest).defer("facts").order_by("pk"))


def _listens(row: Subscription, *, at: datetime) -> bool:
    is_off = row.status == SubscriptionStatus.OFF
    return not is_off or at < row.status_since + KEPT_WHILE_OFF


def _deliveries(row: Subscription, notices: Sequence[Notice], *, at: datetime) -> list[Delivery]:
    """One for each event that the subscription chose, numbered from its next number on.

    What happened before it was made is not for it, though nobody came to fan it out until now.
    """
    chosen = [
        notice
        for notice in notices
        if notice.pk > row.begins_after and is_chosen(notice.kind, row.event_types)
    ]
    is_off = row.status == SubscriptionStatus.OFF
    return [
        Delivery(
            subscription=row,
            notice=notice,
            event_type=notice.kind,
            sequence=sequence,
            status=DeliveryStatus.HELD if is_off else DeliveryStatus.DUE,
            not_before=at,
            created_at=at,
            due_since=at,
            ended_at=at if is_off else None,
        )
        for sequence, notice in enumerate(chosen, start=row.next_sequence)
    ]
