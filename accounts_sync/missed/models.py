"""Webhooks that did not come: what the sync found first, and how much was told by whom each day."""

from django.db import models
from django.db.models import F, Q


class Verdict(models.TextChoices):
    """What became of the webhook that should have told a change."""

    LATE = "late", "late: it came after the sync"
    LOST = "lost", "lost: it has not come"


class FoundChange(models.Model):
    """A change of a transaction that the sync told before any webhook did.

    Only the verdict is written later: a lost one that comes after all was late.
    """

    revision = models.OneToOneField("transactions.TransactionRevision", on_delete=models.PROTECT)
    """Which booked it."""
    account = models.ForeignKey("transactions.ButtonAccount", on_delete=models.PROTECT)
    transaction = models.ForeignKey("transactions.Transaction", on_delete=models.PROTECT)
    tx_id = models.CharField(max_length=255, db_index=True)
    status = models.CharField(max_length=16)
    """Of the `tx` id, as told."""
    modified_at = models.DateTimeField()
    """Button's, to the second: when the webhook was due."""
    found_at = models.DateTimeField()
    """When the sync booked it."""
    day = models.DateField()
    """Of `found_at`, in BUSINESS_TIME_ZONE as it was set then."""
    detect_seconds = models.PositiveIntegerField()
    """From `modified_at` to `found_at`; 0 where our clock is behind Button's."""
    verdict = models.CharField(max_length=8, choices=Verdict.choices)
    told_at = models.DateTimeField(null=True, blank=True)
    """When its webhook came; null: not yet."""

    class Meta:
        verbose_name = "change found by the sync"
        verbose_name_plural = "changes found by the sync"
        indexes = [
            models.Index(name="foundchange_by_day", fields=["day", "detect_seconds"]),
            models.Index(name="foundchange_by_verdict", fields=["verdict", "-id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="foundchange_lost_until_told",
                condition=Q(verdict=Verdict.LOST, told_at__isnull=True)
                | Q(verdict=Verdict.LATE, told_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} of {self.tx_id}"


class ToldDay(models.Model):
    """How many changes of one Button account were told on one business day, and by whom first."""

    account = models.ForeignKey("transactions.ButtonAccount", on_delete=models.PROTECT)
    day = models.DateField()
    webhook_count = models.PositiveIntegerField(default=0)
    """Told by a webhook before the sync."""
    found_count = models.PositiveIntegerField(default=0)
    """Told by the sync first; their rows are FoundChange."""
    lost_count = models.PositiveIntegerField(default=0)
    """Of the found: those whose webhook has not come."""

    class Meta:
        verbose_name = "day of webhooks"
        verbose_name_plural = "days of webhooks"
        constraints = [
            models.UniqueConstraint(name="toldday_one_per_account", fields=["day", "account"]),
            models.CheckConstraint(
                name="toldday_lost_were_found", condition=Q(lost_count__lte=F("found_count"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} of {self.account_id}"


class Measuring(models.Model):
    """How far revisions and webhooks have been looked through: one row."""

    revision_id = models.BigIntegerField(default=0)
    event_id = models.BigIntegerField(default=0)
    measured_at = models.DateTimeField(null=True, blank=True)
    """When it was last looked, to the end."""

    class Meta:
        verbose_name_plural = "measuring"
        constraints = [models.CheckConstraint(name="measuring_has_one_row", condition=Q(id=1))]

    def __str__(self) -> str:
        return "measuring of webhooks"
