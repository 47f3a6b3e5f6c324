"""Pulls of the one account of the tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts_sync.models import Watermark
from accounts_sync.pull import PullReport, pull_transactions
from tests.accounts_sync.world import client
from tests.factories import ACCOUNT, NOON

ONE = NOON + timedelta(hours=1)


def pull(at: datetime = ONE, **options: Any) -> PullReport:
    return pull_transactions(account_id=ACCOUNT, client=client(), at=at, **options)


def through() -> datetime | None:
    return Watermark.objects.get(pk=ACCOUNT).through
