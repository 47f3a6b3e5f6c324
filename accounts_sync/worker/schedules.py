"""Due schedules become tasks, each in a database transaction of its own.

django-q2's own scheduler does all in one: a row that it chokes on (arguments that cannot be read
are only one way) rolls back the whole of it, again and again, so that one poison row stops every
schedule. Here such a row fails alone, and is switched off. What a row means is as in django-q2.
"""

from __future__ import annotations

import ast
import logging
import uuid
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections
from django.db.models import Q
from django.utils import timezone
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.models import Schedule, Task
from django_q.tasks import async_task
from django_q.utils import localtime

from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic, in_transaction, is_postgres, undo

log = logging.getLogger(__name__)

_STEPS_MAX = 10_000


def queue_due(broker: Broker) -> int:
    """Queue a task for each schedule that is due; how many. Never raises."""
    queued = 0
    try:
        if not in_transaction():  # it would drop the connection of one
            close_old_connections()
        due = list(_due().order_by("pk").values_list("pk", flat=True))
        for pk in due:
            queued += _queue_one(pk, broker)
    except (DatabaseError, InterfaceError) as error:  # the next look may be luckier
        log.warning("schedules.not_looked_at", extra={"error_class": type(error).__name__})
    return queued


def _due() -> Any:
    is_mine = Q(cluster=Conf.CLUSTER_NAME)
    if Conf.CLUSTER_NAME == Conf.PREFIX:
        is_mine |= Q(cluster__isnull=True)
    return Schedule.objects.filter(is_mine, next_run__lt=timezone.now()).exclude(repeats=0)


def _queue_one(pk: int, broker: Broker) -> bool:
    """Whether it was queued, by us: of several workers one finds it still due. Raises:
    DatabaseError, which says nothing about the row."""
    try:
        with atomic():
            # On SQLite the transaction is the one writer.
            locked = _due().select_for_update(of=("self",), skip_locked=is_postgres())
            schedule = locked.filter(pk=pk).first()
            if schedule is None:
                return False
            try:
                _turn_into_task(schedule, broker)
            except (DatabaseError, InterfaceError):
                raise
            except Exception as error:  # whatever it chokes on: this row, and no other
                undo()
                reason = f"{type(error).__name__}: {error}"
            else:
                return True
    except DatabaseError as error:
        log.warning(
            "schedules.not_queued", extra={"schedule": pk, "error_class": type(error).__name__}
        )
        return False
    _disarm(pk, reason, at=clock.now())
    return False


def _turn_into_task(schedule: Schedule, broker: Broker) -> None:
    """Raises: anything, for a row that makes no sense."""
    args, kwargs = _arguments(schedule)
    options = dict(kwargs.get("q_options", {}))
    if schedule.intended_date_kwarg:
        kwargs[schedule.intended_date_kwarg] = schedule.next_run.isoformat()
    if schedule.hook:
        options["hook"] = schedule.hook
    options["cluster"] = schedule.cluster or options.pop("broker_name", None)
    if options["cluster"] in (None, Conf.CLUSTER_NAME):
        options["broker"] = broker
    options.setdefault("group", schedule.name or schedule.pk)
    kwargs["q_options"] = options
    schedule.task = async_task(schedule.func, *args, **kwargs)
    _move_on(schedule)


def _arguments(schedule: Schedule) -> tuple[tuple[Any, ...], dict[str, Any]]:
    kwargs: dict[str, Any] = {}
    if schedule.kwargs:
        try:
            kwargs = dict(ast.literal_eval(schedule.kwargs))
        except (SyntaxError, ValueError):
            call = ast.parse(f"f({schedule.kwargs})", mode="eval").body
            assert isinstance(call, ast.Call)
            kwargs = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
    args: Any = ast.literal_eval(schedule.args) if schedule.args else ()
    return (args if isinstance(args, tuple) else (args,)), kwargs


def _move_on(schedule: Schedule) -> None:
    """To its next run in the future; one that runs once is over."""
    if schedule.schedule_type == Schedule.ONCE:
        if schedule.repeats < 0:
            schedule.delete()
            return
        schedule.repeats = 0
    else:
        schedule.next_run = _next_run(schedule)
        schedule.repeats = max(-1, schedule.repeats - (schedule.repeats > 0))
    schedule.save(update_fields=["task", "next_run", "repeats"])


def _next_run(schedule: Schedule) -> datetime:
    """What was missed is left out, unless Q_CLUSTER's catch_up is on."""
    now = localtime()
    next_run: datetime = schedule.next_run
    for _ in range(_STEPS_MAX):
        next_run = schedule.calculate_next_run(next_run)
        if Conf.CATCH_UP or next_run > now:
            return next_run
    found: datetime = schedule.calculate_next_run(now)
    return found


def _disarm(pk: int, reason: str, *, at: datetime) -> None:
    """Switch it off, and have staff find it among the failed tasks."""
    with atomic():
        row = Schedule.objects.filter(pk=pk).exclude(repeats=0).first()
        if row is None or not Schedule.objects.filter(pk=pk).exclude(repeats=0).update(repeats=0):
            return
        Task.objects.create(
            id=uuid.uuid4().hex,
            name=f"schedule {row.name or row.pk}"[:100],
            func=row.func,
            started=at,
            stopped=at,
            success=False,
            attempt_count=1,
            result=f"This schedule cannot be turned into a task ({reason[:500]}), so it was "
            "switched off. Mend or delete its row, then set repeats to -1.",
        )
    log.error("schedules.poison", extra={"schedules": [pk]})
