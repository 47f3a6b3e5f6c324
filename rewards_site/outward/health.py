"""What alarms, /metrics and the landing page say of outward events. Registered at start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Exists, Min, OuterRef, QuerySet
from prometheus_client import Metric

from rewards_site.health import metrics, registry, tallies
from rewards_site.kernel.admin.paging import bounded_count, count_text
from rewards_site.notifications.models import Outbox
from rewards_site.outward.models import (
    OPEN,
    Delivery,
    DeliveryStatus,
    Subscription,
    SubscriptionStatus,
)

FAILING = timedelta(hours=1)
"""So long nothing is taken before it is an alarm."""
DEAD_TOLD = timedelta(days=1)
"""So long an event that was given up is an alarm; it stays on the landing page."""
FAN_OUT_LATE = timedelta(minutes=15)
_TALLY = "outward:"
_OUTCOMES = ("delivered", "failed")


def register() -> None:
    registry.register("outward events", outward_is_wrong)
    metrics.register("outward", collect)


def outward_is_wrong(at: datetime) -> str:
    """Subscriptions that their receiver ended or that take nothing; events that were given up."""
    said = []
    gone = Subscription.objects.filter(is_off_by_receiver=True).order_by("name")
    if names := _names(gone):
        said.append(f"{names} answered 410 and was switched off: resume it, or switch it off")
    if names := _names(failing(at)):
        said.append(f"{names} took nothing for an hour")
    dead = bounded_count(
        Delivery.objects.filter(
            subscription__in=ids(), status=DeliveryStatus.DEAD, ended_at__gte=at - DEAD_TOLD
        )
    )
    if dead:
        said.append(f"events given up within a day: {count_text(dead)}; send them again")
    oldest = Outbox.objects.order_by("pk").values_list("notice__at", flat=True).first()
    if oldest is not None and oldest < at - FAN_OUT_LATE:
        said.append(f"nobody has fanned events out since {oldest:%Y-%m-%d %H:%M} UTC")
    return "; ".join(said)


def failing(at: datetime) -> QuerySet[Subscription]:
    """Active ones that were tried for an hour, and have taken nothing for as long."""
    of_mine = Delivery.objects.filter(subscription=OuterRef("pk"))
    tried = of_mine.filter(status__in=OPEN, due_since__lt=at - FAILING, round_attempt_count__gt=0)
    taken = of_mine.filter(status=DeliveryStatus.DELIVERED, ended_at__gte=at - FAILING)
    active = Subscription.objects.filter(
        status=SubscriptionStatus.ACTIVE, status_since__lt=at - FAILING
    )
    return active.filter(Exists(tried), ~Exists(taken)).order_by("name")


def ids() -> list[int]:
    """Of all subscriptions: few, and what an index of deliveries begins with."""
    return list(Subscription.objects.values_list("pk", flat=True))


def collect(at: datetime) -> Iterator[Metric]:
    """Figures of all subscriptions together."""
    counts = Subscription.objects.values_list("status").annotate(count=Count("pk")).order_by()
    of_status = dict.fromkeys(SubscriptionStatus.values, 0) | dict(counts)
    yield metrics.gauges(
        "rewards_outward_subscriptions",
        "Subscriptions to outward events.",
        labels=["status"],
        samples=[((status,), count) for status, count in sorted(of_status.items())],
    )
    mine = Delivery.objects.filter(subscription__in=ids())
    for status, what in (
        (DeliveryStatus.DEAD, "Events that were given up, and not sent again since"),
        (DeliveryStatus.HELD, "Events that were not sent, since their subscription was off"),
    ):
        yield metrics.gauge(
            f"rewards_outward_{status.value}",
            f"{what}; 10,001 stands for more.",
            bounded_count(mine.filter(status=status)),
        )
    waiting = mine.filter(status__in=OPEN)
    yield metrics.gauge(
        "rewards_outward_due",
        "Events still to be sent, paused ones too; 10,001 stands for more.",
        bounded_count(waiting),
    )
    active = waiting.filter(subscription__status=SubscriptionStatus.ACTIVE)
    since = active.aggregate(since=Min("due_since"))["since"]
    yield metrics.gauge(
        "rewards_outward_oldest_due_seconds",
        "How long the event that waits longest has been due, of active subscriptions.",
        (at - since).total_seconds() if since else 0,
    )
    counted = tallies.values(_TALLY)
    yield metrics.counters(
        "rewards_outward_attempts",
        "Attempts to deliver an event, by what came of them.",
        labels=["outcome"],
        samples=[((outcome,), counted.get(outcome, 0)) for outcome in _OUTCOMES],
    )


def _names(found: QuerySet[Subscription]) -> str:
    return " and ".join(f"«{row.name}»" for row in found)
