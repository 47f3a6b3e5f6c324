"""A Button that offers the same to everybody, after a pause: a process of its own.

`python -m tests.benchmarks.fake_offers BRANDS OFFERS DELAY_SECONDS HOST:PORT`. It knows nothing of
our code. `GET /counts` tells how many connections it took, how many offers it was asked for, and
how long it took for them by its own clock, in seconds.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeOffers(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, *, brands: int, offers: int, delay: float) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.delay = delay
        self.lock = threading.Lock()
        self.connections = 0
        self.seconds: list[float] = []
        listed = [_brand(number, offers) for number in range(brands)]
        told = {"meta": {"status": "ok"}, "object": {"merchant_offers": listed}}
        self.answer = json.dumps(told).encode()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self.connections += 1
        super().process_request(request, client_address)


def _brand(number: int, offers: int) -> dict[str, Any]:
    return {
        "merchant_id": f"org-{number:016x}",
        "offers": [
            {
                "id": f"offer-{number:08x}-{rank}",
                "rate_percent": f"{1 + number % 9}.5",
                "rank": rank,
                "display_params": {"category": "Running shoes", "offer_type": "Category"},
            }
            for rank in range(1, offers + 1)
        ],
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: FakeOffers

    def do_POST(self) -> None:
        begun = time.monotonic()
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.delay)  # noqa: TID251  # it stands for the way to Button
        self._send(self.server.answer)
        with self.server.lock:
            self.server.seconds.append(time.monotonic() - begun)

    def do_GET(self) -> None:
        with self.server.lock:
            told = {"connections": self.server.connections, "seconds": self.server.seconds}
        self._send(json.dumps(told).encode())

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def main() -> None:
    brands, offers, delay, address = sys.argv[1:]
    port = int(address.rpartition(":")[2])
    FakeOffers(port, brands=int(brands), offers=int(offers), delay=float(delay)).serve_forever()


if __name__ == "__main__":
    main()
