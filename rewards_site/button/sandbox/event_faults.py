"""Faults that fall to an event when it is taken in: lost, sent twice, held back."""

from __future__ import annotations

from datetime import timedelta

from rewards_site.button.sandbox.deliveries import Delivery, DeliveryState
from rewards_site.button.sandbox.faults import FaultKind, Faults

HELD_BACK_MAX = timedelta(hours=1)
"""By Button's pace: an event that is late, or waits for a later one of its order."""


def meet_faults(delivery: Delivery, faults: Faults, *, speed: float) -> None:
    """Mark `delivery` with what falls to it: its state, its lane, when it goes, how often."""
    at, name = delivery.created_at, delivery.event.hook_id
    outage = faults.outage(at)
    is_lost = outage is not None and outage.loses_webhooks
    if is_lost or faults.meets(FaultKind.LOST, name):
        delivery.state = DeliveryState.LOST
        return
    if faults.meets(FaultKind.DUPLICATE, name):
        delivery.repeats = 1
    late = faults.meets(FaultKind.LATE, name)
    if late is not None:
        wait = HELD_BACK_MAX / speed if late.seconds is None else timedelta(seconds=late.seconds)
        delivery.has_lane_of_its_own, delivery.due_at = True, at + wait
    elif faults.meets(FaultKind.REORDERED, name):
        delivery.has_lane_of_its_own = True
        delivery.held_for = delivery.order_key
        delivery.due_at = at + HELD_BACK_MAX / speed
