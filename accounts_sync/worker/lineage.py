"""No process of the worker outlives its parent, however that one ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1
"""prctl(2): the kernel sends a signal when the parent ends."""
_LOOK_SECONDS = 1.0


def die_with_parent(parent_pid: int) -> None:
    """End this process when `parent_pid` ends: at once on Linux, within a second elsewhere.

    Call it in the child's main thread, early: a parent that is gone by now ends it here.
    """
    if not _asked_the_kernel():
        threading.Thread(target=_watch, args=(parent_pid,), name="lineage", daemon=True).start()
    if os.getppid() != parent_pid:  # it ended before we could ask
        os._exit(1)


def _asked_the_kernel() -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    return int(prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)) == 0


def _watch(parent_pid: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent_pid:
        pause.wait(_LOOK_SECONDS)
    os._exit(1)
