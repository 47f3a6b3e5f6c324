"""The worker's tasks: doors that call one service each. Each may run twice, late, or never.

A task is a nudge only. What is due stands in the database, so that the next tick finds what a lost
one left behind. A Button that is down is told by the run's row, never by a task that fails.
"""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from django.db.models import F
from django_q.models import OrmQ
from django_q.tasks import async_task

from accounts_sync import beside
from accounts_sync.accounts import sync_accounts
from accounts_sync.coverage import check_coverage
from accounts_sync.deferred import replay_rows
from accounts_sync.inbox.archive import archive_old_bodies
from accounts_sync.inbox.replay import replay_deferred
from accounts_sync.lease import LeaseBusy
from accounts_sync.missed.measuring import measure
from accounts_sync.models import Job, RunKind, RunStatus, Watermark
from accounts_sync.pull import pull_transactions
from accounts_sync.runs import latest_run
from accounts_sync.schedule import are_accounts_due, is_due
from accounts_sync.worker import pruning
from offers.catalog import sync_merchants
from offers.decisions.pruning import prune as prune_decisions
from offers.runs import is_due as is_catalog_due
from rewards_site.button.client import ButtonClient, button_client
from rewards_site.button.errors import ButtonMisconfigured
from rewards_site.health import alarms, figures, heartbeat, watch
from rewards_site.kernel import clock
from rewards_site.outward.deliver import deliver_events
from rewards_site.outward.pruning import prune as prune_outward
from rewards_site.outward.resealing import reseal as reseal_outward
from transactions.brand_record.measuring import measure_brands
from transactions.claims.sweeping import sweep_claims
from transactions.expiry.services import expire_idle
from transactions.models import ButtonAccount
from transactions.payouts.tasks import sync_due
from transactions.releasing import release_due

log = logging.getLogger(__name__)

PULL_SECONDS_MAX = 90
"""A pull stops here and goes on as a new task; the worker ends a task after 120 s."""
SLICE_SECONDS_MAX = 60
"""A slice of a re-read or a gap; the next one comes with the next tick, so that others may work."""
OUTWARD_SECONDS_MAX = 25
"""Then no more events are sent, and those under way come to their end: the next tick goes on."""
CHECK_SECONDS_MAX = 60
"""After this no other account's coverage is checked; one of ten years takes some 15 s."""
ACCOUNTS_RETRY = timedelta(minutes=5)
"""The accounts are asked for at most this often, however often something new is heard of."""

_PULL_ONE = "accounts_sync.tasks.pull_account"
_READ_BESIDE = "accounts_sync.tasks.read_beside"
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
    waiting = _waiting(_PULL_ONE, at)
    due = [
        account_id
        for account_id in account_ids
        if account_id not in waiting and is_due(account_id, at)
    ]
    for account_id in due:
        _queue_pull(account_id)
    slice_due = beside.next_due(at)
    if slice_due and not _waiting(_READ_BESIDE, at):
        queue_beside(slice_due.account_id, slice_due.job)
    return len(due)


def pull_account(account_id: str, *, is_asked_for: bool = False) -> str:
    """Read one account, unless it was read meanwhile; what became of it in one word.

    `is_asked_for`: staff want it now, due or not.
    """
    at = clock.now()
    if not is_asked_for and not is_due(account_id, at):
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


def read_beside(account_id: str, job: str) -> str:
    """Read a slice of a gap or of the re-read; what became of it in one word."""
    at = clock.now()
    if not beside.is_due(account_id, Job(job), at):
        return "not due"
    client = _client()
    if client is None:
        return "misconfigured"
    try:
        report = beside.read_beside(
            account_id=account_id,
            job=Job(job),
            client=client,
            at=at,
            stop_at=at + timedelta(seconds=SLICE_SECONDS_MAX),
        )
    except LeaseBusy:
        return "busy"
    return str(report.status.value) if report else "nothing to read"


def check_coverage_daily(*, seconds_max: float = CHECK_SECONDS_MAX) -> int:
    """Put the coverage of every account together anew from its runs; how many differ.

    Runs are kept for ever, so it takes longer each year: whom it does not come to is first next.
    """
    at, begun = clock.now(), time.monotonic()
    longest_ago = Watermark.objects.order_by(F("checked_at").asc(nulls_first=True), "pk")
    differing = 0
    for account_id in list(longest_ago.values_list("pk", flat=True)):
        differing += bool(check_coverage(account_id, at=at))
        if time.monotonic() - begun >= seconds_max:
            break
    return differing


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


def sync_merchants_daily() -> str:
    """Read the Brands API if it is due; what became of it in one word."""
    return sync_merchants_now() if is_catalog_due(clock.now()) else "not due"


def sync_merchants_now() -> str:
    """Read the Brands API, due or not: staff asked for it."""
    client = _client()
    if client is None:
        return "misconfigured"
    return str(sync_merchants(client=client, at=clock.now()).status.value)


