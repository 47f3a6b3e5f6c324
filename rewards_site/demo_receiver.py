"""`make demo`: the publisher's own system that is told of rewards and redemptions, as it would be.

POST /rewards   checks the signature by the Standard Webhooks library; 401 where it is not ours
POST /till      the same, but broken at first: 500 until somebody mends it, after ten minutes
GET  /          what came, the newest first

Secrets are read from the file that DEMO_RECEIVER names: {"/rewards": "whsec_…"}; whoever makes a
subscription writes it there.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError

MENDED_AFTER_SECONDS = 600
BROKEN_PATH = "/till"
LINES_KEPT = 200


class Receiver(ThreadingHTTPServer):
    """Listens on `port` of the loopback address."""

    daemon_threads = True

    def __init__(
        self, *, port: int, secrets: Path, mended_after_seconds: float = MENDED_AFTER_SECONDS
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._secrets = secrets
        self._mended_at = time.monotonic() + mended_after_seconds
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def take(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """The status to answer with."""
        if path == BROKEN_PATH and time.monotonic() < self._mended_at:
            return self._answer(500, path, "broken")
        try:
            secret = json.loads(self._secrets.read_text())[path]
        except (OSError, ValueError, KeyError):
            return self._answer(503, path, "no secret yet")
        try:
            event = Webhook(secret).verify(body, headers)
        except WebhookVerificationError:
            return self._answer(401, path, "the signature is not ours")
        what = f"{event['data']['sequence']:>5}  {event['type']}"
        with self._lock:
            is_again = headers["webhook-id"] in self._seen
            self._seen.add(headers["webhook-id"])
        return self._answer(204, path, f"{what}{'  (again)' if is_again else ''}")

    def _answer(self, status: int, path: str, what: str) -> int:
        line = f"{time.strftime('%H:%M:%S', time.gmtime())}  {status}  {path:<9} {what}"
        self.lines.appendleft(line)
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        return status


class _Handler(BaseHTTPRequestHandler):
    server: Receiver
    timeout = 15

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(self.server.take(self.path, body, headers))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        text = "\n".join(("What came, the newest first:", *self.server.lines, "")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: what came is told by take()."""


def main() -> None:
    wanted = json.loads(os.environ["DEMO_RECEIVER"])
    with Receiver(port=wanted["port"], secrets=Path(wanted["secrets"])) as receiver:
        receiver.serve_forever()


if __name__ == "__main__":
    main()
