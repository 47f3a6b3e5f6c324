"""django-q2's tables do not grow."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from accounts_sync.worker import pruning
from accounts_sync.worker.broker import own_key
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def ended(number: int, *, at: datetime) -> Task:
    return Task(id=f"{number:032d}", name="t", func="f", started=at, stopped=at, success=False)


def test_of_many_results_the_newest_thousand_are_kept() -> None:
    at = timezone.now()
    Task.objects.bulk_create(
        ended(number, at=at - timedelta(minutes=number)) for number in range(1_010)
    )
    ended(5_000, at=at - timedelta(days=31)).save()

    assert pruning.prune(at=at) == 11
    assert Task.objects.count() == 1_000
    assert Task.objects.filter(id=f"{0:032d}").exists()


def test_a_task_that_never_ends_is_given_up_after_a_day_and_told() -> None:
    with time_machine.travel(NOON, tick=False):
        async_task("math.sqrt", 4, q_options={"task_name": "killer"})
        async_task("a.beat", q_options={"broker": ORM(list_key=own_key("gone"))})
    with time_machine.travel(NOON + timedelta(hours=23), tick=False):
        async_task("math.sqrt", 9)
    OrmQ.objects.update(lock=NOON + timedelta(days=2))  # tried again and again

    assert pruning.prune(at=NOON + timedelta(hours=24)) == 0
    assert pruning.prune(at=NOON + timedelta(hours=25)) == 2

    assert [queued.task["args"] for queued in OrmQ.objects.all()] == [(9,)]
    told = Task.objects.get()
    assert (told.name, told.func, told.success) == ("killer", "math.sqrt", False)
    assert "never came to an end" in told.result


def test_a_task_that_cannot_be_read_is_given_up_by_its_lock() -> None:
    OrmQ.objects.create(key="rewards", payload="signed with an older key", lock=NOON)

    assert pruning.prune(at=NOON + timedelta(hours=23)) == 0
    assert pruning.prune(at=NOON + timedelta(hours=25)) == 1
    assert Task.objects.get().name == "unreadable"
