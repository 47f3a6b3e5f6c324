"""Heartbeats: rows that only a task can write that came all the way through the queue.

django-q2's own word (Stat) says «working» of a cluster that does nothing, so nobody asks it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F

from rewards_site.health.models import Heartbeat
from rewards_site.kernel import clock
from rewards_site.kernel.db import insert_missing

SCHEDULES = "schedules"
"""The heartbeat that a schedule asks for each minute, whichever worker then does it."""
KEPT = timedelta(days=7)
ALIVE = timedelta(minutes=6)
"""A heartbeat may wait behind two tasks that run out of time."""


def begin(name: str, *, at: datetime) -> None:
    """Have a heartbeat from now on: not to have beaten yet is no finding before some time."""
    insert_missing([Heartbeat(name=name, started_at=at, beat_at=at)])


def restarted(name: str) -> None:
    Heartbeat.objects.filter(name=name).update(restart_count=F("restart_count") + 1)


def end(name: str, *, at: datetime) -> None:
    Heartbeat.objects.filter(name=name).update(ended_at=at)


def beat(name: str) -> None:
    """The task: runs in a worker process."""
    at = clock.now()
    if not _beaten(name, at=at):
        begin(name, at=at)
        _beaten(name, at=at)


def count_of(name: str) -> int:
    """How often `name` has beaten."""
    counts = Heartbeat.objects.filter(name=name).values_list("beat_count", flat=True)
    return counts.first() or 0


def prune(*, at: datetime) -> int:
    """Delete the heartbeats of workers that are long gone; how many."""
    old = Heartbeat.objects.filter(beat_at__lt=at - KEPT).exclude(name=SCHEDULES)
    return int(old.delete()[0])


def _beaten(name: str, *, at: datetime) -> int:
    rows = Heartbeat.objects.filter(name=name)
    return rows.update(beat_at=at, beat_count=F("beat_count") + 1, ended_at=None)
