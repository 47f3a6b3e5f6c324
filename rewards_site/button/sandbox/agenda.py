"""What is still to happen, and when: steps in order of their due time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import datetime

Step = Callable[[datetime], None]
"""Does one thing, at the instant it is given; may plan further steps."""


class Agenda:
    """Steps by due time; steps due together run in the order they were planned. Not thread-safe."""

    def __init__(self) -> None:
        self._steps: list[tuple[datetime, int, Step]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._steps)

    def plan(self, due_at: datetime, step: Step) -> None:
        heapq.heappush(self._steps, (due_at, next(self._numbers), step))

    @property
    def next_due_at(self) -> datetime | None:
        return self._steps[0][0] if self._steps else None

    def run_due(self, at: datetime) -> int:
        """Run every step due by `at`, and those they plan if due too; how many ran."""
        count = 0
        while self._steps and self._steps[0][0] <= at:
            _, _, step = heapq.heappop(self._steps)
            step(at)
            count += 1
        return count

    def run_all(self, at: datetime) -> int:
        """Run every step now, in the order of their due times; how many ran."""
        count = 0
        while self._steps:
            _, _, step = heapq.heappop(self._steps)
            step(at)
            count += 1
        return count
