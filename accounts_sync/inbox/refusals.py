"""Webhooks that were refused at the door: counted, not kept.

Anybody may send those. A row for each would let a stranger fill the database.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter

from accounts_sync.inbox.counts import count_refused

log = logging.getLogger(__name__)

_lock = threading.Lock()
_counts: Counter[int] = Counter()


def count_refusal(status: int) -> None:
    """Count one answer of 401, 405 or 413."""
    with _lock:
        _counts[status] += 1
    count_refused(status)
    log.warning("webhook.refused", extra={"status": status})


def refusal_counts() -> dict[int, int]:
    """HTTP status → how many this process has refused with it since it started."""
    with _lock:
        return dict(_counts)
