"""When the worker is said to be degraded, and what is told of its queue."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_q.models import OrmQ, Schedule, Task

from rewards_site.health import heartbeat
from rewards_site.health.models import Heartbeat
from rewards_site.health.queue import tasks_are_wrong, worker_is_wrong
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def waits(minutes: float, *, key: str = "rewards") -> None:
    OrmQ.objects.create(key=key, payload="p", lock=NOON - timedelta(minutes=minutes))


def due(minutes: float, **fields: int) -> None:
    next_run = NOON - timedelta(minutes=minutes)
    Schedule.objects.create(func="a.b", next_run=next_run, **fields)


def test_a_worker_that_keeps_up_is_fine() -> None:
    due(4)
    waits(4)
    heartbeat.begin(heartbeat.SCHEDULES, at=NOON - timedelta(minutes=5))

    assert worker_is_wrong(NOON) == ""


def test_a_task_that_waits_too_long_is_told() -> None:
    due(0)
    waits(6)

    assert worker_is_wrong(NOON) == (
        "a queued task waits since 2026-11-20 11:54 UTC: is manage.py qcluster running?"
    )


def test_what_a_dead_worker_asked_of_itself_is_no_finding() -> None:
    due(0)
    waits(60, key="worker:gone")

    assert worker_is_wrong(NOON) == ""


def test_a_task_under_work_or_for_later_is_no_finding() -> None:
    due(0)
    waits(-9)

    assert worker_is_wrong(NOON) == ""


def test_a_schedule_that_did_not_run_is_told() -> None:
    due(9 * 24 * 60, repeats=0)
    due(7)

    assert worker_is_wrong(NOON) == (
        "a schedule is due since 2026-11-20 11:53 UTC: is manage.py qcluster running?"
    )


def test_no_schedule_at_all_says_what_to_start() -> None:
    assert worker_is_wrong(NOON) == "nothing is scheduled: start manage.py qcluster"


def test_a_heartbeat_that_stopped_is_told_though_all_else_looks_well() -> None:
    due(0)
    heartbeat.begin(heartbeat.SCHEDULES, at=NOON - timedelta(minutes=8))

    assert worker_is_wrong(NOON) == (
        "no worker has done its heartbeat task since 2026-11-20 11:52 UTC: "
        "is manage.py qcluster running?"
    )


def test_beats_are_counted_and_old_workers_forgotten() -> None:
    heartbeat.beat("one")
    heartbeat.beat("one")
    assert heartbeat.count_of("one") == 2
    assert heartbeat.count_of("nobody") == 0

    for name in ("old", heartbeat.SCHEDULES):
        heartbeat.begin(name, at=NOON - timedelta(days=8))

    assert heartbeat.prune(at=NOON) == 1
    assert sorted(Heartbeat.objects.values_list("name", flat=True)) == ["one", "schedules"]


def test_tasks_that_failed_within_the_hour_are_told() -> None:
    for number, minutes in enumerate((59, 61)):
        at = NOON - timedelta(minutes=minutes)
        Task.objects.create(
            id=f"{number:032d}", name="t", func="f", started=at, stopped=at, success=False
        )

    assert tasks_are_wrong(NOON) == "1 task failed within the hour: see the failed tasks"
    assert tasks_are_wrong(NOON + timedelta(hours=2)) == ""
