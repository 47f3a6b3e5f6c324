"""What every process could do, and one of them does once per interval."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from rewards_site.health.models import Turn
from rewards_site.kernel.db import insert_missing


def take(name: str, *, every: timedelta, at: datetime) -> bool:
    """Whether it is this process that does `name` now: one conditional UPDATE decides.

    One that dies over it is followed by another after the interval. Raises: DatabaseError.
    """
    is_due = Q(due_at__lte=at) | Q(due_at__gt=at + every)  # the latter: a clock was set back
    rows = Turn.objects.filter(is_due, name=name)
    if rows.update(due_at=at + every):
        return True
    if Turn.objects.filter(name=name).exists():
        return False
    insert_missing([Turn(name=name, due_at=at)])
    return bool(rows.update(due_at=at + every))
