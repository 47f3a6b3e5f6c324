"""Offers through the web server as it runs in production, against a Button on a socket."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest

from rewards_site.button.signature import sign
from tests.conftest import CommittedDatabase
from tests.journeys.processes import MEMBER_SECRET, WEBHOOK_SECRET, Product
from tests.offers.menus import brand, percent

pytestmark = pytest.mark.slow
PLACES = 32
"""Half of the threads that `serve` has unless it is told."""
FAR_AWAY = 4_102_444_800
"""2100, as a token's `exp`."""


class Button(ThreadingHTTPServer):
    """Offers the same to everybody, or hangs until it is told to go on; counts connections."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, hangs: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.lock = threading.Lock()
        self.connection_count = self.request_count = 0
        self.may_go_on = threading.Event()
        if not hangs:
            self.may_go_on.set()
        told = {"meta": {"status": "ok"}, "object": {"merchant_offers": [brand("org", percent())]}}
        self.answer = json.dumps(told).encode()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self.connection_count += 1
        super().process_request(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Button

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.request_count += 1
        self.server.may_go_on.wait(30)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def answering(button: Button) -> Iterator[Button]:
    thread = threading.Thread(target=button.serve_forever, daemon=True)
    thread.start()
    try:
        yield button
    finally:
        button.may_go_on.set()
        button.shutdown()
        button.server_close()


@contextmanager
def product_with(
    button: Button, database: CommittedDatabase, home: Path, *options: str, **variables: str
) -> Iterator[Product]:
    """The web server, answering."""
    url = f"http://127.0.0.1:{button.server_port}"
    product = Product(database_url=database.url, button_url=url, home=home)
    product.set(BUTTON_OFFERS_URL=url, **variables)
    try:
        product.start_web(*options)
        yield product
    finally:
        product.end()
        print(product.logs())


def status_of(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def ask(product: Product, number: int = 0) -> int:
    """The status of one call of offers/."""
    url = f"{product.url}/api/v1/offers/"
    return status_of(urllib.request.Request(url, headers=member(number)))


def member(number: int = 0) -> dict[str, str]:
    token = jwt.encode({"sub": f"u-{number % 5}", "exp": FAR_AWAY}, MEMBER_SECRET)
    return {"Authorization": f"Bearer {token}"}


def shown(product: Product) -> str:
    """The token of the one offer."""
    url = f"{product.url}/api/v1/offers/"
    with urllib.request.urlopen(urllib.request.Request(url, headers=member()), timeout=30) as told:
        token: str = json.load(told)["merchants"][0]["offers"][0]["token"]
    return token


def tap(product: Product, token: str) -> int:
    """The status of one call of clicks/."""
    body = json.dumps({"offer_token": token, "url": "https://www.brand.example/"}).encode()
    headers = member() | {"Content-Type": "application/json"}
    url = f"{product.url}/api/v1/clicks/"
    return status_of(urllib.request.Request(url, data=body, headers=headers))


def ping(product: Product, number: int) -> int:
    """The status of one webhook that is stored."""
    body = json.dumps({"id": f"hook-{number}", "event_type": "order-checkout"}).encode()
    headers = {"X-Button-Signature": sign(body, WEBHOOK_SECRET)}
    url = f"{product.url}/webhooks/button/"
    return status_of(urllib.request.Request(url, data=body, headers=headers))


def test_webhooks_are_answered_while_every_place_waits_for_button(
    committed_db: CommittedDatabase, tmp_path: Path
) -> None:
    with (
        answering(Button(hangs=True)) as button,
        product_with(button, committed_db, tmp_path, "--processes", "1") as product,
        ThreadPoolExecutor(PLACES) as pool,
    ):
        waiting = [pool.submit(ask, product, number) for number in range(PLACES)]
        pause = threading.Event()
        while button.request_count < PLACES and not any(one.done() for one in waiting):
            pause.wait(0.01)
        answered = [ping(product, number) for number in range(5)]
        one_more = ask(product)
        still_waiting = sum(not one.done() for one in waiting)
        button.may_go_on.set()

        assert still_waiting == PLACES
        assert answered == [200] * 5
        assert one_more == 503
        assert Counter(one.result() for one in waiting) == {200: PLACES}


def test_webhooks_are_answered_while_offers_and_taps_wait_for_button(
    committed_db: CommittedDatabase, tmp_path: Path
) -> None:
    """As many of each as there are places, half of the threads: together they have no more."""
    threads, places = 16, 8
    options = ("--processes", "1", "--threads", str(threads))
    with (
        answering(Button()) as button,
        product_with(button, committed_db, tmp_path, *options) as product,
        ThreadPoolExecutor(threads) as pool,
    ):
        token = shown(product)
        button.may_go_on.clear()
        waiting = [pool.submit(ask, product, number) for number in range(places)]
        waiting += [pool.submit(tap, product, token) for _ in range(places)]
        pause = threading.Event()
        while sum(one.done() for one in waiting) < places:
            pause.wait(0.01)
        asked_count = button.request_count - 1
        answered = [ping(product, number) for number in range(5)]
        still_waiting = sum(not one.done() for one in waiting)
        button.may_go_on.set()
        statuses = Counter(one.result() for one in waiting)

        assert asked_count == still_waiting == places
        assert answered == [200] * 5
        assert statuses[201] == places  # a tap counts also without its link
        assert statuses[200] + statuses[503] == places


def test_connections_are_kept(committed_db: CommittedDatabase, tmp_path: Path) -> None:
    clients, calls = 4, 400
    with (
        answering(Button()) as button,
        product_with(button, committed_db, tmp_path, "--processes", "1") as product,
        ThreadPoolExecutor(clients) as pool,
    ):
        statuses = Counter(pool.map(lambda number: ask(product, number), range(calls)))

    assert statuses == {200: calls}
    assert button.request_count == calls
    assert button.connection_count <= clients


def test_four_processes_share_one_budget(committed_db: CommittedDatabase, tmp_path: Path) -> None:
    limit = 60
    with (
        answering(Button()) as button,
        product_with(
            *(button, committed_db, tmp_path, "--processes", "4"),
            BUTTON_OFFERS_RATE_LIMIT=str(limit),
        ) as product,
        ThreadPoolExecutor(8) as pool,
    ):
        statuses = Counter(pool.map(lambda number: ask(product, number), range(2 * limit)))

    assert statuses == {200: limit, 429: limit}
    assert button.request_count == limit
