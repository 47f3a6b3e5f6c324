"""What a thread may hold while a member at the other end waits for Button.

Few threads at once, whatever they ask Button for, so that webhooks always find one; and no database
connection while Button is asked.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from rewards_site.button.errors import ButtonBusy

_BUSY_RETRY_AFTER_SECONDS = 1


def places_count() -> int:
    """How many threads of a process may wait at once: half of what its web server has."""
    return max(1, settings.WEB_THREADS // 2)


@contextmanager
def waiting_for_button() -> Iterator[None]:
    """One of the process's places. Raises: ButtonBusy, at once, when all are taken.

    A queue in front of them would only hold more threads. A thread that has one takes no other, so
    whoever works long on an answer keeps the place around it.
    """
    let_database_go()
    places = _places(os.getpid(), places_count())
    if places.is_mine:
        yield
        return
    places.take()
    try:
        yield
    finally:
        places.give_back()


def let_database_go() -> None:
    """Give this thread's connection back to the pool; the next query takes one again.

    Never inside a transaction: it would stay open as long as Button takes.
    """
    blocks = connection.atomic_blocks
    # The transaction that a test runs in is not the program's; durable atomic() minds the same.
    assert not blocks or getattr(blocks[-1], "_from_testcase", False), (
        "Button is never asked inside a database transaction"
    )
    if not connection.in_atomic_block and connection.vendor == "postgresql":
        connection.close()


class _Places:
    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._of_thread = threading.local()

    @property
    def is_mine(self) -> bool:
        """Whether this thread has one."""
        return getattr(self._of_thread, "has_one", False)

    def take(self) -> None:
        """Raises: ButtonBusy."""
        if not self._free.acquire(blocking=False):
            raise ButtonBusy(
                "Too many requests wait for Button at the moment.",
                retry_after=_BUSY_RETRY_AFTER_SECONDS,
            )
        self._of_thread.has_one = True

    def give_back(self) -> None:
        self._of_thread.has_one = False
        self._free.release()


@functools.lru_cache(maxsize=16)
def _places(_process_id: int, count: int) -> _Places:
    """Of this process: what a parent had taken at a fork would never be given back in the child."""
    return _Places(count)
