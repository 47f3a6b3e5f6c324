"""A receiver on a real socket, which checks each delivery by the official library."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.contrib.auth.models import User
from standardwebhooks import Webhook, WebhookVerificationError

from rewards_site.kernel import clock
from rewards_site.outward.services import MadeSecret, make_subscription


@dataclass
class Received:
    """One delivery as it came."""

    webhook_id: str
    headers: dict[str, str]
    body: bytes
    verified_by: list[str] = field(default_factory=list)

    @property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def sequence(self) -> int:
        return int(self.told["data"]["sequence"])


@dataclass
class Receiver:
    """Answers 200 to what is signed by one of `secrets`, or as `answer` says."""

    url: str = ""
    secrets: list[str] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], int | tuple[int, dict[str, str]]] = lambda _got: 200
    most_at_once: dict[str, int] = field(default_factory=dict)
    """webhook-id → the most of its requests that were being answered at one time."""
    _at_once: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sequences(self) -> list[int]:
        return sorted(got.sequence for got in self.received)

    def take(self, got: Received) -> int | tuple[int, dict[str, str]]:
        for secret in self.secrets:
            with suppress(WebhookVerificationError):
                Webhook(secret).verify(got.body, got.headers)
                got.verified_by.append(secret)
        with self._lock:
            self.received.append(got)
            now = self._at_once[got.webhook_id] = self._at_once.get(got.webhook_id, 0) + 1
            self.most_at_once[got.webhook_id] = max(now, self.most_at_once.get(got.webhook_id, 0))
        try:
            return self.answer(got) if got.verified_by else 401
        finally:
            with self._lock:
                self._at_once[got.webhook_id] -= 1


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(Received(headers.get("webhook-id", ""), headers, body))
            status, extra = answer if isinstance(answer, tuple) else (answer, {})
            with suppress(OSError):  # who was killed listens no more
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?k=1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def staff(name: str = "olga") -> User:
    return User.objects.get_or_create(username=name, defaults={"is_staff": True})[0]


def subscribe(url: str, *, name: str = "app", events: tuple[str, ...] = ("*",)) -> MadeSecret:
    """A subscription, as staff make it."""
    return make_subscription(
        name=name,
        url=url,
        event_types=events,
        actor=staff(),
        reason="The app listens.",
        at=clock.now(),
    )
