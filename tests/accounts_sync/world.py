"""A small Button at the wire: accounts, transactions, cursors; behind `responses` or a socket."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import responses
from requests import PreparedRequest

from rewards_site.button.client import ButtonClient
from tests.factories import ACCOUNT, MEMBER, MERCHANT, NOON

API = "https://api.usebutton.com"
_ACCOUNTS = "/v1/affiliation/accounts"
_BRANDS = "/v1/brands"
_TRANSACTIONS = re.compile(_ACCOUNTS + r"/([^/]+)/transactions")

Answer = tuple[int, dict[str, str], str]


def wire_row(tx_id: str = "tx-1", *, minutes: float = 0, **changes: Any) -> dict[str, Any]:
    """A row of the Transactions API, told `minutes` after noon: $10.00 pending for MEMBER."""
    modified = (NOON + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    return {
        "id": tx_id,
        "status": "pending",
        "category": "new-user-order",
        "account_id": ACCOUNT,
        "amount": 1000,
        "currency": "USD",
        "button_order_id": "btnorder-" + tx_id.removeprefix("tx-"),
        "created_date": "2026-11-20T12:00:00Z",
        "modified_date": modified,
        "publisher_customer_id": MEMBER,
        "commerce_organization": MERCHANT,
    } | changes


def wire_account(account_id: str = ACCOUNT, *, currency: str = "USD") -> dict[str, Any]:
    return {
        "id": account_id,
        "name": f"Example Publisher {currency}",
        "currency": currency,
        "organization": "org-03418dec42db44bc",
    }


@dataclass
class World:
    """What Button knows, and what it was asked."""

    accounts: list[Any] = field(default_factory=lambda: [wire_account()])
    rows: dict[str, list[Any]] = field(default_factory=dict)
    page_rows_max: int = 500
    """Pages are no longer than this, whatever is asked for."""
    server_at: datetime | None = None
    epoch: int = 0
    """Cursors of different epochs differ."""
    queries: list[dict[str, str]] = field(default_factory=list)
    """The query of each request for transactions, in order."""
    accounts_calls: int = 0
    before_answer: Callable[[dict[str, str]], Answer | None] = lambda _query: None
    """May answer in Button's place, or do something while a request is under way."""

    def has(self, *rows: Any, account_id: str = ACCOUNT) -> None:
        self.rows.setdefault(account_id, []).extend(rows)

    def answer(self, url: str) -> Answer:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == _ACCOUNTS:
            self.accounts_calls += 1
            return self._told({"status": "ok"}, self.accounts)
        if parts.path == _BRANDS:
            return self._told({"status": "ok"}, [])
        match = _TRANSACTIONS.fullmatch(parts.path)
        assert match, url
        self.queries.append(query | {"account": match[1]})
        instead = self.before_answer(self.queries[-1])
        if instead is not None:
            return instead
        return self._page(match[1], query, f"{parts.scheme}://{parts.netloc}{parts.path}")

    def _page(self, account_id: str, query: dict[str, str], address: str) -> Answer:
        if account_id not in [account["id"] for account in self.accounts]:
            return refusal(404, f"Could not find {account_id}")
        asked = query
        if "cursor" in query:
            asked = json.loads(base64.urlsafe_b64decode(query["cursor"]))
        rows = [row for row in self.rows.get(account_id, []) if _is_asked(row, asked)]
        first = int(asked.get("first", 0))
        end = first + min(int(asked.get("page_size", 50)), self.page_rows_max)
        cursor = base64.urlsafe_b64encode(
            json.dumps(asked | {"first": end, "epoch": self.epoch}).encode()
        ).decode()
        following = f"{address}?cursor={cursor}" if end < len(rows) else None
        return self._told({"status": "ok", "next": following, "previous": None}, rows[first:end])

    def _told(self, meta: dict[str, Any], objects: list[Any]) -> Answer:
        headers = {"Content-Type": "application/json"}
        if self.server_at is not None:
            headers["Date"] = format_datetime(self.server_at.astimezone(UTC), usegmt=True)
        return 200, headers, json.dumps({"meta": meta, "objects": objects})


def refusal(status: int, message: str) -> Answer:
    body = {"meta": {"status": "error"}, "error": {"message": message}}
    return status, {"Content-Type": "application/json"}, json.dumps(body)


def _is_asked(row: Any, asked: dict[str, str]) -> bool:
    told = row.get(asked.get("time_field", "created_date")) if isinstance(row, dict) else None
    if not isinstance(told, str):
        return True  # Button itself knows when it changed
    at = datetime.fromisoformat(told)
    start, end = asked.get("start"), asked.get("end")
    return (not start or datetime.fromisoformat(start) <= at) and (
        not end or at < datetime.fromisoformat(end)
    )


def behind(button: responses.RequestsMock, world: World) -> World:
    """Let `world` answer what goes to Button's own host."""

    def answer(request: PreparedRequest) -> Answer:
        return world.answer(str(request.url))

    button.add_callback(responses.GET, re.compile(re.escape(API) + "/.*"), callback=answer)
    return world


def client(base_url: str = API) -> ButtonClient:
    return ButtonClient(
        api_key="sk-test-0123456789abcdef", base_url=base_url, sleep=lambda _seconds: None
    )


@contextmanager
def served(world: World) -> Iterator[str]:
    """`world` on a socket of this machine, for other processes; its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = world.answer(f"http://{self.headers['Host']}{self.path}")
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that was killed is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
