"""The worker's work without its processes: what is scheduled and due, then what that queued."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule


def tick(at: datetime) -> None:
    """As a worker does at `at`; tasks are looked up by the names that stand in the database."""
    for schedule in Schedule.objects.filter(next_run__lte=at).order_by("pk"):
        Schedule.objects.filter(pk=schedule.pk).update(
            next_run=at + timedelta(minutes=schedule.minutes or 1)
        )
        import_string(schedule.func)()
    while (queued := OrmQ.objects.order_by("pk").first()) is not None:
        task = queued.task
        queued.delete()
        import_string(task["func"])(*task["args"], **task["kwargs"])
