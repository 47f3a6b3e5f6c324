"""Due schedules become tasks; one that makes no sense is switched off and stops no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule, Task
from django_q.scheduler import scheduler

from accounts_sync.worker.broker import WorkerBroker
from accounts_sync.worker.schedules import queue_due
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase

POISON: tuple[dict[str, Any], ...] = (
    {"args": "1, oops("},
    {"args": "print(1)"},
    {"args": "(" * 500},
    {"kwargs": "[1]"},
    {"kwargs": "oops("},
    {"kwargs": "{'q_options': 1}"},
    {"schedule_type": "?"},
    {"schedule_type": Schedule.CRON, "cron": "not a cron line"},
)


def schedule(**fields: Any) -> Schedule:
    """Due for a minute."""
    values = {"func": "math.sqrt", "schedule_type": Schedule.MINUTES, "minutes": 5, "repeats": -1}
    next_run = timezone.now() - timedelta(minutes=1)
    return Schedule.objects.create(**(values | {"next_run": next_run} | fields))


def queued() -> list[dict[str, Any]]:
    return [row.task for row in OrmQ.objects.order_by("pk")]


@pytest.mark.django_db
@pytest.mark.parametrize("poison", POISON, ids=lambda poison: str(poison)[:40])
def test_a_schedule_that_makes_no_sense_stops_no_other(poison: dict[str, Any]) -> None:
    bad = schedule(name="bad one")
    Schedule.objects.filter(pk=bad.pk).update(**poison)
    good = schedule(args="4")

    assert queue_due(WorkerBroker("w")) == 1

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.repeats, good.repeats) == (0, -1)
    assert [task["args"] for task in queued()] == [(4,)]
    told = Task.objects.get()
    assert (told.name, told.success) == ("schedule bad one", False)
    assert "switched off" in told.result
    assert queue_due(WorkerBroker("w")) == 0


def test_control_the_library_s_own_scheduler_is_stopped_by_it(
    committed_db: CommittedDatabase,
) -> None:
    schedule(args="1, oops(")
    schedule(args="4")

    scheduler(broker=WorkerBroker("w"))

    assert queued() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "args", "kwargs"),
    [
        ({"args": "4"}, (4,), {}),
        ({"args": "1, 'two'"}, (1, "two"), {}),
        ({"args": "(1, 2),"}, ((1, 2),), {}),
        ({"kwargs": "{'a': 1}"}, (), {"a": 1}),
        ({"kwargs": "a=1, b='two'"}, (), {"a": 1, "b": "two"}),
        ({}, (), {}),
    ],
)
def test_arguments_are_read_as_the_library_reads_them(
    fields: dict[str, Any], args: tuple[object, ...], kwargs: dict[str, object]
) -> None:
    made = schedule(name="s", **fields)

    queue_due(WorkerBroker("w"))

    [task] = queued()
    assert (task["args"], task["kwargs"], task["group"]) == (args, kwargs, "s")
    made.refresh_from_db()
    assert made.task == task["id"]


@pytest.mark.django_db
def test_what_was_missed_is_not_caught_up() -> None:
    made = schedule(next_run=timezone.now() - timedelta(days=3650), minutes=1)

    assert queue_due(WorkerBroker("w")) == 1

    made.refresh_from_db()
    assert timedelta(0) < made.next_run - timezone.now() <= timedelta(minutes=1)


@pytest.mark.django_db
def test_a_schedule_ends_when_it_has_run_as_often_as_it_shall() -> None:
    twice = schedule(repeats=2)
    once = schedule(schedule_type=Schedule.ONCE, repeats=1)
    schedule(schedule_type=Schedule.ONCE, repeats=-1)

    assert queue_due(WorkerBroker("w")) == 3

    assert sorted(Schedule.objects.values_list("pk", "repeats")) == [(twice.pk, 1), (once.pk, 0)]


@pytest.mark.django_db
def test_what_is_for_later_or_for_another_cluster_is_left() -> None:
    schedule(next_run=timezone.now() + timedelta(hours=1))
    schedule(cluster="another")
    schedule(repeats=0)

    assert queue_due(WorkerBroker("w")) == 0


@pytest.mark.postgres
def test_of_many_workers_one_queues_each_schedule(committed_db: CommittedDatabase) -> None:
    for number in range(10):
        schedule(args=str(number))

    counts = at_once(4, lambda number: queue_due(WorkerBroker(f"w{number}")))

    assert sum(count for count in counts if isinstance(count, int)) == 10
    assert sorted(task["args"] for task in queued()) == [(number,) for number in range(10)]
