"""The queue in our database, as django-q2 has it, with two differences.

The oldest task comes first (django-q2 asks in no order), and each worker has a key of its own
beside the common one, so that its heartbeat task is done by itself and not by another worker.
"""

from __future__ import annotations

import threading
import time

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

OWN_KEY_PREFIX = "worker:"
_OWN_LOOK_SECONDS = 1.0
"""The own key is looked at this often; the common one at every poll."""


def own_key(worker: str) -> str:
    """The queue's key for what only `worker` shall do; OrmQ.key takes 100 characters."""
    return (OWN_KEY_PREFIX + worker)[:100]


class WorkerBroker(ORM):  # type: ignore[misc]  # django-q2 has no types
    """What the pusher of one worker takes tasks from."""

    def __init__(self, worker: str) -> None:
        super().__init__()
        self._own_key = own_key(worker)
        self._looked_at = float("-inf")

    def dequeue(self) -> list[tuple[int, str]]:
        """At most one task, its retry clock started: what is taken can begin at once."""
        task = self._own_task() or self._oldest(self.list_key)
        if task is None:
            threading.Event().wait(Conf.POLL)
            return []
        same = self.get_connection().filter(pk=task.pk, lock=task.lock)
        is_ours = same.update(lock=self.timeout(task))  # or another worker was faster
        return [(task.pk, task.payload)] if is_ours else []

    def _own_task(self) -> OrmQ | None:
        """Ahead of the common queue, or a long one would look like a wedge."""
        if time.monotonic() - self._looked_at < _OWN_LOOK_SECONDS:
            return None
        self._looked_at = time.monotonic()
        return self._oldest(self._own_key)

    def _oldest(self, key: str) -> OrmQ | None:
        waiting = self.get_connection().filter(key=key, lock__lt=timezone.now())
        return waiting.order_by("pk").first()
