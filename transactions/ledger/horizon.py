"""When things are booked, and until when the books are settled: what reports of an instant rest on.

A report as of an instant must give the same for ever. So nothing may be booked at or before an
instant that a report has shown:

- Who books reads the time last, under its locks: the database's clock, or a microsecond past the
  horizon if that is later. The horizon is the latest instant that any report asked for, kept in one
  row that only grows; a clock that steps back therefore changes no report.
- A report first moves the horizon to its instant and commits that. Who reads the horizon from then
  on books after it. Who read it before has said so by a shared advisory lock, taken before the read
  and held until its commit: the report looks who holds it and waits for those alone. Nobody waits
  for the report. (To take the lock exclusively would be simpler, and stop every post that begins
  while it waits: measured 1.2 s.)
- When they have ended, the row says so, too (`settled_at`), and the database refuses whatever would
  be booked at or before it (guards.py). A report of an instant that is settled waits for nobody.

On SQLite one writes at a time: the write lock, taken to move the horizon, is the wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Max

from rewards_site.kernel import clock, rows
from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.db import atomic, is_postgres
from rewards_site.kernel.errors import InvalidInput, Unavailable
from rewards_site.kernel.rows import Question
from transactions.ledger.models import EntryGroup, Horizon

TICK = timedelta(microseconds=1)
"""The step of both databases' clocks."""
WAIT_SECONDS_MAX = 30.0
_PAUSE_SECONDS = 0.005
_PAUSE_SECONDS_MAX = 0.1
_LOCK = (1_919_250_548, 1)
"""Key of the advisory lock that is shared by who books; any numbers that are ours alone."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What a post needs to write: primary keys of its groups, and the instant."""

    group_ids: list[int]
    at: datetime


def booking_questions(count: int) -> tuple[Question[Any], ...]:
    """What tells keys for `count` groups and the instant at which they are booked.

    Ask them after every lock is held, together, and read the answers by booking_told(); from there
    to the commit a report of a later instant waits.
    """
    if not is_postgres():
        return rows.next_ids(EntryGroup, count), rows.rows_of(Horizon)
    # Two statements: the second has a snapshot of its own, taken when the lock was held
    return (
        Question("SELECT pg_advisory_xact_lock_shared(%s, %s)", _LOCK, list),
        Question(
            "SELECT clock_timestamp(), horizon_at, ARRAY("
            "SELECT nextval(pg_get_serial_sequence('ledger_entrygroup', 'id')) "
            "FROM generate_series(1, %s)) FROM ledger_horizon",
            [count],
            list,
        ),
    )


def booking_told(answers: Sequence[Sequence[Any]]) -> Booking:
    """The answers to booking_questions()."""
    if not is_postgres():
        group_ids, (horizon,) = answers
        return Booking(list(group_ids), max(clock.now(), horizon.horizon_at + TICK))
    now, horizon_at, group_ids = answers[1][0]
    return Booking(group_ids, max(now, horizon_at + TICK))


def settle(asked: datetime | None = None) -> datetime:
    """The instant `asked` for, or now, when nothing can be booked at or before it any more.

    Call it outside of a transaction (inside of one it answers only for what that has booked).
    Raises: InvalidInput (it lies in the future), Unavailable (posts begun before do not end).
    """
    with atomic():
        if not is_postgres():  # the write lock is held from here on: nobody else is booking
            settled = _raise(asked, present=_present(clock.now()))
            Horizon.objects.filter(settled_at__lt=settled).update(settled_at=settled)
            return settled
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            present = _present(cursor.fetchone()[0])
        if asked is not None and asked <= _horizon().settled_at:
            return asked
        settled = _raise(asked, present=present)
    _wait_for_posts_begun()
    Horizon.objects.filter(settled_at__lt=settled).update(settled_at=settled)
    return settled


def _horizon() -> Horizon:
    return Horizon.objects.get()


def _present(now: datetime) -> datetime:
    """The instant that is now for the books: the clock may have stepped back since they went on."""
    latest: datetime | None = EntryGroup.objects.aggregate(latest=Max("posted_at"))["latest"]
    return max(now, _horizon().horizon_at + TICK, latest or now)


def _raise(asked: datetime | None, *, present: datetime) -> datetime:
    if asked is not None and asked > present:
        raise InvalidInput(
            f"{wire_text(asked)} lies in the future; now is {wire_text(present)}.",
            fields={"as_of": "must not lie in the future"},
        )
    settled = present if asked is None else asked
    Horizon.objects.filter(horizon_at__lt=settled).update(horizon_at=settled)
    return settled


def _wait_for_posts_begun() -> None:
    """Until every other transaction that is booking now has ended. Those that begin are let be."""
    waited_for = _posts_under_way()
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    pause, seconds = threading.Event(), _PAUSE_SECONDS
    while waited_for:
        if time.monotonic() > deadline:
            raise Unavailable(
                f"Postings that began before this report have not ended in {WAIT_SECONDS_MAX:g} s. "
                "Try again in a moment."
            )
        pause.wait(seconds)
        seconds = min(seconds * 2, _PAUSE_SECONDS_MAX)
        waited_for &= _posts_under_way()


def _posts_under_way() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND (classid, objid) = (%s, %s) AND objsubid = 2 AND pid <> pg_backend_pid() "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            list(_LOCK),
        )
        return {row[0] for row in cursor.fetchall()}
