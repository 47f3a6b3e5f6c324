"""What is still to happen, brought about as the clock runs, or at once when it is put forward."""

from __future__ import annotations

import threading
from datetime import datetime
from functools import partial

from rewards_site.button.sandbox.agenda import Agenda
from rewards_site.button.sandbox.clock import MovableClock
from rewards_site.button.sandbox.records import Order
from rewards_site.button.sandbox.sender import Sender
from rewards_site.button.sandbox.world import World

TICK_SECONDS_MAX = 0.25


class Timeline:
    """The shoppers' lives, the orders' windows and the webhooks, on one clock."""

    def __init__(self, *, world: World, clock: MovableClock, sender: Sender | None) -> None:
        self.lives = Agenda()
        self._windows = Agenda()
        self._world = world
        self._clock = clock
        self._sender = sender
        self._one_advance = threading.Lock()

    @property
    def planned_count(self) -> int:
        """How many steps the shoppers' orders still have before them."""
        with self._world.lock:
            return len(self.lives)

    def open_window(self, order: Order, *, ends_at: datetime) -> None:
        """Validate `order` when its window is over, if it is pending then; a past end plans none.

        Call it under the world's lock.
        """
        order.finalizes_at = ends_at
        if ends_at > self._clock.now():
            self._windows.plan(ends_at, partial(self._finalize, order))

    def run_due(self) -> float:
        """Do what is due by now; how many seconds until the next look."""
        with self._world.lock:
            now = self._clock.now()
            self.lives.run_due(now)
            self._windows.run_due(now)
            due_at = self._next_step_at()
        if due_at is None:
            return TICK_SECONDS_MAX
        return min(max((due_at - now).total_seconds(), 0.0), TICK_SECONDS_MAX)

    def advance_to(self, to: datetime) -> None:
        """Put the clock forward to `to`, stopping wherever something happens or is to be sent.

        Webhooks that fall due on the way go out, one after the other in time; each is waited for.
        """
        with self._one_advance:
            while (due_at := self._next_at()) is not None and due_at <= to:
                self._clock.move_to(due_at)
                self._bring_about()
            self._clock.move_to(to)
            self._bring_about()

    def _bring_about(self) -> None:
        self.run_due()
        if self._sender is not None:
            self._sender.wait_until_sent()

    def _next_at(self) -> datetime | None:
        with self._world.lock:
            step_at = self._next_step_at()
        sent_at = None if self._sender is None else self._sender.next_due_at
        return min((at for at in (step_at, sent_at) if at is not None), default=None)

    def _next_step_at(self) -> datetime | None:
        dues = (self.lives.next_due_at, self._windows.next_due_at)
        return min((at for at in dues if at is not None), default=None)

    def _finalize(self, order: Order, at: datetime) -> None:
        if order.button_order_id is not None and not order.now.status.is_final:
            self._world.validate(order.button_order_id, at=at)
