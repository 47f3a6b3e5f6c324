"""How the Transactions API is read: watermarks, leases, runs, and rows that had to be deferred."""

from django.db import models
from django.db.models import Q


class Watermark(models.Model):
    """How far one Button account has been read, by `modified_date`, and where a window stands."""

    account = models.OneToOneField(
        "transactions.ButtonAccount", on_delete=models.PROTECT, primary_key=True
    )
    through = models.DateTimeField(null=True, blank=True)
    """Everything modified before this has been read; null: nothing has yet."""
    window_start = models.DateTimeField(null=True, blank=True)
    window_end = models.DateTimeField(null=True, blank=True)
    next_url = models.TextField(blank=True)
    """The next page of the window under way; empty: no window is under way."""

    def __str__(self) -> str:
        return f"{self.account_id} through {self.through}"


class Lease(models.Model):
    """Who is reading one Button account just now. A lease that ended may be taken by anybody."""

    account = models.OneToOneField(
        "transactions.ButtonAccount", on_delete=models.PROTECT, primary_key=True
    )
    token = models.UUIDField(null=True, blank=True)
    """The holder's secret; each page's commit is fenced by it. Null: nobody."""
    holder = models.CharField(max_length=255, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.account_id} held by {self.holder or 'nobody'}"


class RunKind(models.TextChoices):
    ACCOUNTS = "accounts", "accounts"
    TRANSACTIONS = "transactions", "transactions"


class RunStatus(models.TextChoices):
    RUNNING = "running", "running"
    DONE = "done", "done"
    PAUSED = "paused", "paused: goes on at the next run"
    FAILED = "failed", "failed"
    ABANDONED = "abandoned", "abandoned: its process died"


class SyncRun(models.Model):
    """One reading of the Accounts API, or of one Button account's transactions."""

    kind = models.CharField(max_length=16, choices=RunKind.choices)
    account = models.ForeignKey(
        "transactions.ButtonAccount", on_delete=models.PROTECT, null=True, blank=True
    )
    status = models.CharField(max_length=16, choices=RunStatus.choices, default=RunStatus.RUNNING)
    window_start = models.DateTimeField(null=True, blank=True)
    window_end = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    page_count = models.PositiveIntegerField(default=0)
    row_count = models.PositiveIntegerField(default=0)
    applied_count = models.PositiveIntegerField(default=0)
    ignored_count = models.PositiveIntegerField(default=0)
    deferred_count = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [
            models.Index(name="syncrun_latest", fields=["kind", "account", "-id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="syncrun_status_known", condition=Q(status__in=RunStatus.values)
            ),
            models.CheckConstraint(
                name="syncrun_finished_unless_running",
                condition=Q(status=RunStatus.RUNNING, finished_at__isnull=True)
                | (~Q(status=RunStatus.RUNNING) & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk}"


class DeferredStatus(models.TextChoices):
    OPEN = "open", "open"
    SETTLED = "settled", "settled: applied, or known by now"


class DeferredRow(models.Model):
    """A row of the Transactions API that could not be applied: the evidence and the reason."""

    account = models.ForeignKey("transactions.ButtonAccount", on_delete=models.PROTECT)
    tx_id = models.CharField(max_length=255, blank=True, db_index=True)
    row = models.TextField()
    """The row as JSON, as it came."""
    row_digest = models.CharField(max_length=64)
    status = models.CharField(
        max_length=16, choices=DeferredStatus.choices, default=DeferredStatus.OPEN
    )
    reason = models.CharField(max_length=1000)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    seen_count = models.PositiveIntegerField(default=1)
    attempt_count = models.PositiveIntegerField(default=0)
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    transaction = models.ForeignKey(
        "transactions.Transaction", on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        permissions = [("replay_deferredrow", "Can try a deferred row again")]
        indexes = [models.Index(name="deferredrow_by_status", fields=["status", "-id"])]
        constraints = [
            models.UniqueConstraint(name="deferredrow_kept_once", fields=["account", "row_digest"]),
            models.CheckConstraint(
                name="deferredrow_status_known", condition=Q(status__in=DeferredStatus.values)
            ),
        ]

    def __str__(self) -> str:
        return self.tx_id or f"row {self.pk}"
