"""How `make demo` looks after its processes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rewards_site.demo_processes import Child, DemoError, Ending, Processes

FOR_EVER = ("-c", "import threading; threading.Event().wait()")
DONE = ("-c", "print('made it')")
FAILS = ("-c", "raise SystemExit('no such rule')")


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    return Processes(base=tmp_path, folder=tmp_path, environment={}, stopping=threading.Event())


def _ended(child: Child) -> Child:
    child.process.wait(timeout=10)
    return child


def test_a_shopper_that_dies_is_started_again(processes: Processes) -> None:
    shopper = processes.spawn("shoppers", *FOR_EVER, ending=Ending.STARTS_AGAIN)
    shopper.process.kill()
    _ended(shopper)

    told = processes.look_after()

    (again,) = processes.children
    assert told == []
    assert again.process.pid != shopper.process.pid
    assert again.process.poll() is None
    assert processes.stop() == []
    assert again.process.poll() is not None


def test_work_that_is_done_is_not_done_twice(processes: Processes) -> None:
    _ended(processes.spawn("rules", *DONE, ending=Ending.IS_DONE))

    assert processes.look_after() == []
    assert processes.children == []


def test_work_that_fails_is_tried_again_and_given_up_in_the_end(processes: Processes) -> None:
    processes.spawn("rules", *FAILS, ending=Ending.IS_DONE)
    told = []
    starts = 0
    while processes.children:
        starts += 1
        _ended(processes.children[0])
        told += processes.look_after()

    assert starts == 4
    assert told == ["The rules process gave up:\n" + "\n".join(["no such rule"] * 4)]


def test_without_the_web_server_nothing_goes_on(processes: Processes) -> None:
    _ended(processes.spawn("web", *FAILS))

    with pytest.raises(DemoError, match=r"The web process ended by itself(.|\n)*no such rule"):
        processes.look_after()
