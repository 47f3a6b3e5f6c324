"""pull_transactions(): one Button account on from its watermark, or a window by hand.

The watermark moves with the last page's commit only (reading.py, tracks.py).
"""

from __future__ import annotations

import threading
from datetime import datetime

from accounts_sync.lease import acquire, release
from accounts_sync.models import Watermark
from accounts_sync.reading import PAGE_SIZE, Reading
from accounts_sync.report import Progress, PullReport, Stops, say_nothing
from accounts_sync.runs import has_gone_back_today
from accounts_sync.tracks import WatermarkTrack
from accounts_sync.window import Wish, plan_window
from rewards_site.button.client import ButtonClient
from rewards_site.kernel.db import insert_missing
from rewards_site.kernel.errors import NotFound
from transactions.models import ButtonAccount

__all__ = ["PAGE_SIZE", "PullReport", "pull_transactions"]


def pull_transactions(
    *,
    account_id: str,
    client: ButtonClient,
    at: datetime,
    since: datetime | None = None,
    until: datetime | None = None,
    full: bool = False,
    stop_at: datetime | None = None,
    stop: threading.Event | None = None,
    wait_seconds_max: float = 0,
    progress: Progress = say_nothing,
) -> PullReport:
    """Read what was modified since the watermark, or the window asked for, and book it.

    After `stop_at`, or once `stop` is set, no further page is asked for: the run is paused and the
    next one goes on. A Button that fails makes a failed run, not an exception.
    Raises: NotFound (no such Button account), LeaseBusy, InvalidInput (a window that cannot be),
    DatabaseUnavailable.
    """
    wish = Wish(since=since, until=until, full=full)
    if not ButtonAccount.objects.filter(pk=account_id).exists():
        raise NotFound(f"No Button account {account_id} is known.")
    held = acquire(account_id, wait_seconds_max=wait_seconds_max, stop=stop)
    try:
        insert_missing([Watermark(account_id=account_id)])
        watermark = Watermark.objects.get(pk=account_id)
        window = plan_window(
            watermark,
            wish=wish,
            at=at,
            goes_far_back=not has_gone_back_today(account_id, at=at),
        )
        reading = Reading(
            held,
            client=client,
            track=WatermarkTrack(account_id, window),
            through=watermark.through,
            at=at,
        )
    except BaseException:
        release(held)
        raise
    return reading.run(stops=Stops(at=stop_at, event=stop), progress=progress)
