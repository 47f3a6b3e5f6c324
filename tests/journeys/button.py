"""A small Button on a socket, which tells the stories of tests/life_cycles.py.

Written from Button's documentation alone: it shares nothing with the bundled sandbox.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.life_cycles import State, Story

_ACCOUNTS = "/v1/affiliation/accounts"
_TRANSACTIONS = re.compile(_ACCOUNTS + r"/([^/]+)/transactions")
_PARAMETERS = {"start", "end", "time_field", "page_size", "cursor"}

Answer = tuple[int, dict[str, Any]]


class Button:
    """What Button knows, and what it was asked. `at` is the time there: later states are to come.

    `page_rows_max` keeps pages short, whatever is asked for.
    """

    def __init__(
        self, told: list[Story], *, at: datetime, api_key: str, page_rows_max: int = 500
    ) -> None:
        self.at = at
        self.url = ""
        self.paths: list[str] = []
        self.list_count = 0
        """How many pages of transactions were asked for; roughly: nobody locks it."""
        self.listed = threading.Event()
        """Set when one more was asked for; cleared by whoever waits for it."""
        self._authorization = "Basic " + base64.b64encode(f"{api_key}:".encode()).decode()
        self._page_rows_max = page_rows_max
        self._stories: dict[str, list[Story]] = {}
        for story in told:
            self._stories.setdefault(story.account_id, []).append(story)

    def answer(self, target: str, authorization: str | None, *, at: datetime) -> Answer:
        if authorization != self._authorization:
            return _error(401, "Invalid API key")
        parts = urlsplit(target)
        self.paths.append(parts.path)
        if parts.path == _ACCOUNTS:
            return 200, {"meta": {"status": "ok"}, "objects": self._accounts()}
        match = _TRANSACTIONS.fullmatch(parts.path)
        if match is None or match[1] not in self._stories:
            return _error(404, "Not found")
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if asked.keys() - _PARAMETERS:
            return _error(400, "Unknown parameter")
        self.list_count += 1
        self.listed.set()
        return self._page(match[1], asked, path=parts.path, at=at)

    def _accounts(self) -> list[dict[str, Any]]:
        return [
            {
                "id": account_id,
                "name": f"Publisher {account[0].currency}",
                "currency": account[0].currency,
                "organization": "org-03418dec42db44bc",
            }
            for account_id, account in sorted(self._stories.items())
        ]

    def _page(self, account_id: str, asked: dict[str, str], *, path: str, at: datetime) -> Answer:
        """One page of a list which stays as it was when its first page was asked for."""
        if "cursor" in asked:
            asked = json.loads(base64.urlsafe_b64decode(asked["cursor"]))
        else:
            asked = asked | {"first": "0", "as_of": at.isoformat()}
        rows = self._rows(account_id, asked)
        first = int(asked["first"])
        last = first + min(int(asked.get("page_size", 50)), self._page_rows_max)
        following: str | None = None
        if last < len(rows):
            sealed = json.dumps(asked | {"first": str(last)})
            cursor = base64.urlsafe_b64encode(sealed.encode()).decode()
            following = f"{self.url}{path}?cursor={quote(cursor)}"
        meta = {"status": "ok", "next": following, "previous": None}
        return 200, {"meta": meta, "objects": rows[first:last]}

    def _rows(self, account_id: str, asked: dict[str, str]) -> list[dict[str, Any]]:
        """Each `tx` id as it stands, if the time asked about lies from `start` to before `end`."""
        as_of = datetime.fromisoformat(asked["as_of"])
        start, end = (
            datetime.fromisoformat(asked[name]) if name in asked else None
            for name in ("start", "end")
        )
        rows = []
        for story in self._stories[account_id]:
            for state in story.latest(as_of):
                at = _time(state, asked.get("time_field", "created_date"))
                if (start is None or start <= at) and (end is None or at < end):
                    rows.append((at, state.tx_id, story.wire(state, milliseconds=False)))
        return [row for _at, _tx_id, row in sorted(rows, key=lambda found: found[:2])]


def _time(state: State, time_field: str) -> datetime:
    at = {"created_date": state.created_at, "modified_date": state.modified_at}[time_field]
    return at.replace(microsecond=0)


def _error(status: int, message: str) -> Answer:
    return status, {"meta": {"status": "error"}, "error": {"message": message}}


@contextmanager
def served(button: Button) -> Iterator[Button]:
    """`button` on a free port of this machine, its address in `url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            at = button.at
            status, said = button.answer(self.path, self.headers.get("Authorization"), at=at)
            body = json.dumps(said).encode()
            self.send_response_only(status)
            self.send_header("Date", format_datetime(at.astimezone(UTC), usegmt=True))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nobody reads it."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    button.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield button
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
