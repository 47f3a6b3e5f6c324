"""Outward events: who is told, what each was told, and every attempt.

Nothing personal is kept here. What is sent is put together when it is sent (payload.py), so that a
person who was forgotten meanwhile is in it no more.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rewards_site.kernel.ids import random_id
from rewards_site.notifications.models import Notice

URL_LENGTH_MAX = 2000
NAME_LENGTH_MAX = 100
ERROR_LENGTH_MAX = 200


class SubscriptionStatus(models.TextChoices):
    """Whether anything is sent."""

    ACTIVE = "active", "active"
    PAUSED = "paused", "paused: events wait"
    OFF = "off", "switched off: events are kept, and not sent"


class DeliveryStatus(models.TextChoices):
    """What became of one event for one subscription."""

    DUE = "due", "due"
    DELIVERING = "delivering", "being delivered"
    DELIVERED = "delivered", "delivered"
    DEAD = "dead", "given up after the last attempt"
    HELD = "held", "not sent: the subscription was off"


OPEN = (DeliveryStatus.DUE.value, DeliveryStatus.DELIVERING.value)
"""Still to be sent. `not_before` of a claimed one is the end of its claim."""
UNSENT = (DeliveryStatus.DEAD.value, DeliveryStatus.HELD.value)
"""Sent again only when staff say so."""


class Subscription(models.Model):
    """A system of the publisher's that is told of events, at one address."""

    public_id = models.UUIDField(default=random_id, unique=True, editable=False)
    name = models.CharField(max_length=NAME_LENGTH_MAX, unique=True)
    url = models.CharField(max_length=URL_LENGTH_MAX)
    event_types = models.JSONField()
    """What is told: exact types, families such as `redemption.*`, or `*` (events.py)."""
    sealed_secret = models.CharField(max_length=500)
    """What signs (signing.py). Its text was shown once."""
    sealed_old_secret = models.CharField(max_length=500, blank=True)
    """Signs too, until `old_secret_until`."""
    old_secret_until = models.DateTimeField(null=True, blank=True)
    status = models.CharField(
        max_length=16, choices=SubscriptionStatus.choices, default=SubscriptionStatus.ACTIVE
    )
    status_since = models.DateTimeField()
    status_reason = models.CharField(max_length=500, blank=True)
    is_off_by_receiver = models.BooleanField(default=False)
    """It answered 410 Gone, and nobody of staff has done anything about it."""
    next_sequence = models.PositiveBigIntegerField(default=1)
    created_at = models.DateTimeField()
    begins_after = models.BigIntegerField(default=0)
    """The key of the latest notice when it was made: it is told of those that came later."""
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        permissions = [
            ("manage_subscription", "Can make, change, rotate and stop outward subscriptions")
        ]
        constraints = [
            models.CheckConstraint(
                name="subscription_status_known", condition=Q(status__in=SubscriptionStatus.values)
            ),
            models.CheckConstraint(name="subscription_named", condition=~Q(name="") & ~Q(url="")),
            models.CheckConstraint(
                name="subscription_old_secret_ends",
                condition=Q(sealed_old_secret="", old_secret_until=None)
                | (~Q(sealed_old_secret="") & Q(old_secret_until__isnull=False)),
            ),
            models.CheckConstraint(
                name="subscription_off_by_receiver_is_off",
                condition=Q(is_off_by_receiver=False) | Q(status=SubscriptionStatus.OFF),
            ),
            models.CheckConstraint(
                name="subscription_counts_from_one", condition=Q(next_sequence__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event for one subscription. `sequence` is gap-free in each subscription, from 1."""

    public_id = models.UUIDField(default=random_id, unique=True, editable=False)
    """The `webhook-id`, the same in every attempt."""
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, db_index=False)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, null=True, db_index=False)
    """None: a test event."""
    event_type = models.CharField(max_length=64)
    sequence = models.PositiveBigIntegerField()
    status = models.CharField(
        max_length=16, choices=DeliveryStatus.choices, default=DeliveryStatus.DUE
    )
    attempt_count = models.PositiveIntegerField(default=0)
    """Begun in all."""
    round_attempt_count = models.PositiveIntegerField(default=0)
    """Begun since it last became due: staff may have it sent anew."""
    not_before = models.DateTimeField()
    """When it is tried next; while it is being delivered: when another may take it over."""
    claim = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    due_since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    """Delivered, given up or held since."""
    last_status = models.PositiveSmallIntegerField(null=True, blank=True)
    last_error = models.CharField(max_length=ERROR_LENGTH_MAX, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        permissions = [("replay_delivery", "Can have events sent again that were not delivered")]
        constraints = [
            models.UniqueConstraint(
                name="delivery_sequence_once", fields=["subscription", "sequence"]
            ),
            models.UniqueConstraint(
                name="delivery_notice_once",
                fields=["subscription", "notice"],
                condition=Q(notice__isnull=False),
            ),
            models.CheckConstraint(
                name="delivery_status_known", condition=Q(status__in=DeliveryStatus.values)
            ),
            models.CheckConstraint(name="delivery_counts_from_one", condition=Q(sequence__gte=1)),
            models.CheckConstraint(
                name="delivery_ended_or_open",
                condition=Q(status__in=OPEN, ended_at__isnull=True)
                | (~Q(status__in=OPEN) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="delivery_claimed_while_delivering",
                condition=Q(status=DeliveryStatus.DELIVERING, claim__isnull=False)
                | (~Q(status=DeliveryStatus.DELIVERING) & Q(claim__isnull=True)),
            ),
            models.CheckConstraint(
                name="delivery_round_within_all",
                condition=Q(round_attempt_count__lte=F("attempt_count")),
            ),
        ]
        indexes = [
            models.Index(
                name="delivery_open",
                fields=["subscription", "not_before", "sequence"],
                condition=Q(status__in=OPEN),
            ),
            models.Index(
                name="delivery_waiting",
                fields=["subscription", "due_since"],
                condition=Q(status__in=OPEN),
            ),
            models.Index(name="delivery_ended", fields=["subscription", "status", "ended_at"]),
        ]

    def __str__(self) -> str:
        return f"#{self.sequence} {self.event_type}"


class DeliveryAttempt(models.Model):
    """What one attempt came to. Append-only; goes when its delivery is forgotten.

    Of the answer only its status is kept: a receiver may repeat what it was told of a person.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, db_index=False)
    number = models.PositiveIntegerField()
    """Counted per delivery from 1. One that is missing died before its end was written down."""
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    """Of HTTP; None where no answer came."""
    error = models.CharField(max_length=ERROR_LENGTH_MAX, blank=True)
    """Why it does not count as delivered; empty where it does."""

    class Meta:
        constraints = [
            models.UniqueConstraint(name="attempt_numbered_once", fields=["delivery", "number"]),
            models.CheckConstraint(
                name="attempt_answered_or_failed",
                condition=Q(status__isnull=False) | ~Q(error=""),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}"
