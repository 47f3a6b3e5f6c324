"""Counts over all processes, for what has no row of its own in the database.

Each process counts in memory and adds to the common row every few seconds (watch.py) and when it
ends; one that is killed takes the counts of the last seconds along. Keys are of a small, fixed set:
a stranger can make a count rise, not the table grow.
"""

from __future__ import annotations

import threading
from collections import Counter

from django.db.models import F

from rewards_site.health.models import Tally
from rewards_site.kernel.db import atomic, insert_missing

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def count(key: str, by: int = 1) -> None:
    """Costs nothing and cannot fail. `key` is at most 200 characters."""
    with _lock:
        _counts[key] += by


def flush() -> None:
    """Add what this process has counted. Raises: DatabaseError; then nothing is lost."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    if not taken:
        return
    try:
        with atomic():
            insert_missing(Tally(key=key) for key in sorted(taken))
            for key in sorted(taken):
                Tally.objects.filter(key=key).update(value=F("value") + taken[key])
    except BaseException:
        with _lock:
            _counts.update(taken)
        raise


def values(prefix: str) -> dict[str, int]:
    """What follows `prefix` → its count, of all processes and of what this one still holds."""
    rows = Tally.objects.filter(key__startswith=prefix).values_list("key", "value")
    found = Counter(dict(rows))
    with _lock:
        found.update({key: by for key, by in _counts.items() if key.startswith(prefix)})
    return {key.removeprefix(prefix): number for key, number in sorted(found.items())}
