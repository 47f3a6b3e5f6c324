"""Pull, re-read and outage against the bundled sandbox, over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from accounts_sync.accounts import sync_accounts
from accounts_sync.beside import reread
from accounts_sync.coverage import faults_of
from accounts_sync.models import RunStatus, Watermark
from accounts_sync.pull import pull_transactions
from rewards_site.button.client import ButtonClient
from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from tests.button.sandbox.caller import Caller
from tests.journeys.books import member_balances
from transactions.models import ButtonAccount, TransactionRevision

pytestmark = pytest.mark.usefixtures("db")
BEGAN = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(seed=7, speed=1, clock=SteppedClock(BEGAN)) as sandbox:
        yield sandbox


def client(sandbox: Sandbox) -> ButtonClient:
    return ButtonClient(api_key=DEFAULT_API_KEY, base_url=sandbox.url, sleep=lambda _seconds: None)


def test_a_re_read_of_what_was_polled_finds_no_loss(sandbox: Sandbox) -> None:
    caller = Caller(sandbox)
    for number in range(60):
        caller.order(customer=f"u-{number % 7}", amount=100 + number, total=2000)
    sync_accounts(client=client(sandbox), at=BEGAN)
    at = BEGAN
    for _day in range(40):
        at += DAY
        sandbox.advance(DAY)
        for account in ButtonAccount.objects.order_by("pk"):
            pull_transactions(account_id=account.pk, client=client(sandbox), at=at)
    before = member_balances()
    changes = TransactionRevision.objects.count()

    reports = [
        reread(account_id=account.pk, client=client(sandbox), at=at)
        for account in ButtonAccount.objects.order_by("pk")
    ]

    assert before
    assert sum(report.row_count for report in reports) >= 60
    assert {report.status for report in reports} == {RunStatus.DONE}
    assert [report.applied_count for report in reports] == [0] * len(reports)
    assert (member_balances(), TransactionRevision.objects.count()) == (before, changes)
    assert not [mark for mark in Watermark.objects.all() if faults_of(mark)]


def test_states_that_were_never_told_are_marked_and_counted(sandbox: Sandbox) -> None:
    """Polled once in forty days: reported, adjusted and validated in between."""
    caller = Caller(sandbox)
    orders = [caller.order(customer="u-1") for _ in range(3)]
    for order in orders:
        caller.control(f"orders/{order['button_order_id']}/validate")
    at = BEGAN + 40 * DAY
    sandbox.advance(40 * DAY)
    sync_accounts(client=client(sandbox), at=at)
    account = ButtonAccount.objects.get(pk=orders[0]["account_id"])

    report = pull_transactions(account_id=account.pk, client=client(sandbox), at=at)

    assert (report.applied_count, report.marked_count, report.late_count) == (3, 3, 0)
    assert Watermark.objects.get(pk=account.pk).marked_count == 3
