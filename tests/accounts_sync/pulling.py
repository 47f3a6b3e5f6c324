"""Pulls of the one account of the tests."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from accounts_sync.models import SyncRun, Watermark
from accounts_sync.pull import PullReport, pull_transactions
from tests.accounts_sync.world import client
from tests.factories import ACCOUNT, NOON

ONE = NOON + timedelta(hours=1)


def pull(at: datetime = ONE, **options: Any) -> PullReport:
    return pull_transactions(account_id=ACCOUNT, client=client(), at=at, **options)


def through() -> datetime | None:
    return Watermark.objects.get(pk=ACCOUNT).through


def wait_until_committed(*, pages: int) -> None:
    """Hold a page back until so many before it are committed, and not only read.

    For the thread that fetches the next page, which has a connection of its own.
    """
    pause = threading.Event()
    try:
        while not SyncRun.objects.filter(status="running", page_count__gte=pages).exists():
            pause.wait(0.01)
    finally:
        connection.close()
