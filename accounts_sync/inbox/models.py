"""The inbox: every signed webhook, kept as it came."""

from django.db import models
from django.db.models import Q


class EventStatus(models.TextChoices):
    """What became of an event; the words of the answer that Button got."""

    PROCESSED = "processed", "processed"
    IGNORED = "ignored", "ignored: nothing to change"
    DEFERRED = "deferred", "deferred: cannot be applied now"
    REJECTED = "rejected", "rejected: not an event"
    CONFLICTING = "conflicting", "conflicting: another body under a known id"


class WebhookEvent(models.Model):
    """One webhook event, raw, and what became of it. The raw side is append-only (guards)."""

    # null: a ping or a rejected body, which takes no id
    hook_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    event_type = models.CharField(max_length=255, blank=True)
    tx_id = models.CharField(max_length=255, blank=True, db_index=True)
    body = models.BinaryField()
    body_digest = models.CharField(max_length=64)
    """SHA-256 of what the body says, without `request_id`, which differs on each attempt."""
    is_test = models.BooleanField(default=False)
    received_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=EventStatus.choices)
    reason = models.CharField(max_length=1000, blank=True)
    delivery_count = models.PositiveIntegerField(default=1)
    """How often Button delivered it."""
    attempt_count = models.PositiveIntegerField(default=0)
    """How often we tried to apply it."""
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True, db_index=True)
    """When a deferred event is tried again by itself; null: not by itself."""
    beside = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="conflicting"
    )
    """The event whose id this body also claims."""
    transaction = models.ForeignKey(
        "transactions.Transaction", on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        permissions = [("replay_webhookevent", "Can try a stored event again")]
        indexes = [models.Index(name="webhookevent_by_status", fields=["status", "-id"])]
        constraints = [
            models.UniqueConstraint(
                name="webhookevent_conflict_kept_once",
                fields=["beside", "body_digest"],
                condition=Q(beside__isnull=False),
            ),
            models.CheckConstraint(
                name="webhookevent_status_known", condition=Q(status__in=EventStatus.values)
            ),
        ]

    def __str__(self) -> str:
        return self.hook_id or f"event {self.pk}"