def measure_brands_nightly() -> str:
    """Measure for a minute how long brands take that were not measured on this business day."""
    at = clock.now()
    stop_at = at + timedelta(seconds=SLICE_SECONDS_MAX)
    measured = measure_brands(at=at, is_over=lambda: clock.now() >= stop_at)
    return "paused" if measured.is_paused else f"{measured.brands} measured"


def replay_due() -> None:
    """Try again what was deferred and may go by now: webhook events, then rows of the API."""
    at = clock.now()
    replay_deferred(due_only=True, at=at)
    replay_rows(due_only=True, at=at)


def prune_queue() -> int:
    """Delete old results, heartbeats and alarms, and give up what never ends; how many rows."""
    at = clock.now()
    return pruning.prune(at=at) + heartbeat.prune(at=at) + alarms.prune(at=at)


def archive_bodies() -> str:
    """Move bodies older than INBOX_BODY_MONTHS into archives for a minute; what became of it."""
    at = clock.now()
    stop_at = at + timedelta(seconds=SLICE_SECONDS_MAX)
    report = archive_old_bodies(at=at, is_over=lambda: clock.now() >= stop_at)
    if report is None:
        return "off"
    return "paused" if report.is_paused else "done"


def measure_missed() -> str:
    """See for a minute who told each change first, webhook or sync; what became of it."""
    at = clock.now()
    stop_at = at + timedelta(seconds=SLICE_SECONDS_MAX)
    measured = measure(at=at, is_over=lambda: clock.now() >= stop_at)
    return "paused" if measured.is_paused else f"{measured.found} found"


def forget_rate_decisions() -> str:
    """Delete what is older than RATE_DECISIONS_DAYS for a minute; what became of it."""
    at = clock.now()
    stop_at = at + timedelta(seconds=SLICE_SECONDS_MAX)
    pruned = prune_decisions(at=at, is_over=lambda: clock.now() >= stop_at)
    return "paused" if pruned.is_paused else "done"


def sync_payouts() -> str:
    """Send payout batches and ask for them, where it is time, for a minute; what came of it."""
    return str(sync_due(seconds_max=SLICE_SECONDS_MAX))


def send_outward_events() -> str:
    """Fan out what was booked and send what is due, for half a minute; what came of it."""
    stop_at = time.monotonic() + OUTWARD_SECONDS_MAX
    return str(deliver_events(is_over=lambda: time.monotonic() >= stop_at))


def forget_outward_events() -> int:
    """Delete old deliveries of outward events for a minute; how many. Secrets are sealed anew."""
    at = clock.now()
    reseal_outward()
    stop_at = at + timedelta(seconds=SLICE_SECONDS_MAX)
    return prune_outward(at=at, is_over=lambda: clock.now() >= stop_at)


def settle_claims() -> int:
    """Answer open claims whose order came by no booking, such as one that staff gave; how many."""
    return sweep_claims(at=clock.now())


def release_due_rewards() -> int:
    """Make final rewards available that were held back until now; how many."""
    return release_due(at=clock.now())


def expire_idle_balances() -> str:
    """Warn of, and end, balances that lie idle; only where ops set that they do."""
    return str(expire_idle(at=clock.now()))


def beat() -> None:
    """The heartbeat of the schedules: proves scheduler, queue and a worker at once."""
    heartbeat.beat(heartbeat.SCHEDULES)


def watch_alarms() -> None:
    """Look for alarms and send them, unless a web process has within the minute."""
    at = clock.now()
    figures.refresh(at=at)
    watch.look(at=at)


def _client() -> ButtonClient | None:
    """None, and a line in the log, while the settings name no usable Button."""
    try:
        return button_client()
    except ButtonMisconfigured as error:
        log.error("sync.misconfigured", extra={"reason": str(error)})  # noqa: TRY400  # no trace
        return None


def queue_pull_now(account_id: str) -> None:
    """Have the worker read an account on from its watermark, due or not."""
    async_task(_PULL_ONE, account_id, is_asked_for=True, q_options={"group": "pull"})


def queue_beside(account_id: str, job: Job) -> None:
    """Have the worker read a slice of a gap or of the re-read."""
    async_task(_READ_BESIDE, account_id, job.value, q_options={"group": "beside"})


def _queue_pull(account_id: str) -> None:
    async_task(_PULL_ONE, account_id, q_options={"group": "pull", "task_name": account_id[:100]})


def _ask_for_accounts(at: datetime) -> None:
    last = latest_run(kind=RunKind.ACCOUNTS)
    is_fresh = last is not None and timedelta(0) <= at - last.started_at < ACCOUNTS_RETRY
    if not is_fresh:
        async_task(_SYNC_ACCOUNTS)


def _waiting(function: str, at: datetime) -> set[str]:
    """Accounts whose task is queued and not begun: a slow worker must not pile them up."""
    queued = OrmQ.objects.filter(lock__lte=at)
    tasks = [waiting.task for waiting in queued.iterator()]
    return {str(task["args"][0]) for task in tasks if task.get("func") == function}
