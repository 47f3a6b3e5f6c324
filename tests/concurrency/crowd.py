"""Many threads that begin together, each on a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

from django.db import connection

R = TypeVar("R")

GATE_SECONDS_MAX = 60


def at_once(count: int, work: Callable[[int], R]) -> list[R | BaseException]:
    """`work(0)` … `work(count - 1)` through one gate: what each returned or raised, in order."""
    gate = threading.Barrier(count, timeout=GATE_SECONDS_MAX)

    def run(number: int) -> R | BaseException:
        with closing(connection):
            try:
                connection.ensure_connection()  # so that the gate opens on work, not on log-ins
                gate.wait()
                return work(number)
            except Exception as error:
                return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def all_returned(results: list[R | BaseException]) -> list[R]:
    """The results of `at_once`, none of which may be an exception: the first one is raised."""
    returned: list[R] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        returned.append(result)
    return returned


def deadlock_count() -> int:
    """How many deadlocks PostgreSQL has broken in this database; SQLite knows none.

    The product tries again after one, so that nobody notices: tests that want none must ask here.
    """
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        # The counters of other connections are told when those end, at the latest
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        count: int = cursor.fetchone()[0]
    return count
