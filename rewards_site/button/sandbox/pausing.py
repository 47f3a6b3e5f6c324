"""When Button stops sending to an endpoint by itself: too many of an hour's webhooks failed.

Counted are webhooks, not attempts: those created and attempted within the hour; one has failed if
its last attempt did (docs/decisions/0015).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rewards_site.button.sandbox.clock import millisecond_text
from rewards_site.button.sandbox.deliveries import Delivery
from rewards_site.button.sandbox.retries import is_too_much


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Since when nothing is sent, and why: by hand in the Dashboard, or by itself."""

    at: datetime
    is_by_itself: bool
    why: str

    def as_json(self) -> dict[str, object]:
        return {
            "at": millisecond_text(self.at),
            "by": "itself" if self.is_by_itself else "hand",
            "why": self.why,
        }


class RecentDeliveries:
    """The webhooks created within `window` and attempted since the latest resume."""

    def __init__(self, window: timedelta) -> None:
        self._window = window
        self._attempted: dict[int, Delivery] = {}

    def note(self, delivery: Delivery) -> None:
        """An attempt of it has just ended."""
        self._attempted[delivery.number] = delivery

    def begin_anew(self) -> None:
        """After a resume, what failed before it no longer counts."""
        self._attempted.clear()

    def reason_to_pause(self, at: datetime) -> str | None:
        """In words, or None: fewer than 5 failed, or not over 10 %."""
        failed, attempted = self.counts(at)
        if not is_too_much(failed_count=failed, attempted_count=attempted):
            return None
        return f"{failed} of {attempted} webhooks of the past hour failed"

    def counts(self, at: datetime) -> tuple[int, int]:
        """How many failed, of how many."""
        earliest = at - self._window
        self._attempted = {
            number: delivery
            for number, delivery in self._attempted.items()
            if delivery.created_at > earliest
        }
        failed = sum(not one.attempts[-1].is_acknowledged for one in self._attempted.values())
        return failed, len(self._attempted)
