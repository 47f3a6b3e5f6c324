"""So many requests a minute, over a sliding window; what is refused does not count."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=1)


class RequestLimit:
    """The requests of the last minute, per organization (sheet, 1.7: the scope is unknown)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[str, deque[datetime]] = {}
        self._refused: dict[str, int] = {}

    def take(self, organization: str, *, per_minute: int, at: datetime) -> bool:
        """Whether one more request is let in."""
        with self._lock:
            taken = self._taken.setdefault(organization, deque())
            _forget(taken, at)
            if len(taken) >= per_minute:
                self._refused[organization] = self._refused.get(organization, 0) + 1
                return False
            taken.append(at)
            return True

    def count(self, organization: str, *, at: datetime) -> dict[str, object]:
        """Let in during the last minute, and refused since the start."""
        with self._lock:
            taken = self._taken.setdefault(organization, deque())
            _forget(taken, at)
            return {"last_minute": len(taken), "refused": self._refused.get(organization, 0)}


def _forget(taken: deque[datetime], at: datetime) -> None:
    while taken and taken[0] <= at - WINDOW:
        taken.popleft()
