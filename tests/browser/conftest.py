"""A real Chromium against the real application on committed data; skipped where there is none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application

from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.conftest import CommittedDatabase


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the library's word
        """Say nothing."""


@pytest.fixture
def address(committed_db: CommittedDatabase) -> Iterator[str]:
    """Where the application answers, over the committed database."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Visit:
    """One browser window, and whatever its console complained about."""

    page: Any
    address: str
    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    """Addresses of other machines that a page asked for."""

    def hear(self, message: Any) -> None:
        """Keep a complaint; that a click was faster than an autofocus is none."""
        if not message.text.startswith("Autofocus processing was blocked"):
            self.complaints.append(message.text)

    def watch(self, request: Any) -> None:
        if not request.url.startswith((f"{self.address}/", "data:", "blob:")):
            self.outside.append(request.url)

    def log_in(self, username: str, password: str) -> None:
        self.page.goto(f"{self.address}/admin/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", password)
        self.follow("input[type=submit]")

    def log_out(self) -> None:
        """Go on as nobody."""
        self.page.context.clear_cookies()

    def follow(self, selector: str) -> None:
        """Click what leads to another page, and wait until that one and its scripts are there."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.click(selector)


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.slow)])
def visit(request: pytest.FixtureRequest, address: str) -> Iterator[Visit]:
    """Make the data first: while the browser runs, this thread has an event loop."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api")
    before = request.getfixturevalue("data")
    assert before is None
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page = browser.new_page(color_scheme=request.param)
        visited = Visit(page=page, address=address)
        page.on("console", visited.hear)
        page.on("request", visited.watch)
        page.on("pageerror", lambda error: visited.complaints.append(str(error)))
        yield visited
        browser.close()
