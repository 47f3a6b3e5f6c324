"""Which webhook goes next: lanes whose events wait for one another, and lanes that do not.

Not thread-safe: the sender calls it under its lock.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum

from rewards_site.button.sandbox.deliveries import Delivery, DeliveryState


class WebhookOrder(StrEnum):
    """What an event waits for: the readings of Button's documents (sheet, 5.5 and C2)."""

    TRANSACTION = "transaction"
    """For the events of its transaction before it; the docs of today."""
    GLOBAL = "global"
    """For every event before it; the older docs."""


_ALL = "*"


class Queue:
    """What is still to be sent. A lane is taken while its head is on the wire."""

    def __init__(self, order: WebhookOrder) -> None:
        self._order = order
        self._lanes: dict[str, deque[Delivery]] = {}
        self._due: list[tuple[datetime, int, str]] = []  # one for each lane that is not taken
        self._taken: set[str] = set()

    def __len__(self) -> int:
        """How many lanes still hold something."""
        return len(self._lanes)

    @property
    def order(self) -> WebhookOrder:
        return self._order

    @property
    def taken_count(self) -> int:
        """How many deliveries are on the wire."""
        return len(self._taken)

    @property
    def next_due_at(self) -> datetime | None:
        """When the first of the lanes that are not taken may go."""
        return self._due[0][0] if self._due else None

    def add(self, delivery: Delivery) -> None:
        """Behind the others of its lane; to go at its `due_at`, or when its turn comes."""
        lane = self._lane_of(delivery)
        queue = self._lanes.setdefault(lane, deque())
        queue.append(delivery)
        if len(queue) == 1:
            self._schedule(lane)

    def take(self) -> tuple[str, Delivery]:
        """The first that is due, and its lane, to be given back to `end` or `again`."""
        lane = heapq.heappop(self._due)[2]
        self._taken.add(lane)
        return lane, self._lanes[lane][0]

    def again(self, lane: str, due_at: datetime) -> None:
        """The head of `lane` stays and goes again at `due_at`."""
        self._taken.discard(lane)
        self._lanes[lane][0].due_at = due_at
        self._schedule(lane)

    def end(self, lane: str, at: datetime) -> None:
        """The head of `lane` is done with; the next one may go at once."""
        self._taken.discard(lane)
        queue = self._lanes[lane]
        queue.popleft()
        if not queue:
            del self._lanes[lane]
            return
        queue[0].due_at = max(queue[0].due_at, at)
        self._schedule(lane)

    def hurry(self, at: datetime, *, only: Callable[[Delivery], bool] = lambda _: True) -> int:
        """Let what waits go at `at`, the oldest event first; how many lanes that moved."""
        waiting = {lane: queue[0] for lane, queue in self._lanes.items() if lane not in self._taken}
        chosen = [head for head in waiting.values() if only(head)]
        for head in chosen:
            head.due_at = at
        self._due = [(head.due_at, head.number, lane) for lane, head in waiting.items()]
        heapq.heapify(self._due)
        return len(chosen)

    def reorder(self, order: WebhookOrder) -> None:
        """Let events wait for one another otherwise from now on; nothing may be on the wire."""
        assert not self._taken
        waiting = sorted(self._all(), key=lambda delivery: delivery.number)
        self._order = order
        self._lanes, self._due = {}, []
        for delivery in waiting:
            self.add(delivery)

    def drop(self) -> list[Delivery]:
        """Empty it but for what is on the wire; what was dropped."""
        dropped: list[Delivery] = []
        for lane in list(self._lanes):
            queue = self._lanes[lane]
            kept = [queue.popleft()] if lane in self._taken else []
            dropped += queue
            if kept:
                self._lanes[lane] = deque(kept)
            else:
                del self._lanes[lane]
        self._due = []
        return dropped

    def _all(self) -> Iterator[Delivery]:
        for queue in self._lanes.values():
            yield from queue

    def _lane_of(self, delivery: Delivery) -> str:
        event = delivery.event
        if delivery.has_lane_of_its_own:
            kind = "!" if delivery.state is DeliveryState.WAITING else "="
            return f"{kind}{event.hook_id}"
        if self._order is WebhookOrder.GLOBAL:
            return _ALL
        return event.tx_id or event.hook_id

    def _schedule(self, lane: str) -> None:
        head = self._lanes[lane][0]
        heapq.heappush(self._due, (head.due_at, head.number, lane))
