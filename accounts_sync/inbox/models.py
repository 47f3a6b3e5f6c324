"""The inbox: every signed webhook, kept as it came; and what staff decide about the deferred."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class EventStatus(models.TextChoices):
    """What became of an event; the words of the answer that Button got."""

    PROCESSED = "processed", "processed"
    IGNORED = "ignored", "ignored: nothing to change"
    DEFERRED = "deferred", "deferred: cannot be applied now"
    REJECTED = "rejected", "rejected: not an event, or by staff"
    CONFLICTING = "conflicting", "conflicting: another body under a known id"


SETTLED = (EventStatus.PROCESSED.value, EventStatus.IGNORED.value)
"""Nobody decides about these any more, and they are never tried again."""


class BodyArchive(models.Model):
    """A file with bodies of settled events that were moved out of the database. Append-only.

    Only `emptied_at` is written later.
    """

    number = models.PositiveIntegerField(unique=True)
    """1, 2, 3, …: two runs that export at once want the same, and one of them is refused."""
    name = models.CharField(max_length=100, unique=True)
    """Of the file in INBOX_ARCHIVE_DIR."""
    sha256 = models.CharField(max_length=64)
    """Of the file as it lies there, in hex."""
    file_bytes = models.PositiveBigIntegerField()
    event_count = models.PositiveIntegerField()
    body_bytes = models.PositiveBigIntegerField()
    first_event_id = models.PositiveBigIntegerField()
    last_event_id = models.PositiveBigIntegerField()
    received_first = models.DateTimeField()
    received_last = models.DateTimeField()
    archived_at = models.DateTimeField()
    emptied_at = models.DateTimeField(null=True, blank=True)
    """When the last of its bodies had left the database; null: the next run goes on with it."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="bodyarchive_is_of_the_past",
                condition=Q(received_first__lte=F("received_last"))
                & Q(received_last__lt=F("archived_at")),
            ),
            models.CheckConstraint(
                name="bodyarchive_holds_something",
                condition=Q(event_count__gt=0) & Q(first_event_id__lte=F("last_event_id")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookEvent(models.Model):
    """One webhook event, raw, and what became of it. The raw side is append-only (guards)."""

    # null: a ping or a rejected body, which takes no id
    hook_id = models.CharField(max_length=255, null=True, blank=True, unique=True)
    event_type = models.CharField(max_length=255, blank=True)
    tx_id = models.CharField(max_length=255, blank=True, db_index=True)
    body = models.BinaryField()
    """Empty once it was archived."""
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
    archived_in = models.ForeignKey(
        BodyArchive, on_delete=models.PROTECT, null=True, blank=True, db_index=False
    )
    """Where its body is; null: in `body`."""

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
            models.CheckConstraint(
                name="webhookevent_archived_is_settled",
                condition=Q(archived_in=None) | Q(status__in=SETTLED, body=b""),
            ),
        ]

    def __str__(self) -> str:
        return self.hook_id or f"event {self.pk}"


class Verdict(models.TextChoices):
    """What staff say to something deferred."""

    ACCEPTED = "accepted", "accepted: the change that it tells holds"
    KEPT = "kept", "kept: ours hold, whatever else it tells was taken"
    REJECTED = "rejected", "rejected: nothing of it is ever booked"
    REOPENED = "reopened", "opened again"


class DeferredDecision(models.Model):
    """Who decided what about one deferred event, or row of the API, and why. Append-only.

    The latest of an event or row holds.
    """

    event = models.ForeignKey(
        WebhookEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="decisions"
    )
    row = models.ForeignKey(
        "accounts_sync.DeferredRow",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="decisions",
    )
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    deferred_because = models.CharField(max_length=1000)
    """Why it could not be applied, as it stood when this was decided."""
    reason = models.CharField(max_length=500)
    """Why it was decided so, in the words of who did."""
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="deferred_decisions"
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="approved_decisions",
    )
    """The second person, where the money asked for two."""
    decided_at = models.DateTimeField()
    transaction = models.ForeignKey(
        "transactions.Transaction", on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        permissions = [("decide_deferred", "Can accept or reject what could not be applied")]
        constraints = [
            models.CheckConstraint(
                name="deferreddecision_verdict_known", condition=Q(verdict__in=Verdict.values)
            ),
            models.CheckConstraint(
                name="deferreddecision_of_an_event_or_a_row",
                condition=Q(event__isnull=False, row__isnull=True)
                | Q(event__isnull=True, row__isnull=False),
            ),
            models.CheckConstraint(
                name="deferreddecision_approved_by_another_person",
                condition=Q(approver__isnull=True) | ~Q(approver=F("actor")),
            ),
            models.CheckConstraint(name="deferreddecision_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by staff"
