"""What a thread may hold while it waits for Button with a member at the other end.

Few threads at once, so that webhooks always find one, and no database connection.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from rewards_site.button.errors import ButtonBusy

CALLS_MAX = 32
"""Of one kind in one process, at once: half of the web server's threads."""
_BUSY_RETRY_AFTER_SECONDS = 1


@contextmanager
def waiting_for_button(kind: str, *, calls_max: int = CALLS_MAX) -> Iterator[None]:
    """One of the `calls_max` places of `kind`. Raises: ButtonBusy, at once, when all are taken.

    A queue in front of them would only hold more threads.
    """
    let_database_go()
    places = _places(os.getpid(), kind, calls_max)
    if not places.acquire(blocking=False):
        raise ButtonBusy(
            "Too many requests wait for Button at the moment.",
            retry_after=_BUSY_RETRY_AFTER_SECONDS,
        )
    try:
        yield
    finally:
        places.release()


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


@functools.lru_cache(maxsize=16)
def _places(_process_id: int, _kind: str, calls_max: int) -> threading.BoundedSemaphore:
    """Of this process: what a parent had taken at a fork would never be given back in the child."""
    return threading.BoundedSemaphore(calls_max)
