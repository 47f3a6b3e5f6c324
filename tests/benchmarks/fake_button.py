"""A Button that lists orders and does nothing else, as fast as bytes go: a process of its own.

`python -m tests.benchmarks.fake_button ORDERS DELAY_SECONDS PAGE_SIZE_MAX HOST:PORT`. One account,
all of its orders pending, ten seconds apart. Pages are slices of what was made at the start, so
that nobody who is measured waits for it; each takes `delay` longer than that. A larger page_size
than PAGE_SIZE_MAX is refused with a 400, as Button may.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.orders import ACCOUNT, order, told_at

PAGE_SIZE = 50
PAGE_SIZE_MAX = 500
_LISTED = {"id": ACCOUNT, "name": "Bench", "currency": "USD", "organization": "org-publisher"}


class FakeButton(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, orders: int, *, delay: float, page_size_max: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.delay, self.page_size_max = delay, page_size_max
        numbers = range(1, orders + 1)
        self.times = [told_at(number).strftime("%Y-%m-%dT%H:%M:%S") for number in numbers]
        self.rows = [json.dumps(order(n, series="s", told_at=told_at(n))).encode() for n in numbers]

    def page(self, query: dict[str, str]) -> bytes | None:
        """The answer; None where the page size is refused. A cursor is `first:size:end`."""
        if "cursor" in query:
            first, size, end = (int(part) for part in query["cursor"].split(":"))
        else:
            size = int(query.get("page_size", PAGE_SIZE))
            if size > self.page_size_max:
                return None
            first = self._index(query.get("start", ""))
            end = self._index(query["end"]) if "end" in query else len(self.rows)
        upto = min(first + size, end)
        path = f"/v1/affiliation/accounts/{ACCOUNT}/transactions"
        base = f"http://127.0.0.1:{self.server_port}{path}"
        told_next = f"{base}?cursor={upto}:{size}:{end}" if upto < end else None
        return _list_of(b", ".join(self.rows[first:upto]), told_next)

    def _index(self, time_text: str) -> int:
        """How many orders were modified before it. Whole seconds are all that is asked for."""
        wanted = time_text.replace(" ", "T")[:19]
        low, high = 0, len(self.times)
        while low < high:
            middle = (low + high) // 2
            if self.times[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        return low


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: FakeButton

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/v1/affiliation/accounts":
            self._answer(200, _list_of(json.dumps(_LISTED).encode(), None))
        elif parts.path == f"/v1/affiliation/accounts/{ACCOUNT}/transactions":
            if self.server.delay:
                time.sleep(self.server.delay)  # noqa: TID251  # it stands for the way to Button
            page = self.server.page(query)
            self._answer(200 if page else 400, page or _refusal("page_size is too large"))
        else:
            self._answer(404, _refusal("no such resource"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is theirs
        """Says nothing."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _list_of(rows: bytes, told_next: str | None) -> bytes:
    meta = json.dumps({"status": "ok", "prev": None, "next": told_next}).encode()
    return b'{"meta": %s, "objects": [%s]}' % (meta, rows)


def _refusal(message: str) -> bytes:
    told = {"meta": {"status": "error"}, "error": {"type": "BadRequest", "message": message}}
    return json.dumps(told).encode()


if __name__ == "__main__":
    orders, delay, page_size_max, bind = sys.argv[1:]
    FakeButton(
        int(bind.rpartition(":")[2]),
        int(orders),
        delay=float(delay),
        page_size_max=int(page_size_max),
    ).serve_forever()
