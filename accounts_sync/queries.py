"""Reads: how the reading of each Button account stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from accounts_sync.models import RunKind, RunStatus, SyncRun
from transactions.models import ButtonAccount

GOOD = (RunStatus.DONE, RunStatus.PAUSED)
"""A paused run read its pages well and goes on at the next: a first reading may take many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReading:
    """One Button account with its latest run, its latest that went well, its latest whole one."""

    account: ButtonAccount
    latest: SyncRun | None
    latest_good: SyncRun | None
    latest_done: SyncRun | None


def account_readings(accounts: QuerySet[ButtonAccount]) -> list[AccountReading]:
    """In two statements, each account's runs sought by index, however many runs there are."""
    runs = SyncRun.objects.filter(kind=RunKind.TRANSACTIONS, account=OuterRef("pk")).order_by("-id")
    rows = accounts.annotate(
        latest_id=Subquery(runs.values("id")[:1]),
        good_id=Subquery(runs.filter(status__in=GOOD).values("id")[:1]),
        done_id=Subquery(runs.filter(status=RunStatus.DONE).values("id")[:1]),
    )
    found = list(rows)
    keys = {key for row in found for key in (row.latest_id, row.good_id, row.done_id)}
    by_id = SyncRun.objects.in_bulk(sorted(key for key in keys if key is not None))
    return [
        AccountReading(
            account=row,
            latest=by_id.get(row.latest_id),
            latest_good=by_id.get(row.good_id),
            latest_done=by_id.get(row.done_id),
        )
        for row in found
    ]


def latest_runs() -> Sequence[int]:
    """Primary keys of the latest run of each account, and of the list of accounts itself."""
    accounts = account_readings(ButtonAccount.objects.order_by("pk"))
    keys = [reading.latest.pk for reading in accounts if reading.latest]
    listing = SyncRun.objects.filter(kind=RunKind.ACCOUNTS).order_by("-id").first()
    return [*keys, listing.pk] if listing else keys
