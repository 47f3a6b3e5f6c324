"""A subscription with an event of each kind for the admin's tests."""

from __future__ import annotations

from django.contrib.auth.models import User

from rewards_site.outward.models import Delivery, DeliveryAttempt, Subscription
from rewards_site.outward.signing import new_secret, sealed
from tests.factories import NOON


def fill_outward(number: int, staff: User) -> None:
    """One that is paused, so that nothing is sent; an event that was given up, with an attempt."""
    subscription = Subscription.objects.create(
        name=f"System {number}",
        url=f"https://hooks.example/{number}",
        event_types=["reward.*"],
        sealed_secret=sealed(new_secret()),
        status="paused",
        status_since=NOON,
        status_reason="Moving house.",
        next_sequence=3,
        created_at=NOON,
        created_by=staff,
    )
    for sequence, status in ((1, "dead"), (2, "due")):
        delivery = Delivery.objects.create(
            subscription=subscription,
            event_type="test.ping",
            sequence=sequence,
            status=status,
            attempt_count=1,
            round_attempt_count=1,
            not_before=NOON,
            created_at=NOON,
            due_since=NOON,
            ended_at=NOON if status == "dead" else None,
            last_status=500,
            last_error="it answered 500",
        )
        DeliveryAttempt.objects.create(
            delivery=delivery,
            number=1,
            at=NOON,
            duration_ms=12,
            status=500,
            error="it answered 500",
        )
