"""What members of `make demo` do with the links they are given."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rewards_site.demo_shopper import (
    ALTERED_EVERY,
    CLAIMS_EVERY,
    PASSED_ON_EVERY,
    REDEEMS_EVERY,
    Opened,
    Shoppers,
)

REFERENCE = "AVq3xJ0c5n6mV2Qz8yL1o4rT7uWb9dEf"


def _opened(member: str, *, offer_id: str = "offer-1") -> Opened:
    link = (
        "https://r.bttn.io?btn_url=https%3A%2F%2Fwww.brand.example&"
        f"btn_pub_user={member}&btn_pub_ref={REFERENCE}{member}&btn_ref=org-1"
    )
    return Opened(link=link, offer_id=offer_id)


def _said(opened: Opened) -> dict[str, list[str]]:
    return parse_qs(urlsplit(opened.link).query)


def _shoppers() -> Shoppers:
    return Shoppers(site="", button="", seed=1, tokens={})


def test_a_link_is_followed_as_it_was_given() -> None:
    assert _shoppers()._as_it_arrives(1, "ann", _opened("ann")) == _opened("ann")


def test_some_references_are_altered_on_the_way() -> None:
    arrived = _shoppers()._as_it_arrives(ALTERED_EVERY, "ann", _opened("ann"))

    assert _said(arrived) == _said(_opened("ann")) | {"btn_pub_ref": [f"{REFERENCE[:-3]}AAAAAA"]}


def test_some_links_are_passed_on_to_somebody_else() -> None:
    shoppers = _shoppers()
    shoppers._as_it_arrives(1, "bob", _opened("bob", offer_id="offer-2"))

    arrived = shoppers._as_it_arrives(PASSED_ON_EVERY, "ann", _opened("ann"))

    assert _said(arrived) == _said(_opened("bob")) | {"btn_pub_user": ["ann"]}
    assert arrived.offer_id == "offer-2"


@contextmanager
def _site(told: dict[str, Any], asked: list[tuple[str, str | None, Any]]) -> Iterator[str]:
    """An API that answers each path with what is `told` for it; what is posted comes to `asked`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(told[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append((self.path, self.headers["Idempotency-Key"], body))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_now_and_then_somebody_asks_for_their_money() -> None:
    balances = [
        {"currency": "KWD", "available": 90_000},
        {"currency": "USD", "available": 999},
        {"currency": "GBP", "available": 800},
    ]
    told = {"/api/v1/balances/": {"results": balances}, "/api/v1/redemptions/": {}}
    asked: list[tuple[str, str | None, Any]] = []
    with _site(told, asked) as site:
        shoppers = Shoppers(site=site, button="", seed=1, tokens={"ann": "t"})
        line = shoppers.go_round(REDEEMS_EVERY)
        balances.pop()
        nothing = shoppers.go_round(2 * REDEEMS_EVERY)

    body = {"currency": "GBP", "amount": 800, "method": "paypal", "destination": "ann@example.com"}
    assert asked == [("/api/v1/redemptions/", f"1/{REDEEMS_EVERY}", body)]
    assert line == "ann asks for 800 GBP"
    assert nothing == "ann has nothing to ask for"


def test_now_and_then_somebody_misses_the_reward_of_their_latest_tap() -> None:
    taps = {"results": [{"click_id": "c-2"}, {"click_id": "c-1"}]}
    told = {"/api/v1/clicks/": taps, "/api/v1/claims/": {"verdict": "too_early"}}
    asked: list[tuple[str, str | None, Any]] = []
    with _site(told, asked) as site:
        shoppers = Shoppers(site=site, button="", seed=1, tokens={"ann": "t"})
        line = shoppers.go_round(CLAIMS_EVERY)

    body = {"click_id": "c-2", "note": "Where is my reward?"}
    assert asked == [("/api/v1/claims/", None, body)]
    assert line == "ann misses a reward: too_early"
