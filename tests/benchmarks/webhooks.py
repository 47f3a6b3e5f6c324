"""Webhooks a second through the real server, beside a bare Django view and beside dj-stripe's.

(a) The bare view checks the signature and writes the same rows by raw SQL in one commit: what is
between it and us is what the rules, the ORM's models and the checks cost. (b) dj-stripe's view,
with no handler for what is sent, only stores two rows.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import itertools
import json
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from tests.benchmarks.load import Make, post, press
from tests.benchmarks.machine import PEERS_PYTHON, SECRET, Machine, gunicorn, ours, peer, run
from tests.benchmarks.orders import order, signed
from tests.benchmarks.tables import Table, in_turns, middle, ratio

CLIENTS = (1, 8, 16)


def measure(machine: Machine, chosen: argparse.Namespace) -> list[Table]:
    doors = _doors(machine)
    for name, door in doors.items():
        print(f"warming up {name}", file=sys.stderr, flush=True)
        _cell(door, client_count=8, seconds=2)()
    rates = Table("Webhooks a second (medians; this machine, this run)", ["clients", *doors])
    ratios = Table(
        "Webhooks: ratios of the rounds, median (lowest-highest)",
        ["clients", "ours / bare", "ours hot / bare hot", "ours / dj-stripe", "ours hot / ours"],
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
        ratios.lines.append(
            [
                str(client_count),
                ratio(said["ours"], said["bare"]),
                ratio(said["ours hot"], said["bare hot"]),
                ratio(said["ours"], said["dj-stripe"]),
                ratio(said["ours hot"], said["ours"]),
            ]
        )
    return [rates, ratios]


Door = tuple[int, Make, bytes]


def _doors(machine: Machine) -> dict[str, Door]:
    """Name → port, what to send, what must stand in each answer."""
    url = machine.migrated("ours")
    our_port = machine.serve("ours", [sys.executable, "manage.py", "serve", "--bind"], ours(url))
    bare_url = machine.migrated("bare")
    bare_port = machine.serve(
        "bare",
        gunicorn(sys.executable, "tests.benchmarks.peers.bare.wsgi"),
        peer("bare", bare_url),
    )
    stripe_port, uuid = _stripe(machine)
    path = "/webhooks/button/"
    processed = b'"processed"'
    return {
        "ours": (our_port, partial(_button, path, "a", None), processed),
        "bare": (bare_port, partial(_button, path, "a", None), processed),
        "ours hot": (our_port, partial(_button, path, "h", "hot"), processed),
        "bare hot": (bare_port, partial(_button, path, "h", "hot"), processed),
        "dj-stripe": (stripe_port, partial(_stripe_event, f"/stripe/webhook/{uuid}/"), b"200 OK"),
    }


def _stripe(machine: Machine) -> tuple[int, str]:
    environment = peer("stripe_site", machine.database("stripe"))
    python = str(PEERS_PYTHON)
    run([python, "-m", "django", "migrate", "--verbosity", "0"], environment)
    uuid = run([python, "-m", "tests.benchmarks.peers.stripe_site.endpoint"], environment).strip()
    port = machine.serve(
        "dj-stripe",
        gunicorn(python, "tests.benchmarks.peers.stripe_site.wsgi"),
        environment | {"DATABASE_POOL": "on"},
    )
    return port, uuid


def _cell(door: Door, *, client_count: int, seconds: float) -> Callable[[], float]:
    port, make, expected = door

    def once() -> float:
        load = press(port, make, client_count=client_count, seconds=seconds, expected=expected)
        return load.per_second

    return once


_numbers = itertools.count(1)
_lock = threading.Lock()


def _number() -> int:
    with _lock:
        return next(_numbers)


def _button(path: str, series: str, customer_id: str | None) -> bytes:
    """A new pending order, signed: of one member, or of one of thousands."""
    told = order(_number(), series=series, customer_id=customer_id)
    body, signature = signed(told, secret=SECRET)
    return post(path, body, {"X-Button-Signature": signature})


def _stripe_event(path: str) -> bytes:
    """An event that nobody handles, signed as Stripe signs."""
    number = _number()
    body = json.dumps(
        {
            "id": f"evt_{number:024x}",
            "object": "event",
            "account": "acct_bench",
            "api_version": "2024-06-20",
            "created": int(time.time()),
            "type": "balance.available",
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "data": {
                "object": {
                    "object": "balance",
                    "livemode": False,
                    "available": [{"amount": 338, "currency": "usd", "source_types": {}}],
                    "pending": [{"amount": 8450, "currency": "usd", "source_types": {}}],
                    "note": "x" * 600,
                }
            },
        }
    ).encode()
    at = int(time.time())
    signed = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return post(path, body, {"Stripe-Signature": f"t={at},v1={signed}"})
