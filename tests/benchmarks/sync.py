"""`sync_transactions`, first time and unchanged again, beside a loader of the same rows by raw SQL.

The loader asks for pages of the same size and writes each set-based in one commit (raw.py). Where a
page takes 100 ms, beside the official client merely fetching the same orders: it takes Button's
default page, ours the largest that Button lets it have; so once more with ours held to that page.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable

from tests.benchmarks.fake_button import PAGE_SIZE, PAGE_SIZE_MAX
from tests.benchmarks.machine import Cost, Machine, cost_of, ours
from tests.benchmarks.tables import Table, in_turns, middle, ratio

FAR_SECONDS = 0.1
FAR_SHARE = 10
"""A tenth of the orders where each page takes a tenth of a second."""
SAME_PAGE_SHARE = 50
TEMPLATE = "sync_template"


def measure(machine: Machine, chosen: argparse.Namespace) -> list[Table]:
    machine.migrated(TEMPLATE)
    return [
        _beside_raw(machine, orders=chosen.orders, rounds=chosen.rounds),
        _beside_official(machine, orders=chosen.orders // FAR_SHARE, rounds=chosen.rounds),
        _beside_official(
            machine,
            orders=chosen.orders // SAME_PAGE_SHARE,
            rounds=chosen.rounds,
            page_size_max=PAGE_SIZE,
        ),
    ]


class _Runs:
    """Whole runs against one Button; each «first» in a new database that «again» then meets."""

    def __init__(self, machine: Machine, *, orders: int, delay: float, page_size_max: int) -> None:
        self.machine, self.orders = machine, orders
        self.peaks: dict[str, list[float]] = {}
        self.port = machine.serve(
            f"fake-button-{orders}-{page_size_max}",
            [
                *(sys.executable, "-m", "tests.benchmarks.fake_button"),
                *(str(orders), str(delay), str(page_size_max)),
            ],
            ours(machine.url),
        )
        self.urls: dict[str, str] = {}

    @property
    def button(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ours(self, *, again: bool = False) -> float:
        """Seconds of one run of the command."""
        url = self._database("sync_ours", again=again)
        cost = cost_of(
            [
                *(sys.executable, "manage.py", "sync_transactions"),
                *(["--full"] if again else []),
            ],
            ours(url) | {"BUTTON_API_URL": self.button, "BUTTON_API_KEY": "sk-bench"},
        )
        told = f"{self.orders:,} {'already known' if again else 'applied'}"
        self._assert(told in cost.said, cost)
        return self._noted("ours again" if again else "ours", cost)

    def raw(self, *, again: bool = False) -> float:
        url = self._database("sync_raw", again=again)
        cost = cost_of([sys.executable, "-m", "tests.benchmarks.loader", self.button], ours(url))
        self._assert(cost.said.strip() == str(0 if again else self.orders), cost)
        return self._noted("raw again" if again else "raw", cost)

    def official(self) -> float:
        cost = cost_of(
            [sys.executable, "-m", "tests.benchmarks.official", str(self.port)],
            ours(self.machine.url),
        )
        self._assert(cost.said.strip() == str(self.orders), cost)
        return cost.seconds

    def _database(self, name: str, *, again: bool) -> str:
        if not again:
            self.urls[name] = self.machine.copy(name, of=TEMPLATE)
        return self.urls[name]

    def _assert(self, is_right: bool, cost: Cost) -> None:
        if not is_right:
            raise SystemExit(f"Not what was to be read:\n{cost.said[-3000:]}")

    def _noted(self, name: str, cost: Cost) -> float:
        self.peaks.setdefault(name, []).append(cost.peak_mib)
        return cost.seconds


def _beside_raw(machine: Machine, *, orders: int, rounds: int) -> Table:
    runs = _Runs(machine, orders=orders, delay=0, page_size_max=PAGE_SIZE_MAX)
    few = _Runs(machine, orders=orders // FAR_SHARE, delay=0, page_size_max=PAGE_SIZE_MAX)
    few.ours()
    few.ours(again=True)
    said = in_turns(
        {
            "ours": lambda: orders / runs.ours(),
            "raw": lambda: orders / runs.raw(),
            "ours again": lambda: orders / runs.ours(again=True),
            "raw again": lambda: orders / runs.raw(again=True),
        },
        rounds=rounds,
    )
    peak_few, peak_many = (
        statistics.median(one.peaks["ours"] + one.peaks["ours again"]) for one in (few, runs)
    )
    return Table(
        f"sync_transactions of {orders:,} orders, {PAGE_SIZE_MAX} a page: orders a second, from "
        "the start of the process to its end",
        ["", "ours", "raw loader", "ours / raw (lowest-highest)"],
        [
            [name, middle(said[f"ours{key}"]), middle(said[f"raw{key}"]),
             ratio(said[f"ours{key}"], said[f"raw{key}"])]
            for name, key in (("first time", ""), ("unchanged again", " again"))
        ],
        note=f"Peak memory of ours: {peak_few:.0f} MiB with {few.orders:,} orders, "
        f"{peak_many:.0f} MiB with {orders:,}.",
    )  # fmt: skip


def _beside_official(
    machine: Machine, *, orders: int, rounds: int, page_size_max: int = PAGE_SIZE_MAX
) -> Table:
    runs = _Runs(machine, orders=orders, delay=FAR_SECONDS, page_size_max=page_size_max)
    work: dict[str, Callable[[], float]] = {
        "ours": runs.ours,
        "official": runs.official,
        "ours again": lambda: runs.ours(again=True),
    }
    said = in_turns(work, rounds=rounds)
    return Table(
        f"{orders:,} orders, {FAR_SECONDS * 1000:.0f} ms a page, ours {page_size_max} a page, "
        f"pybutton its default of {PAGE_SIZE}: seconds",
        ["", "ours, booked", "pybutton, only fetched", "ours / pybutton (lowest-highest)"],
        [
            [
                name,
                f"{statistics.median(said[key]):.1f}",
                f"{statistics.median(said['official']):.1f}",
                ratio(said[key], said["official"]),
            ]
            for name, key in (("first time", "ours"), ("unchanged again", "ours again"))
        ],
    )
