"""The worker for real: stopped when told, whole again after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import threading

import pytest
from django_q.models import OrmQ, Schedule

from accounts_sync.schedule import PLAN
from rewards_site.health.models import Heartbeat
from tests.accounts_sync.worker.running import Worker, is_gone, kill, until
from tests.accounts_sync.world import World, wire_row
from tests.factories import balances


def beats() -> int:
    """How many heartbeat tasks the worker has done."""
    own = Heartbeat.objects.exclude(name="schedules").values_list("beat_count", flat=True)
    return sum(own)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("tell", [os.kill, os.killpg], ids=["main process", "whole group"])
def test_the_worker_makes_its_schedules_and_stops_when_told(
    worker: Worker, tell: object, how: signal.Signals
) -> None:
    process = worker.start()
    assert Schedule.objects.count() == len(PLAN)

    assert callable(tell)
    tell(process.pid, how)

    assert process.wait(timeout=60) == 0
    until(lambda: is_gone(process.pid))  # those that were killed with it are reaped in a moment
    assert worker.said("worker.ended") == 0


def test_after_the_kill_of_an_idle_worker_tasks_run_again(worker: Worker) -> None:
    """It holds the lock by which all workers read the queue; django-q2 would stand still."""
    worker.start()
    until(lambda: beats() == 1)

    for pid in worker.processes()[:2]:  # the one that waits for the lock, and the one that has it
        kill(pid)
    until(lambda: worker.said("worker.starts_again") == 1)
    before = beats()
    until(lambda: beats() >= before + 2)

    assert Heartbeat.objects.exclude(name="schedules").get().restart_count == 1
    worker.process.terminate()  # type: ignore[union-attr]  # it was started
    assert worker.process.wait(timeout=60) == 0  # type: ignore[union-attr]
    row = Heartbeat.objects.exclude(name="schedules").get()
    assert row.ended_at is not None
    assert not OrmQ.objects.filter(key__startswith="worker:").exists()


def test_no_process_outlives_a_killed_supervisor(worker: Worker) -> None:
    process = worker.start()
    worker.processes()

    kill(process.pid)

    process.wait(timeout=30)
    until(lambda: is_gone(process.pid))


def test_the_worker_stops_even_if_its_inner_process_dies_in_its_sleep(worker: Worker) -> None:
    process = worker.start()
    inner = worker.sentinel()

    os.kill(inner, signal.SIGSTOP)
    os.kill(process.pid, signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):  # it waits for the work at hand
        process.wait(timeout=1)
    kill(inner)

    assert process.wait(timeout=60) == 0


def test_a_second_interrupt_does_not_wait_for_the_work_at_hand(worker: Worker) -> None:
    process = worker.start()
    os.kill(worker.sentinel(), signal.SIGSTOP)

    os.kill(process.pid, signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    os.kill(process.pid, signal.SIGINT)

    assert process.wait(timeout=60) == 0


@pytest.mark.slow
@pytest.mark.parametrize("which", ["sentinel", "second worker", "monitor", "pusher"])
def test_after_the_kill_of_any_process_tasks_run_again(worker: Worker, which: str) -> None:
    worker.start()
    until(lambda: beats() == 1)
    _, second, monitor, pusher = worker.processes()
    pids = {"sentinel": worker.sentinel(), "second worker": second, "monitor": monitor}

    kill(pids.get(which, pusher))
    until(lambda: worker.said("worker.starts_again") == 1)
    before = beats()
    until(lambda: beats() >= before + 2)

    assert not worker.process_ended


@pytest.mark.slow
@pytest.mark.parametrize("which", [-2, -1], ids=["monitor", "pusher"])
def test_a_process_that_hangs_is_noticed_by_the_heartbeat(worker: Worker, which: int) -> None:
    worker.start()
    until(lambda: beats() == 1)

    os.kill(worker.processes()[which], signal.SIGSTOP)
    until(lambda: worker.said("worker.starts_again") == 1)
    before = beats()
    until(lambda: beats() >= before + 2)

    assert any("no heartbeat" in line for line in worker.lines)


@pytest.mark.slow
def test_a_schedule_put_in_while_it_runs_stops_no_other(worker: Worker) -> None:
    worker.start()
    until(lambda: beats() == 1)
    poison = Schedule.objects.create(func="math.sqrt", args="1, oops(", minutes=1)
    Schedule.objects.filter(name="Heartbeat").update(next_run=poison.next_run)
    before = Heartbeat.objects.get(name="schedules").beat_count

    until(lambda: Heartbeat.objects.get(name="schedules").beat_count > before)

    assert Schedule.objects.get(pk=poison.pk).repeats == 0
    assert worker.said("schedules.poison") == 1


@pytest.mark.slow
def test_a_worker_that_never_works_gives_up_and_says_so(worker: Worker) -> None:
    process = worker.start()
    killed: set[int] = set()
    patience = threading.Event()
    while not worker.process_ended:
        found = [pid for pid in _children(worker) if pid not in killed]
        for pid in found:
            kill(pid)
            killed.add(pid)
        patience.wait(0.02)

    assert process.wait(timeout=5) == 1
    assert worker.said("worker.gave_up") == 1


def _children(worker: Worker) -> list[int]:
    try:
        return [worker.sentinel()]
    except (ValueError, FileNotFoundError, ProcessLookupError):
        return []


@pytest.mark.slow
def test_the_worker_reads_what_button_has_by_itself(worker: Worker, world: World) -> None:
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    worker.start()

    until(lambda: balances() == {"pending": 1000})

    assert world.accounts_calls in (1, 2)  # two schedules may ask at the same moment
