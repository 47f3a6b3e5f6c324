"""Ask the worker to read the catalogue."""

from __future__ import annotations

from django_q.models import OrmQ
from django_q.tasks import async_task

_TASK = "accounts_sync.tasks.sync_merchants_now"
"""By name: the task stands on a floor above this one."""
_LOOKED_AT_MAX = 200


def queue_reading() -> bool:
    """Queue one reading; False where one waits already. Raises: DatabaseUnavailable."""
    waiting = OrmQ.objects.order_by("-id")[:_LOOKED_AT_MAX]
    if any(queued.func() == _TASK for queued in waiting):
        return False
    async_task(_TASK, q_options={"task_name": "read the catalogue"})
    return True
