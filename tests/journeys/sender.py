"""Button's sender of webhooks: signs, posts, and sends again what was not acknowledged."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import queue
import threading
from collections import Counter
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.journeys.processes import WEBHOOK_SECRET
from tests.life_cycles import Hook

THREADS = 8
PAUSE_SECONDS = 0.1
NEWS_EVERY = 3
PACE_SECONDS = 0.05
"""While it goes on, every third delivery is news, and each thread takes its time: so news last."""
ACKNOWLEDGED = ("200 processed", "200 ignored", "200 duplicate")
"""What Button may hear of these events: none of them is to be deferred."""
LOCK_NOT_HAD = "503"
"""On a busy machine it may hear that, and sends again."""
NO_ANSWER = "no answer"
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class _Delivery:
    hook: Hook
    is_owed: bool = True
    """False: it was acknowledged before, and comes again."""


class Sender:
    """Delivers webhooks by 8 threads until each has been answered with 2xx.

    What is answered with anything else, or not at all, is sent again: Button does that for all but
    400, and nothing that is sent here earns one.
    """

    def __init__(self, url: str, hooks: list[Hook]) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._waiting: queue.SimpleQueue[_Delivery] = queue.SimpleQueue()
        self._acknowledged: queue.SimpleQueue[_Delivery] = queue.SimpleQueue()
        for hook in hooks:
            self._waiting.put(_Delivery(hook))
        self._owed_count = len(hooks)
        self._turns = itertools.count()
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._goes_on = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(THREADS)]
        self.acknowledged: set[str] = set()
        """Ids of the events that were answered with 2xx."""
        self.answers: Counter[str] = Counter()
        """`200 processed`, `503`, or `no answer`, with how often it came."""

    @property
    def is_busy(self) -> bool:
        """Whether something has not been acknowledged yet."""
        with self._lock:
            return self._owed_count > 0

    def start(self, *, goes_on: bool = False) -> None:
        """With `goes_on`, what was acknowledged comes again and again between the others' news,
        and until `finish`.
        """
        if goes_on:
            self._goes_on.set()
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Wait until everything is acknowledged."""
        self._goes_on.clear()
        for thread in self._threads:
            thread.join()

    def give_up(self) -> None:
        """End at once, whatever is still to be sent."""
        self._is_over.set()
        self.finish()

    def _send(self) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=_TIMEOUT_SECONDS)
        while (delivery := self._next()) is not None:
            try:
                status, said = _post(connection, delivery.hook)
            except (OSError, http.client.HTTPException):
                connection.close()
                status, said = 0, ""
            self._note(delivery, status, said)
        connection.close()

    def _next(self) -> _Delivery | None:
        """What to send now; None when it is enough."""
        while not self._is_over.is_set():
            sources = [self._waiting]
            if self._goes_on.is_set():
                self._is_over.wait(PACE_SECONDS)
                is_repeat = next(self._turns) % NEWS_EVERY != 0
                sources.insert(0 if is_repeat else 1, self._acknowledged)
            for source in sources:
                with contextlib.suppress(queue.Empty):
                    return source.get_nowait()
            if not self.is_busy and not self._goes_on.is_set():
                return None
            self._is_over.wait(PAUSE_SECONDS)
        return None

    def _note(self, delivery: _Delivery, status: int, said: str) -> None:
        is_acknowledged = 200 <= status < 300
        answer = f"{status} {said}" if is_acknowledged else str(status or NO_ANSWER)
        with self._lock:
            self.answers[answer] += 1
            if is_acknowledged:
                self._owed_count -= delivery.is_owed
                self.acknowledged.add(delivery.hook.hook_id)
        if is_acknowledged:
            self._acknowledged.put(_Delivery(delivery.hook, is_owed=False))
        else:
            self._is_over.wait(PAUSE_SECONDS)
            self._waiting.put(delivery)


def _post(connection: http.client.HTTPConnection, hook: Hook) -> tuple[int, str]:
    """Status code, and the `status` that the answer names."""
    body = json.dumps(hook.body).encode()
    signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
    connection.request(
        "POST",
        "/webhooks/button/",
        body=body,
        headers={"Content-Type": "application/json", "X-Button-Signature": signature},
    )
    response = connection.getresponse()
    said = response.read()
    return response.status, str(json.loads(said)["status"]) if response.status < 300 else ""
