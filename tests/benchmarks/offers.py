"""`GET offers/` through the real server, beside a fake Button that answers after 100 ms.

The overhead is what a client waits through us, less what it waits at the fake itself in the same
run, at the same number of clients. What the fake counts tells how many connections we opened.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass

from tests.benchmarks.load import get, post, read_answer
from tests.benchmarks.machine import Machine, ours, run
from tests.benchmarks.tables import Table

DELAY_SECONDS = 0.1
CLIENTS = (1, 8, 10)
CATALOGUES = ((10, 3), (100, 3))
"""Brands, and offers of each."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long each answer took, in seconds, and all of them together."""

    each: list[float]
    in_all: float

    def at(self, percent: int) -> float:
        """The percentile, in milliseconds."""
        return statistics.quantiles(self.each, n=100)[percent - 1] * 1000

    @property
    def per_second(self) -> float:
        return len(self.each) / self.in_all


def measure(machine: Machine, chosen: argparse.Namespace) -> list[Table]:
    return [_measured(machine, chosen, brands, offers) for brands, offers in CATALOGUES]


def _measured(machine: Machine, chosen: argparse.Namespace, brands: int, offers: int) -> Table:
    name = f"offers-{brands}"
    command = [sys.executable, "-m", "tests.benchmarks.fake_offers", str(brands), str(offers)]
    fake = machine.serve(f"fake-{name}", [*command, str(DELAY_SECONDS)], ours(machine.url))
    environment = ours(machine.migrated(name.replace("-", "_"))) | {
        "BUTTON_API_KEY": "sk-benchmark",
        "BUTTON_OFFERS_URL": f"http://127.0.0.1:{fake}",
        "BUTTON_OFFERS_RATE_LIMIT": "100000",
    }
    port = machine.serve(name, [sys.executable, "manage.py", "serve", "--bind"], environment)
    token = run([sys.executable, "manage.py", "issue_member_token", "ann"], environment).strip()
    through = get("/api/v1/offers/", {"Authorization": f"Bearer {token}"})
    straight = post("/v1/offers", b'{"user_id": "ann"}', {})
    _press(port, through, client_count=10, seconds=2)  # makes the member, the brands, the permits
    before = _counts(fake)
    table = Table(
        f"GET offers/ of {brands} brands with {offers} offers each; Button takes "
        f"{DELAY_SECONDS * 1000:.0f} ms",
        ["clients", "a second", "p50 more", "p99 more", "p99 of the fake"],
    )
    asked = 0
    seconds = chosen.seconds * chosen.rounds
    for client_count in CLIENTS:
        plain = _press(fake, straight, client_count=client_count, seconds=seconds / 2)
        mine = _press(port, through, client_count=client_count, seconds=seconds)
        asked += len(mine.each) + len(plain.each)
        table.lines.append(
            [
                str(client_count),
                f"{mine.per_second:.1f}",
                f"{mine.at(50) - plain.at(50):.1f} ms",
                f"{mine.at(99) - plain.at(99):.1f} ms",
                f"{plain.at(99):.1f} ms",
            ]
        )
    after = _counts(fake)
    own = sum(CLIENTS) + 1  # opened by this program itself
    opened = int(after["connections"]) - int(before["connections"]) - own
    table.note = f"  Connections opened by us: {opened} for {asked:,} requests."
    return table


def _counts(port: int) -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/counts") as answer:
        told: dict[str, int] = json.load(answer)
    return told


def _press(port: int, request: bytes, *, client_count: int, seconds: float) -> Times:
    """Each client asks again as soon as it is answered. Raises: SystemExit for a wrong answer."""
    each: list[float] = []
    wrong: list[bytes] = []
    until = time.monotonic() + seconds

    def client() -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = connection.makefile("rb")
            while time.monotonic() < until and not wrong:
                begun = time.monotonic()
                connection.sendall(request)
                answer = read_answer(reader)
                each.append(time.monotonic() - begun)
                if b" 200 " not in answer[:20] or b"offer-" not in answer:
                    wrong.append(answer)

    threads = [threading.Thread(target=client) for _ in range(client_count)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise SystemExit(f"A wrong answer: {wrong[0][:500]!r}")
    return Times(each=each, in_all=time.monotonic() - begun)
