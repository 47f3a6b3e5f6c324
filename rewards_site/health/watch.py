"""Looking for alarms each minute: from the worker's task, and from every web process.

The web processes look so that a dead worker is told about, too. Whoever comes first in a minute
does it for all (turns.py). What nobody can do without a database is said by lastresort.py.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, connection

from rewards_site.health import alarms, notices, tallies, turns
from rewards_site.health.lastresort import LastResort
from rewards_site.kernel import clock

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
LOOK_SECONDS = 10.0
SWITCH = "WATCH_ALARMS"
"""The environment variable by which `manage.py serve` has its processes watch."""


def look(*, at: datetime) -> bool:
    """Sweep and send, if nobody has within the minute; whether it was us. Raises: DatabaseError."""
    if not turns.take("alarms", every=EVERY, at=at):
        return False
    alarms.sweep(at=at)
    notices.deliver(at=at)
    return True


def start_if_asked() -> None:
    """Watch from a thread of this process, if it was started as a web server."""
    if os.environ.get(SWITCH) == "on":
        atexit.register(_flush_at_end)
        threading.Thread(target=_watch, args=(LastResort(),), name="watch", daemon=True).start()


def _flush_at_end() -> None:
    try:
        tallies.flush()
    except (DatabaseError, InterfaceError) as error:
        log.warning("watch.counts_lost", extra={"error_class": type(error).__name__})


def _watch(last_resort: LastResort) -> None:
    pause = threading.Event()
    while True:
        pause.wait(LOOK_SECONDS)
        _watch_once(last_resort)


def _watch_once(last_resort: LastResort) -> None:
    """Never raises: nobody would start the thread again."""
    at = clock.now()
    try:
        tallies.flush()
        look(at=at)
        last_resort.database_answers()
    except (DatabaseError, InterfaceError) as error:
        log.warning("watch.no_database", extra={"error_class": type(error).__name__})
        last_resort.database_is_silent(at=at)
    except Exception:  # the next look may be luckier
        log.exception("watch.failed")
    finally:
        connection.close()  # with a pool, this gives it back
