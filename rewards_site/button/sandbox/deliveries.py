"""Webhooks on their way: what is logged of each event and of each attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from rewards_site.button.sandbox.clock import millisecond_text
from rewards_site.button.sandbox.records import Event
from rewards_site.button.sandbox.retries import is_acknowledged


class DeliveryState(StrEnum):
    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    """Answered with 400: never sent again."""
    EXPIRED = "expired"
    """Three days of failures: dropped."""
    LOST = "lost"
    """Never sent, on purpose: only the API tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    request_id: str
    at: datetime
    status: int | None
    """The receiver's answer; None when there was none."""
    error: str | None
    seconds: float

    @property
    def is_acknowledged(self) -> bool:
        return is_acknowledged(self.status)

    def as_json(self) -> dict[str, object]:
        return {
            "request_id": self.request_id,
            "at": millisecond_text(self.at),
            "status": self.status,
            "error": self.error,
            "seconds": round(self.seconds, 3),
        }


@dataclass(slots=True, kw_only=True, eq=False)
class Delivery:
    """One event on its way to the receiver. `number` is its place among all events."""

    number: int
    event: Event
    created_at: datetime
    state: DeliveryState = DeliveryState.WAITING
    attempts: list[Attempt] = field(default_factory=list)
    failures: int = 0
    """Attempts since it was last begun with: they decide how long the next one waits."""
    repeats: int = 0
    """How often it is still to be sent again after it is acknowledged."""
    has_lane_of_its_own: bool = False
    """It neither waits for other events nor do they wait for it."""
    held_for: str | None = None
    """The order whose next acknowledgement lets it go."""
    due_at: datetime

    @property
    def order_key(self) -> str:
        """What names its order: the order's id, or the `tx` id of what has none."""
        return str(self.event.data.get("button_order_id") or self.event.tx_id)

    def as_json(self) -> dict[str, object]:
        is_waiting = self.state is DeliveryState.WAITING
        return {
            "hook_id": self.event.hook_id,
            "event_type": self.event.event_type,
            "tx_id": self.event.tx_id,
            "state": str(self.state),
            "created_at": millisecond_text(self.created_at),
            "due_at": millisecond_text(self.due_at) if is_waiting else None,
            "attempts": [attempt.as_json() for attempt in self.attempts],
        }
