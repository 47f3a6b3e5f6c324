"""sync_accounts(): the Accounts API → ButtonAccount. One account is one currency."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts_sync.models import RunKind, RunStatus, SyncRun
from accounts_sync.runs import abandon_runs, close_run, open_run
from rewards_site.button.client import ButtonClient
from rewards_site.button.errors import ButtonError
from rewards_site.button.schemas import ButtonAccountRecord
from rewards_site.kernel import clock
from rewards_site.kernel.currencies import EXPONENTS
from rewards_site.kernel.db import (
    atomic,
    insert_missing,
    overwrite,
    retry_deadlocks,
)
from transactions.models import ButtonAccount, Transaction

log = logging.getLogger(__name__)

LONGEST_RUN = timedelta(minutes=10)
"""A reading that began earlier and still says it runs has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsReport:
    """What one reading of the Accounts API came to."""

    run_id: int
    status: RunStatus
    listed_count: int = 0
    new_ids: tuple[str, ...] = ()
    """Accounts that are synced from now on."""
    problems: tuple[str, ...] = ()
    """A sentence for each account that could not be taken as told, and for a Button that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    new_ids: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def sync_accounts(*, client: ButtonClient, at: datetime) -> AccountsReport:
    """Take over what the Accounts API lists; an account that it no longer lists stays.

    A Button that fails makes a failed run, not an exception. Never touches a share mode.
    Raises: DatabaseUnavailable.
    """
    abandon_runs(kinds=[RunKind.ACCOUNTS], account_id=None, at=at, begun_before=at - LONGEST_RUN)
    run = open_run(kind=RunKind.ACCOUNTS, at=at)
    try:
        page = client.accounts()
        unreadable = [f"A row of the Accounts API: {sentence}." for sentence in page.unreadable]
        records, unusable = _usable(page.accounts)
        taken = retry_deadlocks(lambda: _take(records, at=at))
    except ButtonError as error:
        return _end(run, _Taken(), problems=[str(error)], listed_count=0)
    except (KeyboardInterrupt, SystemExit):
        close_run(run.pk, status=RunStatus.PAUSED, error="Stopped from outside.", at=clock.now())
        raise
    return _end(
        run,
        taken,
        problems=[*unreadable, *unusable, *taken.problems],
        listed_count=len(page.accounts) + len(page.unreadable),
    )


def _usable(records: Sequence[ButtonAccountRecord]) -> tuple[list[ButtonAccountRecord], list[str]]:
    """One record for each id, sorted by it, and a sentence for each that cannot be used."""
    usable: dict[str, ButtonAccountRecord] = {}
    problems = []
    for record in records:
        if record.currency not in EXPONENTS:
            problems.append(
                f"{record.account_id} is listed with {record.currency}, which is no ISO 4217 "
                "currency: it is not synced."
            )
        elif record.currency != usable.setdefault(record.account_id, record).currency:
            problems.append(f"{record.account_id} is listed twice, with different currencies.")
    return [usable[account_id] for account_id in sorted(usable)], problems


def _take(records: Sequence[ButtonAccountRecord], *, at: datetime) -> _Taken:
    taken = _Taken()
    with atomic():
        insert_missing(
            ButtonAccount(account_id=record.account_id, currency=record.currency, first_seen_at=at)
            for record in records
        )
        locked = ButtonAccount.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        accounts = locked.in_bulk([record.account_id for record in records])
        for record in records:
            account = accounts[record.account_id]
            account.name, account.organization = record.name, record.organization
            if account.currency != record.currency:
                _change_currency(account, record.currency, taken)
            if account.confirmed_at is None:
                account.confirmed_at = at
                taken.new_ids.append(account.account_id)
        overwrite(list(accounts.values()), ["name", "organization", "currency", "confirmed_at"])
    return taken


def _change_currency(account: ButtonAccount, told: str, taken: _Taken) -> None:
    """As told, if nothing is booked yet; else it stays: an account has one currency."""
    if Transaction.objects.filter(account=account.account_id).exists():
        taken.problems.append(
            f"{account.account_id} is listed with {told}, but its transactions are booked in "
            f"{account.currency}: left as it is. Ask Button about it."
        )
    else:
        account.currency = told


def _end(run: SyncRun, taken: _Taken, *, problems: list[str], listed_count: int) -> AccountsReport:
    status = RunStatus.FAILED if problems else RunStatus.DONE
    SyncRun.objects.filter(pk=run.pk).update(
        row_count=listed_count,
        applied_count=len(taken.new_ids),
        deferred_count=len(problems),
    )
    close_run(run.pk, status=status, error=" ".join(problems), at=clock.now())
    log.log(
        logging.ERROR if problems else logging.INFO,
        "accounts.synced",
        extra={"run": run.pk, "listed": listed_count, "new": taken.new_ids, "problems": problems},
    )
    return AccountsReport(
        run_id=run.pk,
        status=status,
        listed_count=listed_count,
        new_ids=tuple(taken.new_ids),
        problems=tuple(problems),
    )
