"""Sends webhooks as Button does: signed, at least once, in order, until three days are over.

All its waits are by the sandbox's clock: whoever moves that clock moves them. Different lanes of
the queue go out at the same time, over four threads.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from rewards_site.button.sandbox.clock import Clock
from rewards_site.button.sandbox.deliveries import Attempt, Delivery, DeliveryState
from rewards_site.button.sandbox.endpoint import Endpoint
from rewards_site.button.sandbox.event_faults import meet_faults
from rewards_site.button.sandbox.faults import Faults
from rewards_site.button.sandbox.pausing import Pause, RecentDeliveries
from rewards_site.button.sandbox.queueing import Queue, WebhookOrder
from rewards_site.button.sandbox.records import Event
from rewards_site.button.sandbox.retries import PAUSE_WINDOW, is_rejected, wait_after
from rewards_site.kernel.errors import NotFound

log = logging.getLogger(__name__)

THREAD_COUNT = 4
TIMEOUT_SECONDS = 10.0
LOOK_SECONDS_MAX = 0.25
"""How long a thread waits before it looks at the clock again."""


class Sender:
    """The webhook endpoint's queue and its log. `speed` divides Button's own waits."""

    def __init__(
        self,
        *,
        url: str,
        secret: str,
        clock: Clock,
        faults: Faults,
        speed: float = 1.0,
        order: WebhookOrder = WebhookOrder.TRANSACTION,
        has_auto_pause: bool = True,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._endpoint = Endpoint(
            url=url, secret=secret, clock=clock, faults=faults, timeout_seconds=timeout_seconds
        )
        self.has_auto_pause = has_auto_pause
        self.on_pause: list[Callable[[Pause], None]] = []
        """Called when it pauses by itself: Button mails the organization."""
        self._clock = clock
        self._faults = faults
        self._speed = speed
        self._changed = threading.Condition()
        self._log: list[Delivery] = []
        self._queue = Queue(order)
        self._recent = RecentDeliveries(PAUSE_WINDOW / speed)
        self._pause: Pause | None = None
        self._is_held = False
        self._is_stopping = False
        self._threads = [
            threading.Thread(target=self._work, name=f"sandbox-sender-{number}", daemon=True)
            for number in range(1, THREAD_COUNT + 1)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is on the wire, send nothing more."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    # What is to be sent ---------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        """Queue `event` behind those that it waits for, or meet a fault that it falls to."""
        at = self._clock.now()
        with self._changed:
            delivery = Delivery(number=len(self._log), event=event, created_at=at, due_at=at)
            self._log.append(delivery)
            meet_faults(delivery, self._faults, speed=self._speed)
            if delivery.state is DeliveryState.LOST:
                return
            self._queue.add(delivery)
            self._changed.notify_all()

    def retry_now(self) -> int:
        """Let all that waits for its time go now; how many lanes that moved."""
        with self._changed:
            count = self._queue.hurry(self._clock.now())
            self._changed.notify_all()
            return count

    def resend(self, hook_id: str) -> None:
        """Send an event once more, whatever became of it. Raises: NotFound."""
        with self._changed:
            known = [one for one in self._log if one.event.hook_id == hook_id]
            if not known:
                raise NotFound(f"Could not find {hook_id}")
            delivery = known[0]
            if delivery.state is DeliveryState.WAITING:
                self._queue.hurry(self._clock.now(), only=lambda head: head is delivery)
            else:
                if delivery.state is not DeliveryState.ACKNOWLEDGED:
                    delivery.state, delivery.failures = DeliveryState.WAITING, 0
                self._send_apart(delivery)
            self._changed.notify_all()

    def drop(self) -> int:
        """Give up all that waits: only the API tells of it. How many events."""
        with self._changed:
            dropped = self._queue.drop()
            for delivery in dropped:
                if delivery.state is DeliveryState.WAITING:
                    delivery.state = DeliveryState.LOST
            self._changed.notify_all()
            return len(dropped)

    # The Dashboard's buttons ----------------------------------------------------------------------

    def pause(self) -> None:
        """Send nothing, collect everything; what is on the wire ends."""
        at = self._clock.now()
        with self._changed:
            self._pause = self._pause or Pause(at=at, is_by_itself=False, why="paused by hand")
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._queue.taken_count, timeout=60)

    def resume(self) -> int:
        """Send what was collected, the oldest event first; how many lanes wait."""
        at = self._clock.now()
        with self._changed:
            self._pause = None
            self._recent.begin_anew()
            count = self._queue.hurry(
                at, only=lambda head: bool(head.attempts) or not head.has_lane_of_its_own
            )
            self._changed.notify_all()
            return count

    def set_order(self, order: WebhookOrder) -> None:
        """Let events wait for one another otherwise, those that wait already too."""
        with self._changed:
            self._is_held = True
            try:
                self._changed.wait_for(lambda: not self._queue.taken_count, timeout=60)
                self._queue.reorder(order)
            finally:
                self._is_held = False
                self._changed.notify_all()

    def ping(self) -> Attempt:
        """The Dashboard's test delivery. Not queued, not logged."""
        return self._endpoint.ping()

    # What it says ---------------------------------------------------------------------------------

    def deliveries(self) -> list[dict[str, object]]:
        """The log, oldest event first."""
        with self._changed:
            return [delivery.as_json() for delivery in self._log]

    def counts(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        with self._changed:
            states = [delivery.state for delivery in self._log]
        return {str(state): states.count(state) for state in DeliveryState}

    def as_json(self) -> dict[str, object]:
        """The endpoint as its page in the Dashboard would show it."""
        with self._changed:
            failed, attempted = self._recent.counts(self._clock.now())
            return {
                "url": self._endpoint.url,
                "webhook_order": str(self._queue.order),
                "auto_pause": self.has_auto_pause,
                "paused": self._pause.as_json() if self._pause else None,
                "past_hour": {"attempted": attempted, "failed": failed},
            }

    @property
    def order(self) -> WebhookOrder:
        return self._queue.order

    @property
    def next_due_at(self) -> datetime | None:
        """When something is to be sent next; None while nothing waits, or all is paused."""
        with self._changed:
            return self._next_due_at()

    # Whoever waits for it -------------------------------------------------------------------------

    def wait_until_quiet(self, *, seconds: float) -> bool:
        """Wait until nothing is left to send, at most so long; whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: not len(self._queue), timeout=seconds)

    def wait_until_sent(self) -> None:
        """Wait until all is sent that is due by now: each try is over after its timeout."""
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_stopping or self._is_idle())

    def _is_idle(self) -> bool:
        due_at = self._next_due_at()
        is_due = due_at is not None and due_at <= self._clock.now()
        return not self._queue.taken_count and not is_due

    def _next_due_at(self) -> datetime | None:
        due_at = self._queue.next_due_at
        if due_at is None or self._pause or self._is_held:
            return None
        outage = self._faults.outage(self._clock.now())
        return due_at if outage is None else max(due_at, outage.end)

    # The threads ----------------------------------------------------------------------------------

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            lane, delivery = taken
            attempt = self._endpoint.attempt(delivery)
            with self._changed:
                self._settle(lane, delivery, attempt)
                self._changed.notify_all()

    def _next(self) -> tuple[str, Delivery] | None:
        """The next delivery that is due, its lane now ours; None when stopping."""
        with self._changed:
            while not self._is_stopping:
                due_at = self._next_due_at()
                if due_at is None:
                    self._changed.wait(LOOK_SECONDS_MAX if len(self._queue) else None)
                    continue
                wait_seconds = (due_at - self._clock.now()).total_seconds()
                if wait_seconds <= 0:
                    return self._queue.take()
                self._changed.wait(min(wait_seconds, LOOK_SECONDS_MAX))
            return None

    def _settle(self, lane: str, delivery: Delivery, attempt: Attempt) -> None:
        at = self._clock.now()
        delivery.attempts.append(attempt)
        self._recent.note(delivery)
        if delivery.state is DeliveryState.ACKNOWLEDGED:  # it was a repeat: nobody waits for it
            self._queue.end(lane, at)
            return
        if attempt.is_acknowledged:
            delivery.state = DeliveryState.ACKNOWLEDGED
        else:
            delivery.failures += 1
            wait = wait_after(delivery.failures)
            if is_rejected(attempt.status):
                delivery.state = DeliveryState.REJECTED
            elif wait is None:
                delivery.state = DeliveryState.EXPIRED
            else:
                self._queue.again(lane, at + wait / self._speed)
            self._pause_if_needed(at)
        if delivery.state is DeliveryState.WAITING:
            return
        self._queue.end(lane, at)
        if delivery.state is DeliveryState.ACKNOWLEDGED:
            self._queue.hurry(at, only=lambda head: head.held_for == delivery.order_key)
        if delivery.repeats:
            delivery.repeats -= 1
            self._send_apart(delivery)

    def _send_apart(self, delivery: Delivery) -> None:
        """Once more, in a lane of its own."""
        delivery.has_lane_of_its_own, delivery.held_for = True, None
        delivery.due_at = self._clock.now()
        self._queue.add(delivery)

    def _pause_if_needed(self, at: datetime) -> None:
        if not self.has_auto_pause or self._pause is not None:
            return
        why = self._recent.reason_to_pause(at)
        if why is not None:
            self._pause = Pause(at=at, is_by_itself=True, why=why)
            log.warning("sandbox.webhooks_paused", extra={"why": why})
            for tell in self.on_pause:
                tell(self._pause)
