"""The eight faults of the one public Button integration that could be found, each as a case.

That program pays members by what Button tells, and loses or invents money in these eight ways.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import responses
from django.db import connection
from django.db.models import F
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import DeferredRow, RunStatus, SyncRun, Watermark
from accounts_sync.schedule import install_schedules
from rewards_site.kernel import clock
from tests.accounts_sync.inbox.deliveries import answered, database_locked, deliver, wire_event
from tests.accounts_sync.pulling import pull
from tests.accounts_sync.world import Answer, World, behind, wire_account, wire_row
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, NOON, balances, house
from tests.members.calling import read
from transactions.ledger.chart import AccountKind
from transactions.models import ButtonAccount, Transaction


@pytest.fixture
def world(button: responses.RequestsMock) -> World:
    """Button at the wire, with one USD account and no transaction yet."""
    return behind(button, World())


@pytest.fixture
def account(db: None) -> ButtonAccount:
    return ButtonAccount.objects.create(
        account_id=ACCOUNT, currency="USD", first_seen_at=NOON, confirmed_at=NOON
    )


# 1. `validated` was taken for rejected ------------------------------------------------------------


def test_validated_is_the_money_and_not_a_rejection(
    db: None, world: World, account: ButtonAccount
) -> None:
    deliver(wire_event("hook-1", tx_id="tx-1"))
    deliver(
        wire_event("hook-2", tx_id="tx-1", status="validated", modified_date="2026-12-20T12:00:00Z")
    )
    world.has(wire_row("tx-2", status="validated", amount=600))
    pull()

    assert balances() == {"available": 500 + 300}
    [first, second] = read("transactions/")["results"]
    assert {first["status"], second["status"]} == {"available"}
    assert {first["reward"], second["reward"]} == {500, 300}


# 2. polled without time_field=modified_date -------------------------------------------------------


def test_an_old_order_that_changes_late_is_found(world: World, account: ButtonAccount) -> None:
    """Created before anything that a window over `created_date` would still ask about."""
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    pull()
    world.rows[ACCOUNT] = [
        wire_row("tx-1", status="declined", minutes=40 * 24 * 60),
        wire_row("tx-2", status="validated", amount=600, minutes=40 * 24 * 60 + 1),
    ]

    for days in (10, 20, 30, 41):
        pull(at=NOON + timedelta(days=days))

    assert balances() == {"available": 300}
    assert {query["time_field"] for query in world.queries} == {"modified_date"}
    assert "start" in world.queries[-1]  # it did not simply read everything again


# 3. one fixed account -----------------------------------------------------------------------------


def test_every_account_is_read_and_a_new_one_starts_by_itself(
    committed_db: CommittedDatabase, world: World
) -> None:
    world.accounts = [wire_account("acc-usd"), wire_account("acc-gbp", currency="GBP")]
    world.has(wire_row("tx-1", account_id="acc-usd"), account_id="acc-usd")
    world.has(wire_row("tx-2", account_id="acc-gbp", currency="GBP"), account_id="acc-gbp")
    a_tick_of_every_schedule()
    assert balances(currency="USD") == balances(currency="GBP") == {"pending": 500}

    world.accounts.append(wire_account("acc-jpy", currency="JPY"))
    world.has(wire_row("tx-3", account_id="acc-jpy", currency="JPY"), account_id="acc-jpy")
    a_day_passes()
    a_tick_of_every_schedule()

    assert balances(currency="JPY") == {"pending": 500}


# 4. USD and a division by 100 for every currency --------------------------------------------------


def test_amounts_are_minor_units_of_their_own_currency(db: None) -> None:
    told = {"USD": 1999, "GBP": 1999, "JPY": 1999, "KWD": 1999}
    for currency, amount in told.items():
        deliver(
            wire_event(
                f"hook-{currency}",
                tx_id=f"tx-{currency}",
                account_id=f"acc-{currency}",
                currency=currency,
                amount=amount,
                order_total=19990,
                order_currency=currency,
            )
        )

    seen = {row["currency"]: row["pending"] for row in read("balances/")["results"]}
    assert seen == {"USD": 999, "GBP": 999, "JPY": 999, "KWD": 999}
    orders = read("transactions/")["results"]
    assert {(row["currency"], row["reward"], row["order_total"]) for row in orders} == {
        (currency, 999, 19990) for currency in told
    }


# 5. installs were rewarded ------------------------------------------------------------------------


def test_an_install_is_the_publishers_and_never_reaches_a_member(
    world: World, account: ButtonAccount
) -> None:
    install: dict[str, Any] = {
        "category": "app-install",
        "status": "validated",
        "button_order_id": None,
        "order_total": None,
        "order_currency": None,
    }
    answer = deliver(wire_event("hook-1", tx_id="tx-1", amount=150, **install))
    world.has(wire_row("tx-2", amount=250, **install), wire_row("tx-3"))

    report = pull()

    assert answered(answer) == (200, {"status": "processed"})
    assert (report.applied_count, report.deferred_count) == (2, 0)
    assert balances() == {"pending": 500}
    assert [row["button_order_id"] for row in read("transactions/")["results"]] == ["btnorder-3"]
    assert house(AccountKind.COMMISSION_RECEIVABLE) == 150 + 250
    assert house(AccountKind.MARGIN_EARNED) == -(150 + 250)
    installs = Transaction.objects.filter(category="app-install")
    assert [(row.member, row.reward_minor) for row in installs] == [(None, 0)] * 2


# 6. paging stopped where a page could not be read -------------------------------------------------


def test_a_page_of_rows_that_cannot_be_read_does_not_end_the_list(
    world: World, account: ButtonAccount
) -> None:
    world.page_rows_max = 2
    world.has(
        wire_row("tx-1"),
        wire_row("tx-2"),
        wire_row("tx-3", amount="ten dollars"),
        wire_row("tx-4", status=None),
        wire_row("tx-5"),
    )

    report = pull()

    assert (report.status, report.page_count, report.row_count) == (RunStatus.DONE, 3, 5)
    assert balances() == {"pending": 3 * 500}
    assert set(DeferredRow.objects.values_list("tx_id", flat=True)) == {"tx-3", "tx-4"}


@pytest.mark.parametrize(
    "body", ['{"meta": {"next": null}, "objects": [{"id"', "<html>", "", "[]", '{"meta": {}}']
)
def test_a_page_that_is_no_page_is_an_error_and_not_the_end(
    world: World, account: ButtonAccount, body: str
) -> None:
    world.page_rows_max = 2
    world.has(*[wire_row(f"tx-{number}") for number in range(6)])

    def broken_second_page(query: dict[str, str]) -> Answer | None:
        is_second = "cursor" in query
        return (200, {"Content-Type": "application/json"}, body) if is_second else None

    world.before_answer = broken_second_page
    report = pull()

    assert (report.status, report.page_count) == (RunStatus.FAILED, 1)
    assert report.error
    assert Watermark.objects.get().through is None
    assert balances() == {"pending": 2 * 500}

    world.before_answer = lambda _query: None
    assert pull().status is RunStatus.DONE
    assert balances() == {"pending": 6 * 500}


# 7. 200 was answered before anything was stored ---------------------------------------------------


def test_what_is_answered_with_200_is_committed(committed_db: CommittedDatabase) -> None:
    """Another connection sees it: a crash right after the answer would lose nothing."""
    body = json.dumps(wire_event("hook-1")).encode()

    assert answered(deliver(body)) == (200, {"status": "processed"})

    connection.close()  # whatever this one had not committed is gone
    assert bytes(WebhookEvent.objects.get(hook_id="hook-1").body) == body
    assert balances() == {"pending": 500}


def test_what_cannot_be_committed_is_not_answered_with_200(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(wire_event("hook-1"))
    event = wire_event("hook-2", amount=600, modified_date="2026-11-21T12:00:00Z")

    with database_locked(monkeypatch):
        assert deliver(event).status_code == 503
        with closing(connection):
            assert not WebhookEvent.objects.filter(hook_id="hook-2").exists()

    assert answered(deliver(event)) == (200, {"status": "processed"})
    assert balances() == {"pending": 300}


# 8. offers were pulled hourly for one dummy user --------------------------------------------------


def test_nothing_asks_for_offers_on_a_schedule(
    committed_db: CommittedDatabase, world: World, button: responses.RequestsMock
) -> None:
    """Offers are a member's own, and fresh: there is nobody to ask for them on a schedule."""
    world.has(wire_row("tx-1"))

    a_tick_of_every_schedule()
    a_day_passes()
    a_tick_of_every_schedule()

    asked = {urlsplit(str(call.request.url)) for call in button.calls}
    assert {url.hostname for url in asked} == {"api.usebutton.com"}
    assert {url.path for url in asked} == {
        "/v1/affiliation/accounts",
        "/v1/brands",
        f"/v1/affiliation/accounts/{ACCOUNT}/transactions",
    }
    assert balances() == {"pending": 500}
    tasks = set(Schedule.objects.values_list("func", flat=True))
    assert not [task for task in tasks if "offer" in task]


def a_tick_of_every_schedule() -> None:
    """What the worker does when all schedules are due, to the last task that comes of it."""
    install_schedules(clock.now())
    Schedule.objects.update(next_run=clock.now() - timedelta(seconds=1))
    scheduler()
    assert OrmQ.objects.count() >= Schedule.objects.count()
    for task in _queued():
        import_string(task["func"])(*task["args"], **task["kwargs"])


def _queued() -> Iterator[dict[str, Any]]:
    while (waiting := OrmQ.objects.order_by("pk").first()) is not None:
        task: dict[str, Any] = waiting.task
        waiting.delete()
        yield task


def a_day_passes() -> None:
    """For our own records: every run, and with it what is due, was a day earlier."""
    SyncRun.objects.update(
        started_at=F("started_at") - timedelta(days=1),
        finished_at=F("finished_at") - timedelta(days=1),
    )
