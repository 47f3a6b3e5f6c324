"""Several accounts side by side: work in a few threads, stopped as one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import connections

R = TypeVar("R")
_LOOK_SECONDS = 0.5


def each_abreast(
    names: Sequence[str], work: Callable[[str], R], *, jobs: int, stop: threading.Event
) -> dict[str, R]:
    """What `work` returns for each name, at most `jobs` at a time, each on its own connection.

    The first exception, Ctrl-C included, sets `stop`, waits for what is under way to end by it,
    and is raised. One name alone is worked on in the caller's own thread.
    """
    if len(names) < 2 or jobs < 2:
        return {name: work(name) for name in names}
    crew = _Crew(names, work, jobs=min(jobs, len(names)), stop=stop)
    crew.start()
    try:
        crew.wait()
    except BaseException:
        stop.set()
        crew.wait()
        raise
    if crew.error is not None:
        raise crew.error
    return crew.results


class _Crew(Generic[R]):
    def __init__(
        self, names: Sequence[str], work: Callable[[str], R], *, jobs: int, stop: threading.Event
    ) -> None:
        self.results: dict[str, R] = {}
        self.error: BaseException | None = None
        self._work = work
        self._stop = stop
        self._waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
        for name in names:
            self._waiting.put(name)
        self._ends = [threading.Event() for _ in range(jobs)]

    def start(self) -> None:
        for number, end in enumerate(self._ends):
            name = f"abreast {number}"
            threading.Thread(target=self._run, args=[end], name=name, daemon=True).start()

    def wait(self) -> None:
        """Until every thread has ended. Interrupted, it may be called again.

        Not by Thread.join(): one that Ctrl-C interrupts takes its thread for ended (Python 3.11).
        """
        for end in self._ends:
            while not end.wait(_LOOK_SECONDS):
                pass  # looked at again, so that a signal gets its turn

    def _run(self, end: threading.Event) -> None:
        try:
            while not self._stop.is_set():
                name = self._waiting.get_nowait()
                self.results[name] = self._work(name)
        except queue.Empty:
            return
        except BaseException as error:  # it is for whoever waits
            self.error = self.error or error
            self._stop.set()
        finally:
            connections.close_all()
            end.set()
