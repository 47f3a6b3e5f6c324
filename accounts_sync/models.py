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
    covered = models.JSONField(default=list, blank=True)
    """The union of every window that was read to its end: [start or null, end], ascending."""
    checked_at = models.DateTimeField(null=True, blank=True)
    """When `covered` was last put together anew from the runs, and compared."""
    check_problem = models.CharField(max_length=1000, blank=True)
    """What differed then; empty where nothing did."""
    late_count = models.PositiveIntegerField(default=0)
    """Changes that only looking back found, over all runs (SyncRun.late_count)."""
    marked_count = models.PositiveIntegerField(default=0)
    """Changes before which states may be missing, over all runs (SyncRun.marked_count)."""

    class Meta:
        verbose_name = "coverage"
        verbose_name_plural = "coverage"
        permissions = [("pull_watermark", "Can have an account read")]

    def __str__(self) -> str:
        return str(self.account_id)


class Leased(models.Model):
    """Who is reading just now. A lease that ended may be taken by anybody."""

    token = models.UUIDField(null=True, blank=True)
    """The holder's secret; each page's commit is fenced by it. Null: nobody."""
    holder = models.CharField(max_length=255, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


class Lease(Leased):
    """Who moves the watermark of one Button account just now."""

    account = models.OneToOneField(
        "transactions.ButtonAccount", on_delete=models.PROTECT, primary_key=True
    )

    def __str__(self) -> str:
        return f"{self.account_id} held by {self.holder or 'nobody'}"


class Job(models.TextChoices):
    """A way to read a Button account. Each has a lease of its own: none waits for another."""

    PULL = "pull", "pull: on from the watermark, or a window by hand"
    GAP = "gap", "gap: what the good windows left out"
    REREAD = "re-read", "re-read: the last months again, by when an order was created"


class SideReading(Leased):
    """A reading beside the watermark, with a lease, a window and a cursor of its own."""

    account = models.ForeignKey("transactions.ButtonAccount", on_delete=models.PROTECT)
    job = models.CharField(max_length=16, choices=[(Job.GAP, "gap"), (Job.REREAD, "re-read")])
    window_start = models.DateTimeField(null=True, blank=True)
    window_end = models.DateTimeField(null=True, blank=True)
    """Null: no window is under way."""
    next_url = models.TextField(blank=True)
    """The next page of the window under way; empty: it begins at its first page."""
    done_at = models.DateTimeField(null=True, blank=True)
    """When a window last came to its end; before the first: when it began to be counted."""
    wanted_at = models.DateTimeField(null=True, blank=True)
    """When staff asked for it; null: nobody does."""

    class Meta:
        constraints = [
            models.UniqueConstraint(name="sidereading_one_per_job", fields=["account", "job"]),
            models.CheckConstraint(
                name="sidereading_job_known", condition=Q(job__in=[Job.GAP, Job.REREAD])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} of {self.account_id}"


class RunKind(models.TextChoices):
    ACCOUNTS = "accounts", "accounts"
    TRANSACTIONS = "transactions", "transactions"
    WINDOW = "window", "window: a stretch that was asked for by hand"
    GAP = "gap", "gap: what the good windows left out"
    REREAD = "re-read", "re-read: by when an order was created"


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
    is_rest = models.BooleanField(default=False)
    """Whether it went on with a window that an earlier run began; what is newer is then unread."""
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    page_count = models.PositiveIntegerField(default=0)
    row_count = models.PositiveIntegerField(default=0)
    applied_count = models.PositiveIntegerField(default=0)
    ignored_count = models.PositiveIntegerField(default=0)
    deferred_count = models.PositiveIntegerField(default=0)
    late_count = models.PositiveIntegerField(default=0)
    """Of the applied: modified before what was read through when the run began, and yet news."""
    marked_count = models.PositiveIntegerField(default=0)
    """Of the applied: marked «states may be missing»."""
    error = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [
            models.Index(name="syncrun_latest", fields=["kind", "account", "-id"]),
            models.Index(
                name="syncrun_found_more",
                fields=["account", "-id"],
                condition=Q(late_count__gt=0) | Q(marked_count__gt=0),
            ),
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


class SeenRow(models.Model):
    """The row of the API that one child stands by: word for word again, it is no news.

    A memory to save time by, and no evidence: it may be forgotten at any moment (seen.py).
    """

    tx_id = models.CharField(max_length=255, primary_key=True)
    transaction = models.ForeignKey(
        "transactions.Transaction", on_delete=models.PROTECT, db_index=False
    )
    revision = models.PositiveIntegerField()
    """Number of the order's latest revision then; with a later one this is void."""
    mark = models.CharField(max_length=128)
    """The row's digest, with what else decides how a row is read."""

    class Meta:
        verbose_name = "row known already"
        verbose_name_plural = "rows known already"

    def __str__(self) -> str:
        return self.tx_id


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
