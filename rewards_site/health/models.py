"""What is known about how we run: heartbeats, alarms and their messages, counts, figures."""

from django.db import models
from django.db.models import F, Q


class Heartbeat(models.Model):
    """Proof that something works: written by a task that came all the way through the queue."""

    name = models.CharField(max_length=255, unique=True)
    """`schedules`, or one worker: its process and machine."""
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    """The last beat; before the first one, when it started."""
    beat_count = models.PositiveBigIntegerField(default=0)
    restart_count = models.PositiveIntegerField(default=0)
    """How often this worker's processes were ended and started again."""
    ended_at = models.DateTimeField(null=True, blank=True)
    """When it was stopped in good order."""

    def __str__(self) -> str:
        return self.name


class Alarm(models.Model):
    """One check that found something, from when it did until it was calm again."""

    name = models.CharField(max_length=100)
    """The check's name in the registry."""
    what = models.CharField(max_length=1000)
    """What was found, as of `last_seen_at`."""
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    clear_since = models.DateTimeField(null=True, blank=True)
    """Since when the check has found nothing; the alarm closes after a while of that."""
    closed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    """When messages about it were last written; null: it is too young to trouble anybody."""
    told_count = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(name="alarm_of_check", fields=["name", "-opened_at"])]
        constraints = [
            models.UniqueConstraint(
                name="alarm_open_once", fields=["name"], condition=Q(closed_at__isnull=True)
            ),
            models.CheckConstraint(
                name="alarm_closes_after_it_opened",
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NoticeKind(models.TextChoices):
    OPENED = "opened", "opened"
    STILL_OPEN = "still-open", "still open"
    CLOSED = "closed", "over"


class Channel(models.TextChoices):
    EMAIL = "email", "e-mail"
    WEBHOOK = "webhook", "webhook"


class Notice(models.Model):
    """One message about an alarm on one channel; written with the alarm, sent after the commit."""

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="notices")
    number = models.PositiveIntegerField()
    """0 opens, the highest closes."""
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    channel = models.CharField(max_length=16, choices=Channel.choices)
    what = models.CharField(max_length=1000)
    created_at = models.DateTimeField()
    not_before = models.DateTimeField()
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempt_count = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(
                name="notice_to_send",
                fields=["channel", "not_before"],
                condition=Q(sent_at__isnull=True),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                name="notice_written_once", fields=["alarm", "channel", "number"]
            ),
            models.CheckConstraint(
                name="notice_kind_known", condition=Q(kind__in=NoticeKind.values)
            ),
            models.CheckConstraint(
                name="notice_channel_known", condition=Q(channel__in=Channel.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alarm_id}-{self.number} by {self.channel}"


class Turn(models.Model):
    """Whose turn it is: what all processes could do, and one of them does once per interval."""

    name = models.CharField(max_length=100, primary_key=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """A count over all processes, added to every few seconds (tallies.py)."""

    key = models.CharField(max_length=200, primary_key=True)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return self.key


class Figures(models.Model):
    """Samples that cost a table scan, so they are taken every few minutes (figures.py)."""

    name = models.CharField(max_length=100, primary_key=True)
    taken_at = models.DateTimeField()
    samples = models.JSONField()
    """[[label values …, value], …]"""

    class Meta:
        verbose_name_plural = "figures"

    def __str__(self) -> str:
        return self.name
