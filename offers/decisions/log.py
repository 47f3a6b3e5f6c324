"""Decisions are kept off the request path: a bounded queue in memory, and a thread that writes.

A member never waits for this log, and it never takes a database connection from a request. What is
waiting when a process is killed is lost, and so is what no longer fits while the database does not
answer; how much, /metrics tells. An orderly end of the process writes what waits.
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from offers.decisions.listing import ShownListing
from offers.decisions.writing import write
from rewards_site.health import tallies
from rewards_site.kernel.db import DatabaseUnavailable

log = logging.getLogger(__name__)

WAITING_MAX = 2000
"""Of one process: at the full rate limit, what is shown in 24 seconds, some 50 MB."""
BATCH = 200
EVERY_SECONDS = 1.0
_TRIES = 4
_END_SECONDS = 5.0
WRITTEN = "rate_decisions:written"
DROPPED = "rate_decisions:dropped:"


def remember(listing: ShownListing) -> None:
    """Have the listing written within seconds. Returns at once, asks no database, never raises."""
    if settings.RATE_DECISIONS_DAYS:
        _of_process(os.getpid()).remember(listing)


class DecisionLog:
    """What waits to be written, and the thread that writes it while there is something."""

    def __init__(
        self,
        *,
        waiting_max: int = WAITING_MAX,
        pause: Callable[[float], object] | None = None,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._waiting: deque[ShownListing] = deque()
        self._waiting_max = waiting_max
        self._lock = threading.Lock()
        """Of the queue."""
        self._writing = threading.Lock()
        """One batch at a time, in the order in which it was shown."""
        self._ending = threading.Event()
        self._pause = pause or self._ending.wait
        self._every_seconds = every_seconds
        self._thread: threading.Thread | None = None

    def remember(self, listing: ShownListing) -> None:
        with self._lock:
            if len(self._waiting) >= self._waiting_max:
                tallies.count(f"{DROPPED}full")
                return
            self._waiting.append(listing)
            if self._thread is None and not self._ending.is_set():
                self._thread = threading.Thread(
                    target=self._write_on, name="rate decisions", daemon=True
                )
                self._thread.start()

    def write_waiting(self) -> None:
        """Write all that waits, in this thread. Never raises: what cannot be written is counted."""
        with self._writing:
            try:
                while batch := self._taken():
                    self._keep(batch)
            finally:
                connection.close()  # with a pool, this gives it back

    def end(self, *, seconds: float = _END_SECONDS) -> None:
        """Write what waits and stop, in `seconds` at most."""
        self._ending.set()
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _taken(self) -> list[ShownListing]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]

    def _write_on(self) -> None:
        """Until there is nothing more to write; the next listing starts another thread."""
        while True:
            self._ending.wait(self._every_seconds)  # what comes meanwhile shares the commit
            self.write_waiting()
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return

    def _keep(self, batch: Sequence[ShownListing]) -> None:
        try:
            self._tried(batch)
        except DatabaseUnavailable as error:
            self._drop(len(batch), why="database", error=error)
        except Exception as error:  # one that the database refuses must not take the others along
            if len(batch) == 1:
                self._drop(1, why="refused", error=error)
                return
            for one in batch:
                self._keep([one])
        else:
            tallies.count(WRITTEN, len(batch))

    def _tried(self, batch: Sequence[ShownListing]) -> None:
        """Raises: DatabaseError."""
        for number in range(1, _TRIES + 1):
            try:
                return write(batch)
            except DatabaseUnavailable:
                if number == _TRIES or self._ending.is_set():
                    raise
                connection.close()
                self._pause(2.0 ** (number - 1))
        return None

    def _drop(self, count: int, *, why: str, error: Exception) -> None:
        tallies.count(f"{DROPPED}{why}", count)
        log.error(
            "rate_decisions.dropped",
            extra={"count": count, "why": why, "error_class": type(error).__name__},
        )


@functools.lru_cache(maxsize=4)
def _of_process(process_id: int) -> DecisionLog:
    """Of this process: a queue that a fork copied is written by the parent, and has no thread."""
    decisions = DecisionLog()
    atexit.register(_end, decisions, process_id)
    return decisions


def _end(decisions: DecisionLog, process_id: int) -> None:
    if os.getpid() != process_id:  # registered before a fork
        return
    decisions.end()
    try:
        tallies.flush()
    except (DatabaseError, InterfaceError) as error:
        log.warning("rate_decisions.counts_lost", extra={"error_class": type(error).__name__})
