"""What a member reads, beside a DRF view that reads one indexed row of the same database.

Through the real servers, for a member with 10 entries and one with 100,000: the books' length must
not show. The DRF view knows nobody: no token, no throttle; ours checks the member's token.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from tests.benchmarks.load import get, press
from tests.benchmarks.machine import Machine, gunicorn, ours, peer, run
from tests.benchmarks.orders import order
from tests.benchmarks.raw import load_page
from tests.benchmarks.tables import Table, in_turns, middle, ratio

CLIENTS = (1, 8)
FEW = 10
SEED_PAGE = 1000
PATHS = {"balances": "/api/v1/balances/", "transactions": "/api/v1/transactions/?limit=1"}
ANSWERS = {"balances": b'"pending"', "transactions": b'"results"'}


def measure(machine: Machine, chosen: argparse.Namespace) -> list[Table]:
    url = machine.migrated("reading")
    _seed(url, few=FEW, many=chosen.entries)
    our_port = machine.serve("reading", [sys.executable, "manage.py", "serve", "--bind"], ours(url))
    peer_port = machine.serve(
        "drf",
        gunicorn(sys.executable, "tests.benchmarks.peers.drf_site.wsgi"),
        peer("drf_site", url),
    )
    doors: dict[str, tuple[int, bytes, bytes]] = {
        "DRF": (peer_port, get("/row/few/", {}), b'"customer_id":"few"')
    }
    for member in ("few", "many"):
        token = run([sys.executable, "manage.py", "issue_member_token", member], ours(url)).strip()
        for name, path in PATHS.items():
            asked = get(path, {"Authorization": f"Bearer {token}"})
            doors[f"{name} {member}"] = (our_port, asked, ANSWERS[name])
    for door in doors.values():
        _cell(door, client_count=8, seconds=chosen.seconds)()
    return _measured(doors, chosen)


def _measured(
    doors: dict[str, tuple[int, bytes, bytes]], chosen: argparse.Namespace
) -> list[Table]:
    rates = Table("Reads a second (medians; this machine, this run)", ["clients", *doors])
    headings = [f"{name} / DRF" for name in doors if name != "DRF"]
    headings += [f"{name} many / few" for name in PATHS]
    times = Table(
        f"Time of a read, as ratios; «few» has {FEW} entries, «many» {chosen.entries:,}",
        ["", *(f"{count} client{'s'[: count > 1]} (lowest-highest)" for count in CLIENTS)],
        [[heading] for heading in headings],
    )
    for client_count in CLIENTS:
        said = in_turns(
            {
                name: _cell(door, client_count=client_count, seconds=chosen.seconds)
                for name, door in doors.items()
            },
            rounds=chosen.rounds,
        )
        rates.lines.append([str(client_count), *(middle(said[name]) for name in doors)])
        # Time is one by the rate, so the ratio of two times is that of the rates, turned over
        cells = [ratio(said["DRF"], said[name]) for name in doors if name != "DRF"]
        cells += [ratio(said[f"{name} few"], said[f"{name} many"]) for name in PATHS]
        times.lines = [[*line, cell] for line, cell in zip(times.lines, cells, strict=True)]
    return [rates, times]


def _cell(
    door: tuple[int, bytes, bytes], *, client_count: int, seconds: float
) -> Callable[[], float]:
    port, asked, expected = door

    def once() -> float:
        load = press(
            port, lambda: asked, client_count=client_count, seconds=seconds, expected=expected
        )
        return load.per_second

    return once


def _seed(url: str, *, few: int, many: int) -> None:
    """Two members among others, with so many entries each on their pending account."""
    at = datetime.now(UTC)
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor, autocommit=True) as connection:
        load = functools.partial(_load, connection, at=at)
        load("o", 2000, None)
        load("f", few, "few")
        load("m", many, "many")
        connection.execute("VACUUM ANALYZE")


def _load(
    connection: psycopg.Connection,
    series: str,
    count: int,
    customer_id: str | None,
    *,
    at: datetime,
) -> None:
    for first in range(1, count + 1, SEED_PAGE):
        numbers = range(first, min(first + SEED_PAGE, count + 1))
        told = [order(number, series=series, customer_id=customer_id) for number in numbers]
        with connection.transaction(), connection.cursor() as cursor:
            load_page(cursor, told, at=at)
