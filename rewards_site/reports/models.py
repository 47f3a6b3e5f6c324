"""What was exported, by whom, and the digest of its bytes. Append-only (guards)."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Door(models.TextChoices):
    """The way an export left the house."""

    COMMAND = "command", "the command line"
    WEB = "web", "the admin or HTTP"


class ReportRun(models.Model):
    """One export, written before its first byte: whatever happens then, it is on the record."""

    report = models.CharField(max_length=64)
    format = models.CharField(max_length=16)
    as_of = models.DateTimeField()
    """Ask for the same with this as-of, and the bytes are the same (CSV and Beancount)."""
    period_from = models.DateTimeField(null=True, blank=True)
    period_to = models.DateTimeField(null=True, blank=True)
    """Exclusive."""
    currency = models.CharField(max_length=3, blank=True)
    with_customer_ids = models.BooleanField(default=False)
    door = models.CharField(max_length=16, choices=Door.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    """Who was logged in; null on the command line."""
    system_user = models.CharField(max_length=255, blank=True)
    """Who ran the command, by the name of the operating system."""
    started_at = models.DateTimeField()

    class Meta:
        permissions = [("export_report", "Can export finance reports")]
        verbose_name = "export"
        constraints = [
            models.CheckConstraint(name="reportrun_door_known", condition=Q(door__in=Door.values)),
            models.CheckConstraint(
                name="reportrun_says_who",
                condition=Q(door=Door.WEB, actor__isnull=False)
                | (Q(door=Door.COMMAND) & ~Q(system_user="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.report}.{self.format}"


class ResultStatus(models.TextChoices):
    DONE = "done", "done: every byte was handed over"
    ABANDONED = "abandoned", "abandoned: the reader left half-way"
    FAILED = "failed", "failed half-way"


class ReportResult(models.Model):
    """How an export ended. An export without one is under way, or its process died."""

    run = models.OneToOneField(ReportRun, on_delete=models.PROTECT, related_name="result")
    status = models.CharField(max_length=16, choices=ResultStatus.choices)
    row_count = models.BigIntegerField()
    """Without the heading; of a Beancount file, its directives."""
    byte_count = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    """Of the bytes handed over: `sha256sum FILE` says whether a file is this export."""
    finished_at = models.DateTimeField()

    class Meta:
        verbose_name = "end of an export"
        verbose_name_plural = "ends of exports"
        constraints = [
            models.CheckConstraint(
                name="reportresult_status_known",
                condition=Q(status__in=ResultStatus.values),
            ),
            models.CheckConstraint(
                name="reportresult_counts_not_negative",
                condition=Q(row_count__gte=0, byte_count__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} ({self.row_count} rows)"
