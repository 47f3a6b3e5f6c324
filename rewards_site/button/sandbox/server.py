"""The HTTP side: reads a request, lets the API or the control calls answer it, or a fault."""

from __future__ import annotations

import ipaddress
import logging
import re
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from rewards_site.button.sandbox.answers import ApiError, HungUpError, Reply, Request
from rewards_site.button.sandbox.clock import Clock
from rewards_site.button.sandbox.faults import SLOW_SECONDS, FaultKind, Faults, reply_of

log = logging.getLogger(__name__)

BODY_BYTES_MAX = 1024 * 1024
PAYOUT_BYTES_MAX = 8 * 1024 * 1024
"""15,000 payments are sent in one body."""
IDLE_SECONDS_MAX = 60
_TRACES_OF_PROXIES = (
    *("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP"),
    *("Forwarded", "Via"),
)
"""A proxy of this machine asks for somebody elsewhere."""
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

Answer = Callable[[Request], Reply]


class SandboxServer(ThreadingHTTPServer):
    """A thread for each connection; connections are kept alive until `close()` ends them."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        *,
        api: Answer,
        control: Answer,
        faults: Faults,
        clock: Clock,
    ) -> None:
        self.clock = clock
        self.api = api
        self.control = control
        self.faults = faults
        self.is_closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("sandbox.connection_broken")

    def close(self) -> None:
        """Stop listening and end every connection, idle ones too."""
        self.is_closing.set()
        self.shutdown()
        self.server_close()
        with self._open_lock:
            connections = list(self._open)
        for connection in connections:
            _hang_up(connection)


class Handler(BaseHTTPRequestHandler):
    """One connection. Every answer is JSON with a length, whole in one packet where it fits."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    server_version = "ButtonSandbox/1"
    sys_version = ""
    timeout = IDLE_SECONDS_MAX
    wbufsize = -1  # head and body leave together: no waiting for a delayed ACK between them
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        log.debug("sandbox.request", extra={"line": format % args})

    def date_time_string(self, timestamp: float | None = None) -> str:
        """`Date` goes by the sandbox's clock, as every time in the rows does."""
        at = (
            self.server.clock.now() if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
        )
        return format_datetime(at.astimezone(UTC), usegmt=True)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the base class refuses (a line it cannot read): as JSON too."""
        self.close_connection = True
        self._send(ApiError(code, message or explain or "Bad request").reply)

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            return
        request = self._request(body)
        if request.path.startswith("/control/"):
            self._send(_answered(self.server.control, request))
            return
        fault = self.server.faults.take(request.path)
        if fault is None:
            self._sent(self.server.api, request)
            return
        if fault.kind is FaultKind.DROP:
            self.close_connection = True
            return
        if fault.kind is FaultKind.SLOW:
            self.server.is_closing.wait(SLOW_SECONDS if fault.seconds is None else fault.seconds)
        reply = reply_of(fault.kind) or _answered(self.server.api, request)
        self._send(reply, is_cut=fault.kind is FaultKind.CUT)

    def _sent(self, answer: Answer, request: Request) -> None:
        try:
            self._send(_answered(answer, request))
        except HungUpError:
            self.close_connection = True

    def _body(self) -> bytes | None:
        """The whole body; None when it was refused, and the refusal sent."""
        if self.headers.get("Transfer-Encoding"):
            self.send_error(411, "Content-Length is needed")
            return None
        text = self.headers.get("Content-Length", "0")
        most = PAYOUT_BYTES_MAX if self.path.startswith("/v1/payments/") else BODY_BYTES_MAX
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > most:
            self.send_error(413, "The body is too large")
            return None
        return self.rfile.read(int(text))

    def _request(self, body: bytes) -> Request:
        parts = urlsplit(self.path)
        host = self.headers.get("Host", "")
        return Request(
            method=self.command,
            path=parts.path,
            query=parts.query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            # As the caller spells us: through localhost, a container's name or a forwarded port,
            # `meta.next` leads back the same way.
            base_url=f"http://{host}" if _HOST.fullmatch(host) else self.server.url,
            is_local=ipaddress.ip_address(self.client_address[0]).is_loopback
            and not any(name in self.headers for name in _TRACES_OF_PROXIES)
            and _is_no_other_sites(host, origin=self.headers.get("Origin")),
        )

    def _send(self, reply: Reply, *, is_cut: bool = False) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if is_cut or self.close_connection:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body[: len(reply.body) // 2] if is_cut else reply.body)


def _answered(answer: Answer, request: Request) -> Reply:
    try:
        return answer(request)
    except ApiError as error:
        return error.reply
    except HungUpError:
        raise
    except Exception:  # one bad request never ends the connection without a word
        log.exception("sandbox.failed", extra={"path": request.path})
        return ApiError(500, "Internal server error").reply


def _is_no_other_sites(host: str, *, origin: str | None) -> bool:
    """Whether no web page of another site asks, opened by a browser of this machine.

    Such a page names itself in `Origin`; or it has let its own name point here, and stands in
    `Host`. No page can do that with localhost or with an address.
    """
    name = (urlsplit(f"//{host}").hostname or "") if _HOST.fullmatch(host) else ""
    if name != "localhost" and not name.endswith(".localhost"):
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
    return origin is None or origin.lower() == f"http://{host}".lower()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        log.debug("sandbox.already_closed")
