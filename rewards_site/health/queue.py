"""The worker's queue, from outside: what waits, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min
from django_q.models import OrmQ, Schedule, Task
from prometheus_client import Metric

from rewards_site.health import heartbeat
from rewards_site.health.metrics import gauge
from rewards_site.health.models import Heartbeat
from rewards_site.kernel.admin.paging import bounded_count

LATE = timedelta(minutes=5)
"""So long a queued task, a due schedule or a heartbeat may wait before somebody should look."""
FAILED_WITHIN = timedelta(hours=1)
START = "is manage.py qcluster running?"


def worker_is_wrong(at: datetime) -> str:
    """Whether heartbeat, queued tasks or due schedules wait longer than a live worker lets them."""
    oldest = oldest_waiting(at)
    if oldest is not None and oldest < at - LATE:
        return f"a queued task waits since {_minute(oldest)}: {START}"
    due = Schedule.objects.exclude(repeats=0).aggregate(due=Min("next_run"))["due"]
    if due is None:
        return "nothing is scheduled: start manage.py qcluster"
    if due < at - LATE:
        return f"a schedule is due since {_minute(due)}: {START}"
    beats = Heartbeat.objects.filter(name=heartbeat.SCHEDULES).values_list("beat_at", flat=True)
    beat_at = beats.first()
    if beat_at is not None and beat_at < at - LATE:
        return f"no worker has done its heartbeat task since {_minute(beat_at)}: {START}"
    return ""


def tasks_are_wrong(at: datetime) -> str:
    """Whether tasks failed within the hour; a schedule that was switched off is told so, too."""
    failed = Task.objects.filter(success=False, stopped__gt=at - FAILED_WITHIN)
    count = bounded_count(failed, most=100)
    if not count:
        return ""
    number = "more than 100 tasks" if count > 100 else f"{count} task{'s' * (count > 1)}"
    return f"{number} failed within the hour: see the failed tasks"


def oldest_waiting(at: datetime) -> datetime | None:
    """Since when the oldest task waits that anybody may do; null where none does."""
    common = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"], lock__lte=at)
    oldest: datetime | None = common.aggregate(oldest=Min("lock"))["oldest"]
    return oldest


def collect(at: datetime) -> Iterator[Metric]:
    common = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"])
    oldest = oldest_waiting(at)
    yield gauge(
        "rewards_queue_tasks_waiting",
        "Queued tasks that no worker has taken; 10,001 stands for more than 10,000.",
        bounded_count(common.filter(lock__lte=at)),
    )
    yield gauge(
        "rewards_queue_tasks_taken",
        "Tasks at hand, or waiting for another try.",
        bounded_count(common.filter(lock__gt=at)),
    )
    yield gauge(
        "rewards_queue_oldest_waiting_seconds",
        "How long the oldest task waits that nobody has taken; 0 where none does.",
        max(0.0, (at - oldest).total_seconds()) if oldest else 0,
    )
    failed = Task.objects.filter(success=False, stopped__gt=at - FAILED_WITHIN)
    yield gauge(
        "rewards_tasks_failed_recently",
        "Tasks whose last failure is less than an hour old.",
        bounded_count(failed),
    )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
