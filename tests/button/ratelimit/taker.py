"""A process that takes its share of a budget once told to, and prints when it asked and had it."""

from __future__ import annotations

import sys
import threading
import time
from datetime import timedelta

import django

WINDOW_SECONDS = 0.5
SHARE = 8


def main(limit: int) -> None:
    from rewards_site.button.errors import OffersRateLimited  # noqa: PLC0415  # after setup()
    from rewards_site.button.ratelimit.budget import Budget  # noqa: PLC0415

    budget = Budget(limit=limit, window=timedelta(seconds=WINDOW_SECONDS))
    print("ready", flush=True)
    sys.stdin.readline()
    granted_count = 0
    while granted_count < SHARE:
        asked_at = time.monotonic()
        try:
            budget.take()
        except OffersRateLimited:
            threading.Event().wait(0.01)
            continue
        print(asked_at, time.monotonic())
        granted_count += 1


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
