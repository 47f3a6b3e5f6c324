"""The worker's tasks: doors that call one service each. Each may run twice, late, or never.

A task is a nudge only. What is due stands in the database, so that the next tick finds what a lost
one left behind. A Button that is down is told by the run's row, never by a task that fails.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django_q.models import OrmQ, Task
from django_q.tasks import async_task

from accounts_sync.accounts import sync_accounts
from accounts_sync.deferred import replay_rows
from accounts_sync.inbox.replay import replay_deferred
from accounts_sync.lease import LeaseBusy
from accounts_sync.models import RunKind, RunStatus
from accounts_sync.pull import pull_transactions
from accounts_sync.runs import latest_run
from accounts_sync.schedule import are_accounts_due, is_due
from rewards_site.button.client import ButtonClient, button_client
from rewards_site.button.errors import ButtonMisconfigured
from rewards_site.kernel import clock
from transactions.models import ButtonAccount

log = logging.getLogger(__name__)

PULL_SECONDS_MAX = 90
"""A pull stops here and goes on as a new task; the worker ends a task after 120 s."""
RESULTS_KEPT = timedelta(days=30)
ACCOUNTS_RETRY = timedelta(minutes=5)
"""The accounts are asked for at most this often, however often something new is heard of."""

_PULL_ONE = "accounts_sync.tasks.pull_account"
_PULL_DUE = "accounts_sync.tasks.pull_due"
_SYNC_ACCOUNTS = "accounts_sync.tasks.sync_accounts_daily"


def pull_due() -> int:
    """Queue a pull for each listed account whose time has come; how many."""
    at = clock.now()
    if _client() is None:
        return 0
    confirmed = ButtonAccount.objects.filter(confirmed_at__isnull=False).order_by("pk")
    account_ids = list(confirmed.values_list("pk", flat=True))
    if are_accounts_due(at):
        _ask_for_accounts(at)
    waiting = _waiting_pulls(at)
    due = [
        account_id
        for account_id in account_ids
        if account_id not in waiting and is_due(account_id, at)
    ]
    for account_id in due:
        _queue_pull(account_id)
    return len(due)


def pull_account(account_id: str) -> str:
    """Read one account, unless it was read meanwhile; what became of it in one word."""
    at = clock.now()
    if not is_due(account_id, at):
        return "not due"
    client = _client()
    if client is None:
        return "misconfigured"
    stop_at = at + timedelta(seconds=PULL_SECONDS_MAX)
    try:
        report = pull_transactions(account_id=account_id, client=client, at=at, stop_at=stop_at)
    except LeaseBusy:
        return "busy"
    if report.status is RunStatus.PAUSED:
        _queue_pull(account_id)
    return str(report.status.value)


def sync_accounts_daily() -> str:
    """Read the Accounts API if the last good reading is a day old; what became of it."""
    at = clock.now()
    if not are_accounts_due(at):
        return "not due"
    client = _client()
    if client is None:
        return "misconfigured"
    report = sync_accounts(client=client, at=at)
    if report.new_ids:
        async_task(_PULL_DUE)
    return str(report.status.value)


def replay_due() -> None:
    """Try again what was deferred and may go by now: webhook events, then rows of the API."""
    at = clock.now()
    replay_deferred(due_only=True, at=at)
    replay_rows(due_only=True, at=at)


def prune_queue() -> int:
    """Delete the worker's results older than 30 days; how many."""
    old = Task.objects.filter(stopped__lt=clock.now() - RESULTS_KEPT)
    return int(old.delete()[0])


def _client() -> ButtonClient | None:
    """None, and a line in the log, while the settings name no usable Button."""
    try:
        return button_client()
    except ButtonMisconfigured as error:
        log.error("sync.misconfigured", extra={"reason": str(error)})  # noqa: TRY400  # no trace
        return None


def _queue_pull(account_id: str) -> None:
    async_task(_PULL_ONE, account_id, q_options={"group": "pull", "task_name": account_id[:100]})


def _ask_for_accounts(at: datetime) -> None:
    last = latest_run(kind=RunKind.ACCOUNTS)
    is_fresh = last is not None and timedelta(0) <= at - last.started_at < ACCOUNTS_RETRY
    if not is_fresh:
        async_task(_SYNC_ACCOUNTS)


def _waiting_pulls(at: datetime) -> set[str]:
    """Accounts whose pull is queued and not begun: a slow worker must not pile them up."""
    queued = OrmQ.objects.filter(lock__lte=at)
    tasks = [waiting.task for waiting in queued.iterator()]
    return {str(task["args"][0]) for task in tasks if task.get("func") == _PULL_ONE}
