"""Whose turn it is: an event is claimed for a while, in a commit of its own, before it is sent.

A claim that is over may be taken by anybody: whoever held it has died, or is far too slow. So an
event may be sent twice, with the same `webhook-id`, and never twice at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from rewards_site.kernel.db import atomic
from rewards_site.outward.models import (
    OPEN,
    Delivery,
    DeliveryStatus,
    Subscription,
    SubscriptionStatus,
)

CLAIMED = timedelta(minutes=2)
"""Longer than finding a name, sending and writing it down may take."""
BEGIN_WITHIN = timedelta(minutes=1)
"""Of its claim: what is not begun by then is not sent, since another may soon take it over."""
IN_FLIGHT_MAX = 32
"""By one process, to all receivers together."""
EACH_IN_FLIGHT_MAX = 8
"""To one receiver: a slow one must not hold up the others."""


def claim_due(*, in_flight: Mapping[int, int], at: datetime) -> list[Delivery]:
    """Claim what is due and there is room for, oldest first in each subscription; may be none.

    `in_flight`: subscription → how many of its events this process is sending. Notices and members
    are loaded. Raises: DatabaseError.
    """
    claim = uuid.uuid4()
    room = IN_FLIGHT_MAX - sum(in_flight.values())
    active = Subscription.objects.filter(status=SubscriptionStatus.ACTIVE).order_by("pk")
    keys: list[int] = []
    for subscription_id in active.values_list("pk", flat=True):
        most = min(room - len(keys), EACH_IN_FLIGHT_MAX - in_flight.get(subscription_id, 0))
        if most > 0:
            due = _due(at).filter(subscription_id=subscription_id)
            ordered = due.order_by("not_before", "sequence")
            keys.extend(ordered.values_list("pk", flat=True)[:most])
    if not keys:
        return []
    with atomic():
        _due(at).filter(pk__in=keys).update(
            status=DeliveryStatus.DELIVERING,
            claim=claim,
            not_before=at + CLAIMED,
            attempt_count=F("attempt_count") + 1,
            round_attempt_count=F("round_attempt_count") + 1,
        )
    mine = Delivery.objects.filter(pk__in=keys, claim=claim)
    return list(mine.select_related("subscription", "notice__member").order_by("pk"))


def _due(at: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(status__in=OPEN, not_before__lte=at)
