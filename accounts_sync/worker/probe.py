"""The supervisor's heartbeat task, and how long one has gone unanswered."""

from __future__ import annotations

import time

from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.tasks import async_task

from accounts_sync.worker.broker import own_key
from rewards_site.health import heartbeat
from rewards_site.kernel import clock

_BEAT = "rewards_site.health.heartbeat.beat"
LOOK_SECONDS = 1.0


class Probe:
    """At most one heartbeat task at a time. Answered: it was done, and taken off the queue.

    Counts and rows are compared, never times of the database: clocks may be set meanwhile.
    """

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._key = own_key(worker)
        self._asked_at: float | None = None
        self._answered_at = float("-inf")
        self._count_before = 0
        self._look_at = float("-inf")

    @property
    def unanswered_seconds(self) -> float:
        return 0 if self._asked_at is None else time.monotonic() - self._asked_at

    def forget(self) -> None:
        """Whoever was asked is not there any more: ask anew at the next look."""
        self._asked_at = None
        self._answered_at = float("-inf")

    def look(self, *, every_seconds: float) -> bool:
        """Ask if it is time to; whether an answer was found just now. Raises: DatabaseError."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_SECONDS
        if self._asked_at is not None:
            return self._is_answered()
        if now - self._answered_at >= every_seconds:
            self._ask()
        return False

    def withdraw(self) -> None:
        OrmQ.objects.filter(key=self._key).delete()

    def _ask(self) -> None:
        heartbeat.begin(self._worker, at=clock.now())
        self.withdraw()
        self._count_before = heartbeat.count_of(self._worker)
        broker = ORM(list_key=self._key)
        async_task(_BEAT, self._worker, q_options={"broker": broker, "task_name": "heartbeat"})
        self._asked_at = time.monotonic()

    def _is_answered(self) -> bool:
        if OrmQ.objects.filter(key=self._key).exists():
            return False
        if heartbeat.count_of(self._worker) == self._count_before:
            self.forget()  # dropped unread: the queue is signed with another SECRET_KEY
            return False
        self._asked_at, self._answered_at = None, time.monotonic()
        return True
