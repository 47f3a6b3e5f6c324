"""Sends webhooks as Button does: signed, at least once, in order within a transaction.

The next event of a transaction waits until the one before is acknowledged (or given up); different
transactions go out at the same time, over four threads.
"""

from __future__ import annotations

import heapq
import http.client
import itertools
import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from rewards_site.button.sandbox.answers import json_bytes
from rewards_site.button.sandbox.chance import falls_within, make_id
from rewards_site.button.sandbox.clock import SystemClock, millisecond_text
from rewards_site.button.sandbox.records import Event
from rewards_site.button.sandbox.retries import is_acknowledged, is_rejected, wait_after
from rewards_site.button.signature import sign

log = logging.getLogger(__name__)

USER_AGENT = "Button Webhooks 1.0.0"
THREAD_COUNT = 4
TIMEOUT_SECONDS = 10.0


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
    at: str
    status: int | None
    """The receiver's answer; None when there was none."""
    error: str | None
    seconds: float


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One event on its way to the receiver."""

    event: Event
    state: DeliveryState = DeliveryState.WAITING
    attempts: list[Attempt] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return {
            "hook_id": self.event.hook_id,
            "event_type": self.event.event_type,
            "tx_id": self.event.tx_id,
            "state": str(self.state),
            "attempts": [
                {
                    "request_id": attempt.request_id,
                    "at": attempt.at,
                    "status": attempt.status,
                    "error": attempt.error,
                    "seconds": round(attempt.seconds, 3),
                }
                for attempt in self.attempts
            ],
        }


class Sender:
    """The webhook endpoint's queue and its log. `speed` divides the waits between attempts."""

    def __init__(
        self,
        *,
        url: str,
        secret: str,
        speed: float = 1.0,
        lost_percent: float = 0.0,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._url = url
        self._secret = secret
        self._speed = speed
        self._lost_percent = lost_percent
        self._timeout_seconds = timeout_seconds
        self._clock = SystemClock()
        self._changed = threading.Condition()
        self._log: list[Delivery] = []
        self._queues: dict[str, deque[Delivery]] = {}  # per transaction, the head is next
        self._due: list[tuple[float, int, str]] = []  # one for each queue that nobody works on
        self._numbers = itertools.count()
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

    def take(self, event: Event) -> None:
        """Queue `event` behind the earlier ones of its transaction."""
        delivery = Delivery(event=event)
        with self._changed:
            self._log.append(delivery)
            if falls_within(self._lost_percent, "lost", event.hook_id):
                delivery.state = DeliveryState.LOST
                return
            queue = self._queues.setdefault(event.tx_id, deque())
            queue.append(delivery)
            if len(queue) == 1:
                self._schedule(event.tx_id, wait_seconds=0)

    def retry_now(self) -> int:
        """Send at once what waits for its next attempt, as a resume does; how many."""
        with self._changed:
            count = len(self._due)
            self._due = [(0.0, number, tx_id) for _, number, tx_id in self._due]
            heapq.heapify(self._due)
            self._changed.notify_all()
            return count

    def wait_until_quiet(self, *, seconds: float) -> bool:
        """Wait until nothing is left to send, at most so long; whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queues, timeout=seconds)

    def deliveries(self) -> list[dict[str, object]]:
        """The log, oldest event first."""
        with self._changed:
            return [delivery.as_json() for delivery in self._log]

    def counts(self) -> dict[str, int]:
        """How many deliveries are in each state."""
        with self._changed:
            states = [delivery.state for delivery in self._log]
        return {str(state): states.count(state) for state in DeliveryState}

    def ping(self) -> Attempt:
        """The Dashboard's test delivery: signed JSON that is no event. Not queued, not logged."""
        request_id = make_id("attempt", "ping", next(self._numbers))
        return self._post({"ping": True, "request_id": request_id}, request_id=request_id)

    # The threads ----------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            delivery = self._next()
            if delivery is None:
                return
            attempt = self._attempt(delivery)
            with self._changed:
                self._settle(delivery, attempt)
                self._changed.notify_all()

    def _next(self) -> Delivery | None:
        """The next delivery that is due, its transaction now ours; None when stopping."""
        with self._changed:
            while not self._is_stopping:
                wait_seconds = self._due[0][0] - time.monotonic() if self._due else None
                if wait_seconds is not None and wait_seconds <= 0:
                    return self._queues[heapq.heappop(self._due)[2]][0]
                self._changed.wait(wait_seconds)
            return None

    def _settle(self, delivery: Delivery, attempt: Attempt) -> None:
        delivery.attempts.append(attempt)
        wait = wait_after(len(delivery.attempts))
        tx_id = delivery.event.tx_id
        if attempt.status is not None and is_acknowledged(attempt.status):
            delivery.state = DeliveryState.ACKNOWLEDGED
        elif attempt.status is not None and is_rejected(attempt.status):
            delivery.state = DeliveryState.REJECTED
        elif wait is None:
            delivery.state = DeliveryState.EXPIRED
        else:
            self._schedule(tx_id, wait_seconds=wait.total_seconds() / self._speed)
            return
        queue = self._queues[tx_id]
        queue.popleft()
        if queue:
            self._schedule(tx_id, wait_seconds=0)
        else:
            del self._queues[tx_id]

    def _schedule(self, tx_id: str, *, wait_seconds: float) -> None:
        due = time.monotonic() + wait_seconds
        heapq.heappush(self._due, (due, next(self._numbers), tx_id))
        self._changed.notify_all()

    # The wire -------------------------------------------------------------------------------------

    def _attempt(self, delivery: Delivery) -> Attempt:
        event = delivery.event
        request_id = make_id("attempt", event.hook_id, len(delivery.attempts) + 1)
        fields: list[tuple[str, object]] = [
            ("id", event.hook_id),
            ("event_type", event.event_type),
            ("data", event.data),
            ("request_id", request_id),
        ]
        if falls_within(50, "field order", event.hook_id):  # no order is promised
            fields.reverse()
        return self._post(fields, request_id=request_id)

    def _post(
        self, fields: Iterable[tuple[str, object]] | dict[str, object], *, request_id: str
    ) -> Attempt:
        body = json_bytes(dict(fields))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-Button-Signature": sign(body, self._secret),
        }
        at, begun = self._clock.now(), time.monotonic()
        status, error = None, None
        try:
            status = _post(self._url, body, headers, timeout_seconds=self._timeout_seconds)
        except (OSError, http.client.HTTPException) as problem:
            error = f"{type(problem).__name__}: {problem}"
            log.info("sandbox.webhook_failed", extra={"attempt": request_id, "error": error})
        return Attempt(
            request_id=request_id,
            at=millisecond_text(at),
            status=status,
            error=error,
            seconds=time.monotonic() - begun,
        )


def _post(url: str, body: bytes, headers: dict[str, str], *, timeout_seconds: float) -> int:
    """The status of the answer; redirects are not followed. Raises: OSError, HTTPException."""
    parts = urlsplit(url)
    connection = (
        http.client.HTTPSConnection(
            parts.netloc, timeout=timeout_seconds, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=timeout_seconds)
    )
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
