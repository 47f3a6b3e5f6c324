"""The landing page says what needs a human, and trying again does what it says."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts_sync.inbox.models import EventStatus
from accounts_sync.models import DeferredRow, DeferredStatus, RunKind, RunStatus, SyncRun
from rewards_site.kernel import clock
from tests.accounts_sync.world import wire_row
from tests.admin_world import fill, make_event, make_row, make_staff, said
from tests.factories import ACCOUNT, MEMBER, balances, observe, tell
from transactions.models import ButtonAccount

EVENTS = "/admin/inbox/webhookevent/"
ROWS = "/admin/accounts_sync/deferredrow/"


@pytest.fixture
def ops(client: Client, db: None) -> Client:
    client.force_login(make_staff("Ops"))
    return client


def waiting(client: Client) -> dict[str, tuple[int, str]]:
    cards = client.get("/admin/").context["waiting"]
    return {card.title: (card.count, card.url) for card in cards}


def run(account: ButtonAccount | None, status: RunStatus, *, error: str = "") -> None:
    at = clock.now() - timedelta(minutes=1)
    SyncRun.objects.create(
        kind=RunKind.TRANSACTIONS if account else RunKind.ACCOUNTS,
        account=account,
        status=status,
        started_at=at,
        finished_at=at,
        error=error,
    )


def test_nothing_to_do_says_what_will_stand_here(ops: Client) -> None:
    page = ops.get("/admin/").content.decode()

    assert waiting(ops) == {}
    assert "Nothing waits for you." in page
    assert "Every order has its member." in page
    assert "No Button account yet. Set BUTTON_API_KEY and run manage.py sync_accounts" in page


def test_what_waits_is_counted_and_linked(ops: Client) -> None:
    tell(
        observe("tx-1", publisher_customer_id=None), observe("tx-2"), observe("tx-3", is_test=True)
    )
    make_event(1)
    make_event(2)
    make_event(3, status="processed")
    make_row(1, account_id=ACCOUNT)
    make_row(2, account_id=ACCOUNT, status=DeferredStatus.SETTLED)
    run(ButtonAccount.objects.get(), RunStatus.FAILED, error="Button answered 503.")
    run(None, RunStatus.FAILED)
    run(None, RunStatus.DONE)

    assert waiting(ops) == {
        "Orders without a member": (1, "/admin/transactions/transaction/?unattributed=yes"),
        "Deferred: could not be applied": (3, f"{ROWS}queue/"),
        "Syncs that failed last time": (1, "/admin/accounts_sync/syncrun/?status=failed"),
    }
    for _, address in waiting(ops).values():
        assert ops.get(address).status_code == 200


def test_the_last_sync_of_each_account_stands_there(ops: Client) -> None:
    tell(observe("tx-1"))
    account = ButtonAccount.objects.get()
    run(account, RunStatus.DONE)
    run(account, RunStatus.FAILED, error="Button answered 503 <five> times.")

    answer = ops.get("/admin/")

    table = answer.context["tables"][0]
    assert [str(cell) for cell in table.rows[0]][4:] == [
        "—",
        "0",
        "Button answered 503 <five> times.",
    ]
    assert "failed" in str(table.rows[0][3])
    assert table.rows[0][2].endswith(" UTC")
    assert "Button answered 503 &lt;five&gt; times." in answer.content.decode()


def test_support_sees_only_what_is_theirs(client: Client, db: None) -> None:
    client.force_login(make_staff("Support"))
    tell(observe("tx-1", publisher_customer_id=None))
    make_event(1)

    assert list(waiting(client)) == ["Orders without a member"]
    tables = client.get("/admin/").context["tables"]
    assert [table.title for table in tables] == ["What brands changed in the last 14 days"]


def test_staff_without_a_role_are_told_whom_to_ask(client: Client, db: None) -> None:
    client.force_login(make_staff(""))

    assert "You have no role yet." in client.get("/admin/").content.decode()


def test_the_landing_page_costs_the_same_however_much_waits(ops: Client) -> None:
    def statements() -> int:
        ops.get("/admin/")
        with CaptureQueriesContext(connection) as captured:
            ops.get("/admin/")
        return len(captured)

    fill(1, 1)
    few = statements()
    fill(2, 40)

    assert statements() == few


def test_an_event_that_can_be_applied_by_now_is(ops: Client) -> None:
    data = wire_row("tx-1")
    body = {"id": "hook-0001", "event_type": "tx-pending", "request_id": "a", "data": data}
    event = make_event(1, body=json.dumps(body).encode())

    answer = ops.post(f"{EVENTS}do/try-again/", {"id": event.pk})

    assert answer["Location"] == f"{EVENTS}{event.pk}/change/"
    assert said(answer) == [("success", "hook-0001: applied.")]
    event.refresh_from_db()
    assert event.status == EventStatus.PROCESSED
    assert balances(MEMBER) == {"pending": 500}
    assert LogEntry.objects.get().user.username == "ops"


def test_an_event_that_still_cannot_be_applied_says_why(ops: Client) -> None:
    event = make_event(1)

    answer = ops.post(f"{EVENTS}do/try-again/", {"id": event.pk})

    event.refresh_from_db()
    assert event.status == EventStatus.DEFERRED
    level, message = said(answer)[0]
    assert level == "warning"
    assert message.startswith("hook-0001: still deferred: ")
    assert balances(MEMBER) == {}


def test_only_deferred_events_are_offered(ops: Client) -> None:
    event = make_event(1, status="processed")

    assert "do/try-again" not in ops.get(f"{EVENTS}{event.pk}/change/").content.decode()
    page = ops.get(f"{EVENTS}do/try-again/?id={event.pk}").content.decode()
    assert "There is nothing here to do this to." in page


def test_a_row_that_can_be_applied_by_now_is(ops: Client) -> None:
    tell(observe("tx-0", amount_minor=2))
    row = make_row(1, account_id=ACCOUNT, row=json.dumps(wire_row("tx-1")), tx_id="tx-1")

    answer = ops.post(f"{ROWS}do/try-again/", {"id": row.pk})

    assert said(answer) == [("success", "tx-1: applied.")]
    assert DeferredRow.objects.get().status == DeferredStatus.SETTLED
    assert balances(MEMBER) == {"pending": 501}
    assert LogEntry.objects.get().change_message == "Tried again: applied."


def test_a_row_that_still_cannot_be_applied_says_why(ops: Client) -> None:
    tell(observe("tx-0"))
    row = make_row(1, account_id=ACCOUNT)

    answer = ops.post(f"{ROWS}do/try-again/", {"id": row.pk})

    assert DeferredRow.objects.get().status == DeferredStatus.OPEN
    assert said(answer)[0][0] == "warning"
    assert said(answer)[0][1].startswith("tx-row-1: still deferred: ")


def test_a_body_is_shown_as_it_came(ops: Client) -> None:
    event = make_event(1, body=b'{"id":"hook-1","note":"<b>\xff"}')

    page = ops.get(f"{EVENTS}{event.pk}/change/").content.decode()

    assert "&quot;note&quot;: &quot;&lt;b&gt;\\xff&quot;" in page
