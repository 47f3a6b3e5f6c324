"""A back-test of many orders, beside reading the same orders and children and nothing else.

Then the draft is put in force in an empty database, and the orders are fed to it by the function
that books: what it pays must be what the back-test told, to the cent.
"""

from __future__ import annotations

import argparse
import statistics
import sys

from tests.benchmarks.machine import Cost, Machine, cost_of, ours
from tests.benchmarks.tables import Table, in_turns, ratio

SCRIPT = "tests.benchmarks.backtest_steps"
SMALL_SHARE = 10
REPLAYED_SHARE = 10
"""Booking takes its time: a tenth of the orders is fed again."""


def measure(machine: Machine, chosen: argparse.Namespace) -> list[Table]:
    table = Table(
        "Back-test of a month, as ratios (medians; lowest-highest)",
        ["orders", "back-test / reading alone", "seconds", "peak MiB"],
    )
    for orders in (chosen.orders // SMALL_SHARE, chosen.orders):
        table.lines.append(_line(machine, orders, rounds=chosen.rounds))
    replayed = chosen.orders // REPLAYED_SHARE
    told, paid = _replayed(machine, replayed)
    words = "the same" if told == paid else "NOT THE SAME"
    table.note = (
        f"Of {replayed:,} orders it told {told}; fed to an empty database where the draft was in "
        f"force they were paid {paid}: {words}."
    )
    return [table]


def _line(machine: Machine, orders: int, *, rounds: int) -> list[str]:
    url = machine.migrated(f"backtest_{orders}")
    _step("load", url, orders)
    costs: dict[str, list[Cost]] = {"backtest": [], "read": []}

    def seconds(name: str) -> float:
        costs[name].append(_step(name, url, orders))
        # The first line that it says is how long it took, without the start of the process
        return float(costs[name][-1].said.split()[0])

    said = in_turns({name: lambda name=name: seconds(name) for name in costs}, rounds=rounds)  # type: ignore[misc]
    peak = max(cost.peak_mib for cost in costs["backtest"])
    return [
        f"{orders:,}",
        ratio(said["backtest"], said["read"]),
        f"{statistics.median(said['backtest']):.1f}",
        f"{peak:.0f}",
    ]


def _replayed(machine: Machine, orders: int) -> tuple[str, str]:
    tested = machine.migrated("backtest_told")
    _step("load", tested, orders)
    told = _step("backtest", tested, orders).said.split()[1]
    empty = machine.migrated("backtest_paid")
    return told, _step("replay", empty, orders).said.split()[1]


def _step(name: str, url: str, orders: int) -> Cost:
    return cost_of([sys.executable, "-m", SCRIPT, name, str(orders)], ours(url))
