"""Back-tests: what a version of a rule would have paid for orders of the past."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class BackTestStatus(models.TextChoices):
    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class BackTest(models.Model):
    """One run. It outlives the draft, whose content it names by its hash."""

    rule = models.ForeignKey("rules.RewardRule", on_delete=models.PROTECT, related_name="+")
    version_number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    """Of what was tested: a draft that is edited is another one."""
    status = models.CharField(
        max_length=16, choices=BackTestStatus.choices, default=BackTestStatus.QUEUED
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """Orders bought in [starts_at, ends_at)."""
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    order_count = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)
    """Figures.as_json() of a run that is done."""
    problem = models.CharField(max_length=500, blank=True)
    """Why it failed."""

    class Meta:
        verbose_name = "back-test"
        permissions = [("ask_backtest", "Can back-test reward rules")]
        indexes = [models.Index(name="backtest_of_content", fields=["content_hash", "status"])]
        constraints = [
            models.CheckConstraint(
                name="backtest_window_not_empty", condition=Q(starts_at__lt=F("ends_at"))
            ),
            models.CheckConstraint(
                name="backtest_ended_or_not",
                condition=Q(
                    status__in=[BackTestStatus.QUEUED, BackTestStatus.RUNNING],
                    finished_at__isnull=True,
                )
                | Q(
                    status__in=[BackTestStatus.DONE, BackTestStatus.FAILED],
                    finished_at__isnull=False,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} version {self.version_number}, back-test {self.pk}"
