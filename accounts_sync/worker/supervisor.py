"""What keeps the worker working: starts its processes, watches its heartbeat, starts them again.

The heartbeat is a task: it goes into the queue in the database, through the pusher, a worker
process and the monitor, which takes it off the queue. Whatever part hangs, the heartbeat stops.
A heartbeat waits behind what runs and what was prefetched, so it may take two time-outs of a task.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType

from django.db import DatabaseError, InterfaceError, connections
from django_q.cluster import get_mp_context
from django_q.conf import Conf

from accounts_sync.worker.flag import Flag
from accounts_sync.worker.probe import Probe
from accounts_sync.worker.sentinel import EXIT_STOPPED, run_sentinel
from rewards_site.health import heartbeat
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Unavailable

log = logging.getLogger(__name__)

SLACK_SECONDS = 60


class GaveUp(Unavailable):
    """The processes were started again and again, and never did a heartbeat's task."""

    code = "worker_gave_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All in seconds, but for the number of starts."""

    probe_every: float = 30
    stale_after: float = 2 * (Conf.TIMEOUT or 0) + SLACK_SECONDS
    start_max: float = 60
    stop_max: float = (Conf.TIMEOUT or 0) + 30
    """A task at hand is finished first; whoever runs us usually waits for less."""
    starts_max: int = 5
    """So often in a row without one heartbeat."""
    pause_max: float = 30


class _Ended(Enum):
    TOLD = "told to stop"
    DIED = "the inner process ended"
    STALE = "no heartbeat"
    NOT_STARTED = "the inner process did not start"


class Supervisor:
    """Runs one worker until it is told to stop."""

    def __init__(self, *, limits: Limits, is_once: bool = False) -> None:
        self.name = f"{socket.gethostname()[:60]} {os.getpid()} {uuid.uuid4().hex[:6]}"
        self._limits = limits
        self._is_once = is_once
        self._told = Flag()
        self._interrupts = 0
        self._cluster_id = uuid.uuid4()
        self._probe = Probe(self.name)
        self._fruitless = 0
        """Starts in a row without a heartbeat."""

    def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises: GaveUp."""
        with self._hears_signals():
            try:
                while self._life() is not _Ended.TOLD:
                    self._pause()
            finally:
                self._sign_off()

    def _life(self) -> _Ended:
        """One life of the worker's processes, from start to end."""
        self._fruitless += 1
        stop, started = Flag(), Flag()
        connections.close_all()  # forked connections would be shared ones
        sentinel: ForkProcess = get_mp_context().Process(
            target=run_sentinel,
            args=(os.getpid(), stop, started, self._cluster_id, self.name),
            name="sentinel",
        )
        sentinel.start()
        try:
            ended = self._watch(sentinel, started)
            if ended is _Ended.TOLD:
                self._stop(sentinel, stop)
            else:
                log.error(
                    "worker.ended",
                    extra={"why": ended.value, "code": sentinel.exitcode, "pid": sentinel.pid},
                )
            return ended
        finally:
            _kill(sentinel)  # the processes below it go with it (lineage.py)
            stop.close()
            started.close()

    def _watch(self, sentinel: ForkProcess, started: Flag) -> _Ended:
        """Until something is to be done about it."""
        begun_at = time.monotonic()
        self._probe.forget()
        while True:
            wait([sentinel.sentinel, self._told.fileno()], timeout=1)
            if self._told.is_set():
                return _Ended.TOLD
            if not sentinel.is_alive():
                return _Ended.TOLD if sentinel.exitcode == EXIT_STOPPED else _Ended.DIED
            if not started.is_set():
                if time.monotonic() - begun_at > self._limits.start_max:
                    return _Ended.NOT_STARTED
            elif self._is_once:
                return _Ended.TOLD
            elif self._is_stale():
                return _Ended.STALE

    def _is_stale(self) -> bool:
        try:
            if self._probe.look(every_seconds=self._limits.probe_every):
                self._fruitless = 0
        except (DatabaseError, InterfaceError) as error:
            self._probe.forget()  # without a database nobody can say who hangs
            log.warning("worker.not_looked_at", extra={"error_class": type(error).__name__})
        finally:
            connections.close_all()
        return self._probe.unanswered_seconds > self._limits.stale_after

    def _pause(self) -> None:
        """Before the next start: the longer, the more were fruitless. Raises: GaveUp."""
        if self._fruitless >= self._limits.starts_max:
            log.critical("worker.gave_up", extra={"starts": self._fruitless})
            raise GaveUp(
                f"The worker was started {self._fruitless} times and never did any work. "
                "The log says what ended it."
            )
        seconds = min(self._limits.pause_max, 2.0**self._fruitless)
        log.error("worker.starts_again", extra={"in_seconds": seconds})
        self._told.wait(seconds)
        try:
            heartbeat.restarted(self.name)
        except (DatabaseError, InterfaceError) as error:
            log.warning("worker.restart_not_counted", extra={"error_class": type(error).__name__})

    def _stop(self, sentinel: ForkProcess, stop: Flag) -> None:
        """Let what is at hand be finished; a second Ctrl-C does not."""
        stop.set()
        deadline = time.monotonic() + self._limits.stop_max
        while sentinel.is_alive() and self._interrupts < 2:
            if time.monotonic() > deadline:
                log.error("worker.killed", extra={"after_seconds": self._limits.stop_max})
                break
            sentinel.join(timeout=0.2)

    def _sign_off(self) -> None:
        try:
            self._probe.withdraw()
            heartbeat.end(self.name, at=clock.now())
        except (DatabaseError, InterfaceError):
            log.warning("worker.not_signed_off")
        finally:
            connections.close_all()

    @contextmanager
    def _hears_signals(self) -> Iterator[None]:
        def hear(number: int, _frame: FrameType | None) -> None:
            self._interrupts += number == signal.SIGINT
            self._told.set()

        before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _kill(process: ForkProcess) -> None:
    if process.is_alive():
        process.kill()
    process.join()
