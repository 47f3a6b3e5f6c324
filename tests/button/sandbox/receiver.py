"""A webhook receiver on a real socket that answers as a test tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    body: bytes
    headers: dict[str, str]
    event: dict[str, Any] = field(default_factory=dict)

    @property
    def amount(self) -> int:
        return int(self.event["data"]["amount"])


class Receiver:
    """`answer` gives the status for each delivery; None hangs up instead. `acknowledged` keeps
    those answered with 2xx, in order."""

    def __init__(self, answer: Callable[[Received], int | None] = lambda _: 200) -> None:
        self.received: list[Received] = []
        self.acknowledged: list[Received] = []
        self._answer = answer
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhooks/button/?from=test"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def _handler(receiver) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told = Received(body, dict(self.headers), json.loads(body))
                receiver.received.append(told)
                status = receiver._answer(told)
                if status is None:
                    return
                if 200 <= status <= 299:
                    receiver.acknowledged.append(told)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
