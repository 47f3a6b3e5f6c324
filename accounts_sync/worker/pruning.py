"""django-q2's tables do not grow: what ended is forgotten, what cannot be done is given up."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django_q.models import OrmQ, Task

from accounts_sync.worker.broker import OWN_KEY_PREFIX

log = logging.getLogger(__name__)

RESULTS_KEPT = timedelta(days=30)
RESULTS_MAX = 1_000
"""The newest are kept: a task that fails each minute would leave 43,000 in 30 days."""
GIVEN_UP_AFTER = timedelta(days=1)
"""A task that was tried every ten minutes for a day and never ended ends its worker each time."""
_LOOKED_AT_MAX = 5_000


def prune(*, at: datetime) -> int:
    """Delete old results and what waits in vain; how many rows."""
    old = Task.objects.filter(stopped__lt=at - RESULTS_KEPT).delete()[0]
    return int(old) + _prune_excess() + _give_up(at=at)


def _prune_excess() -> int:
    excess = Task.objects.order_by("-stopped", "pk").values_list("pk", flat=True)
    keys = list(excess[RESULTS_MAX : RESULTS_MAX + _LOOKED_AT_MAX])
    return int(Task.objects.filter(pk__in=keys).delete()[0]) if keys else 0


def _give_up(*, at: datetime) -> int:
    """Queued tasks that never end, or never begin: each is told, then deleted."""
    before = at - GIVEN_UP_AFTER
    given_up = 0
    for queued in OrmQ.objects.order_by("pk")[:_LOOKED_AT_MAX]:
        task: dict[str, Any] = queued.task
        queued_at = task.get("started") or queued.lock  # without one it cannot be read
        if queued_at is None or queued_at >= before:
            continue
        if not OrmQ.objects.filter(pk=queued.pk).delete()[0]:
            continue
        given_up += 1
        if not queued.key.startswith(OWN_KEY_PREFIX):  # a heartbeat that a dead worker left behind
            _tell(task, queued_at, at=at)
    return given_up


def _tell(task: dict[str, Any], queued_at: datetime, *, at: datetime) -> None:
    log.error("worker.task_given_up", extra={"task": task.get("id"), "func": task.get("func")})
    key = str(task.get("id", ""))[:32]
    if Task.objects.filter(Q(pk=key)).exists():  # its failures are there already
        return
    Task.objects.create(
        id=key,
        name=str(task.get("name") or "unreadable")[:100],
        func=str(task.get("func") or "unknown")[:256],
        started=queued_at,
        stopped=at,
        success=False,
        attempt_count=1,
        result="Given up: it was queued a day ago and never came to an end. Either it ends its "
        "worker each time (see the worker's log), or no worker could read it.",
    )
