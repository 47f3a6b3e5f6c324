"""The checks that stand on nothing of ours: database, migrations, worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min
from django_q.models import OrmQ, Schedule

LATE = timedelta(minutes=5)
"""So long a queued task or a due schedule may wait before somebody should look."""


def applied_migrations() -> set[tuple[str, str]]:
    """What the database says is applied. Raises: DatabaseError, InterfaceError."""
    return set(MigrationRecorder(connection).applied_migrations())


def database_words(error: Exception) -> str:
    """Why the database cannot serve, without its names and addresses."""
    return f"the database does not answer ({type(error).__name__})"


def migrations_are_wrong(applied: set[tuple[str, str]]) -> str:
    """Which migrations this code has that the database has not; "" where none."""
    missing = [
        f"{app}.{name}"
        for (app, name), replaced in sorted(_known_migrations().items())
        if (app, name) not in applied and not (replaced and applied >= set(replaced))
    ]
    if not missing:
        return ""
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return f"not migrated: {', '.join(missing[:3])}{more}; run manage.py migrate"


def worker_is_wrong(at: datetime) -> str:
    """Whether queued tasks or due schedules wait longer than a live worker lets them."""
    oldest = OrmQ.objects.aggregate(oldest=Min("lock"))["oldest"]
    if oldest is not None and oldest < at - LATE:
        return (
            f"a queued task waits since {oldest:%Y-%m-%d %H:%M} UTC: is manage.py qcluster running?"
        )
    schedules = Schedule.objects.exclude(repeats=0)
    due = schedules.aggregate(due=Min("next_run"))["due"]
    if due is None:
        return "nothing is scheduled: start manage.py qcluster"
    if due < at - LATE:
        return f"a schedule is due since {due:%Y-%m-%d %H:%M} UTC: is manage.py qcluster running?"
    return ""


@cache
def _known_migrations() -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """Every migration of this code, with those it replaces; read from disk once."""
    loader = MigrationLoader(None)
    return {key: tuple(migration.replaces) for key, migration in loader.disk_migrations.items()}
