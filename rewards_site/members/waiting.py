"""Waiting for whoever began to write before now; nobody waits for who waits here."""

from __future__ import annotations

import threading
import time

from django.db import connection

from rewards_site.kernel.db import in_transaction, is_postgres
from rewards_site.kernel.errors import Unavailable

WAIT_SECONDS_MAX = 30.0
_PAUSE_SECONDS = 0.005
_PAUSE_SECONDS_MAX = 0.1
_ONE_AT_A_TIME = (1_919_250_548, 7)
"""Key of the advisory lock of who adds to the list; any numbers that are ours alone."""


def one_at_a_time() -> None:
    """Until this transaction ends, no other adds to the list of the erased.

    So its latest row is the latest that was committed, which is its edition.
    """
    assert in_transaction()
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", _ONE_AT_A_TIME)


def wait_for_writers() -> None:
    """Until every other transaction that has written, or locked rows, by now has ended.

    Raises: Unavailable, when one does not end. On SQLite one writes at a time: there is none.
    """
    if not is_postgres():
        return
    waited_for = _writers()
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    pause, seconds = threading.Event(), _PAUSE_SECONDS
    while waited_for:
        if time.monotonic() > deadline:
            raise Unavailable(
                f"Something that began to write before this has not ended in {WAIT_SECONDS_MAX:g} "
                "seconds. Nothing is taken in under their customer ids any more. Run the same "
                "command again in a moment: it goes on from here."
            )
        pause.wait(seconds)
        seconds = min(seconds * 2, _PAUSE_SECONDS_MAX)
        waited_for &= _writers()


def _writers() -> set[str]:
    """Other transactions with a lock on a table that only who writes, or locks rows, takes.

    PostgreSQL takes it before the statement's snapshot: who has none yet will see what is committed
    by now.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted "
            "AND mode IN ('RowShareLock', 'RowExclusiveLock') AND pid <> pg_backend_pid() "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return {row[0] for row in cursor.fetchall()}
