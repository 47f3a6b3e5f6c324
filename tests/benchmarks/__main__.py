"""`make bench`: speed, as ratios measured side by side in one run on PostgreSQL.

No verdicts and no absolute promises: machines differ and neighbours make noise. Every figure is a
ratio of two things that ran in turns within this run; the median of the rounds is printed with the
lowest and the highest.
"""

from __future__ import annotations

import argparse
import importlib
import time

from tests.benchmarks.machine import Machine
from tests.benchmarks.tables import Table

SUBJECTS = ("webhooks", "sync", "reading", "backtest", "offers")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "subjects", nargs="*", metavar="SUBJECT", help=f"{', '.join(SUBJECTS)}; without one, all"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair runs in turns")
    parser.add_argument("--seconds", type=float, default=2.0, help="of load, per cell and round")
    parser.add_argument("--orders", type=int, default=100_000, help="that sync_transactions reads")
    parser.add_argument("--entries", type=int, default=100_000, help="of the member with many")
    chosen = parser.parse_args()
    unknown = [subject for subject in chosen.subjects if subject not in SUBJECTS]
    if unknown:
        parser.error(f"no such subject: {', '.join(unknown)}")
    started = time.monotonic()
    tables: list[Table] = []
    with Machine() as machine:
        for subject in chosen.subjects or SUBJECTS:
            module = importlib.import_module(f"tests.benchmarks.{subject}")
            tables += module.measure(machine, chosen)
    for table in tables:
        print(f"\n{table}")
    print(f"\n{time.monotonic() - started:.0f} s in all.")


if __name__ == "__main__":
    main()
