"""What a run is told before and says after: when to stop, and how far it came."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from accounts_sync.models import RunStatus
from rewards_site.kernel import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReport:
    """How far a run has come."""

    account_id: str
    run_id: int
    status: RunStatus
    window_start: datetime | None
    window_end: datetime
    through: datetime | None
    """Everything modified before this is read."""
    page_count: int = 0
    row_count: int = 0
    applied_count: int = 0
    ignored_count: int = 0
    deferred_count: int = 0
    late_count: int = 0
    """Of the applied: older than what was read through when the run began, and yet news."""
    marked_count: int = 0
    """Of the applied: states may be missing before them."""
    error: str = ""
    is_rest: bool = False
    """Of a window that an earlier run began: what changed since then is still to be read."""

    def log_line(self) -> dict[str, object]:
        return {
            "account": self.account_id,
            "run": self.run_id,
            "status": self.status.value,
            "pages": self.page_count,
            "rows": self.row_count,
            "applied": self.applied_count,
            "deferred": self.deferred_count,
            "late": self.late_count,
            "marked": self.marked_count,
            "reason": self.error,
        }


Progress = Callable[[PullReport], None]


def say_nothing(report: PullReport) -> None:
    """The progress of a run that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """When a run is to stop early: after an instant, or when somebody says so."""

    at: datetime | None = None
    event: threading.Event | None = None

    def now(self) -> bool:
        return self.is_told() or (self.at is not None and clock.now() >= self.at)

    def is_told(self) -> bool:
        return self.event is not None and self.event.is_set()
