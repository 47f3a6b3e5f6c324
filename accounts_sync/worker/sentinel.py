"""django-q2's sentinel, which keeps a worker's processes, with what it overlooks.

It respawns whoever died and goes on. But who was killed may have held a lock of the queue that all
share (an idle worker always does), and then nothing runs any more while all seem alive. Ours ends
instead, and the supervisor starts the whole anew. Written against django-q2 1.11.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import uuid
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import Any

from django import db
from django_q.cluster import Sentinel, get_mp_context, worker
from django_q.conf import Conf
from django_q.status import Stat

from accounts_sync.worker.broker import WorkerBroker
from accounts_sync.worker.flag import Flag
from accounts_sync.worker.lineage import die_with_parent
from accounts_sync.worker.schedules import queue_due

log = logging.getLogger(__name__)

SCHEDULE_SECONDS = 10.0
STAT_SECONDS = 2.0
"""Stat is for `manage.py qinfo` and `qmonitor` alone; it lives for three seconds."""
LOCK_SECONDS_MAX = 5.0
END_SECONDS_MAX = 3.0

EXIT_STOPPED = 0
EXIT_FAILED = 1
EXIT_BROKEN = 3
"""A process of the worker was killed: what the others share may be locked for good."""


class BrokenError(Exception):
    """The processes cannot be trusted to go on."""


def run_sentinel(
    parent_pid: int, stop: Flag, started: Flag, cluster_id: uuid.UUID, worker_name: str
) -> None:
    """The sentinel's whole life, in a process of its own. Never returns."""
    die_with_parent(parent_pid)
    code = EXIT_FAILED
    sentinel: WatchfulSentinel | None = None
    try:
        sentinel = WatchfulSentinel(
            stop, started, cluster_id, broker=WorkerBroker(worker_name), start=False
        )
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the supervisor was told, too, and stops us
        sentinel.start()
        code = EXIT_STOPPED
    except BrokenError as error:
        log.error("worker.broken", extra={"why": str(error)})  # noqa: TRY400  # no trace
        code = EXIT_BROKEN
    except Exception:
        log.exception("worker.sentinel_failed")
    finally:
        if sentinel is not None:
            sentinel.kill_all()
        os._exit(code)  # multiprocessing's own way out would wait for who may be stuck


class WatchfulSentinel(Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """Ends when a process of its own was killed; queues what is due by our own scheduler."""

    def spawn_process(self, target: Callable[..., Any], *args: Any) -> ForkProcess:
        db.connections.close_all()  # a forked connection would be a shared one
        process: ForkProcess = get_mp_context().Process(
            target=_run_child,
            args=(os.getpid(), target, *args),
            name=f"Process-{uuid.uuid4().hex}",
            daemon=True,
        )
        if target == worker:
            process.timer = args[2]  # type: ignore[attr-defined]  # django-q2's own
            self.pool.append(process)
        process.start()
        return process

    def reincarnate(self, process: ForkProcess) -> None:
        """In the place of a task that ran out of time, a recycled worker, or one that raised.

        Raises: BrokenError.
        """
        self._require_own_end(process)
        timer = getattr(process, "timer", None)
        if timer is not None and timer.value == 0:  # its task is over; it may hang all the same
            process.join(timeout=END_SECONDS_MAX)
            process.kill()
        super().reincarnate(process)

    def guard(self) -> None:
        """Raises: BrokenError."""
        self.start_event.set()
        log.info("worker.running", extra={"pid": self.pid, "workers": self.pool_size})
        schedule_at = stat_at = float("-inf")
        while True:
            self._check_processes()
            if Conf.SCHEDULER and time.monotonic() - schedule_at >= SCHEDULE_SECONDS:
                schedule_at = time.monotonic()
                queue_due(self.broker)
            if time.monotonic() - stat_at >= STAT_SECONDS:
                stat_at = time.monotonic()
                Stat(self).save()
            if self.stop_event.wait(Conf.GUARD_CYCLE):
                break
        self.stop()

    def kill_all(self) -> None:
        for process in (*self.pool, self.monitor, self.pusher):
            if process is not None and process.is_alive():
                process.kill()

    def _check_processes(self) -> None:
        for process in list(self.pool):
            self._check_worker(process)
        for process in (self.monitor, self.pusher):
            if not process.is_alive():
                self.reincarnate(process)

    def _check_worker(self, process: Any) -> None:
        if not process.is_alive():
            self.reincarnate(process)
            return
        lock = process.timer.get_lock()
        if not lock.acquire(timeout=LOCK_SECONDS_MAX):
            self._require_own_end(process)
            raise BrokenError(f"worker {process.pid} holds on to its timer")
        try:
            is_out_of_time = process.timer.value == 0
            if process.timer.value > 0:
                # django-q2's: 0 is «end it», so a timer never stays between 0 and a whole cycle
                process.timer.value = max(0, process.timer.value - Conf.GUARD_CYCLE)
        finally:
            lock.release()
        if is_out_of_time:
            self.reincarnate(process)

    def _require_own_end(self, process: ForkProcess) -> None:
        """Raises: BrokenError, if `process` was killed: it may have held a lock of the queue."""
        if process.exitcode is not None and process.exitcode < 0:
            raise BrokenError(f"process {process.pid} was killed by signal {-process.exitcode}")


def _run_child(parent_pid: int, target: Callable[..., None], *args: Any) -> None:
    """A worker, the pusher or the monitor. SIGTERM is the supervisor's to hear."""
    die_with_parent(parent_pid)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    target(*args)
