"""A process that is tied to its parent ends with it, by the kernel or by looking."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.accounts_sync.worker.running import ROOT, until

PARENT = """
import os, signal, sys, threading
from accounts_sync.worker.lineage import die_with_parent
sys.platform = sys.argv[1]
parent = os.getpid()
child = os.fork()
if child == 0:
    die_with_parent(parent)
    print(os.getpid(), flush=True)
threading.Event().wait()
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("platform", [sys.platform, "unknown"], ids=["kernel", "looking"])
def test_a_child_ends_with_its_killed_parent(platform: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, platform],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert is_alive(child)

    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()

    until(lambda: not is_alive(child))
    parent.stdout.close()
