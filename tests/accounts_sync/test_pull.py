"""What a pull reads and books."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts_sync.accounts import sync_accounts
from accounts_sync.models import DeferredRow, DeferredStatus, RunStatus, SyncRun, Watermark
from rewards_site.button.schemas import ButtonStatus
from tests.accounts_sync.pulling import ONE, pull, through
from tests.accounts_sync.world import (
    World,
    client,
    refusal,
    wire_account,
    wire_row,
)
from tests.factories import ACCOUNT, NOON, balances
from transactions.ledger.models import Entry
from transactions.models import Transaction, TransactionRevision

pytestmark = pytest.mark.usefixtures("db")


def test_the_first_run_reads_everything_by_modified_date(world: World, account: str) -> None:
    world.has(wire_row("tx-1"), wire_row("tx-2", amount=600))

    report = pull()

    assert world.queries == [
        {"time_field": "modified_date", "page_size": "500", "account": ACCOUNT}
    ]
    assert balances() == {"pending": 800}
    assert (report.status, report.row_count, report.applied_count) == (RunStatus.DONE, 2, 2)
    assert through() == ONE


def test_an_old_order_that_changed_today_is_found(world: World, account: str) -> None:
    world.has(wire_row("tx-1"))
    pull()
    late = NOON + timedelta(days=30)
    world.rows[ACCOUNT] = [wire_row("tx-1", status="validated", minutes=30 * 24 * 60)]

    pull(at=late + timedelta(minutes=5))

    assert balances() == {"available": 500}


def test_the_same_again_changes_nothing(world: World, account: str) -> None:
    world.has(wire_row("tx-1"), wire_row("tx-2", amount=600))
    pull()
    entries, revisions = Entry.objects.count(), TransactionRevision.objects.count()

    report = pull(full=True)

    assert (report.applied_count, report.ignored_count) == (0, 2)
    assert (Entry.objects.count(), TransactionRevision.objects.count()) == (entries, revisions)
    assert DeferredRow.objects.count() == 0


def test_all_pages_are_followed_even_short_and_empty_ones(world: World, account: str) -> None:
    world.page_rows_max = 2
    world.has(*[wire_row(f"tx-{number}", amount=100) for number in range(5)])

    report = pull()

    assert (report.page_count, report.row_count) == (3, 5)
    assert balances() == {"pending": 250}
    run = SyncRun.objects.get(pk=report.run_id)
    assert (run.page_count, run.row_count, run.applied_count) == (3, 5, 5)
    assert run.finished_at is not None


def test_a_page_of_rows_that_cannot_be_read_does_not_end_the_paging(
    world: World, account: str
) -> None:
    world.page_rows_max = 2
    world.has({"id": 5}, "no object at all", wire_row("tx-3"), wire_row("tx-4"))

    report = pull()

    assert (report.status, report.page_count) == (RunStatus.DONE, 2)
    assert (report.deferred_count, report.applied_count) == (2, 2)
    assert balances() == {"pending": 1000}
    assert through() == ONE
    reasons = list(DeferredRow.objects.order_by("pk").values_list("reason", "row"))
    assert reasons == [
        ("`id` is not text", '{"id": 5}'),
        ("`data` is not an object", '"no object at all"'),
    ]


def test_one_poison_row_in_a_page_of_500_harms_none_of_the_others(
    world: World, account: str
) -> None:
    rows: list[Any] = [wire_row(f"tx-{number}", amount=2) for number in range(499)]
    poison = wire_row("tx-nul\x00\ud800", amount=2**70, note="\x00\ud800")
    rows.insert(250, poison)
    world.has(*rows)

    report = pull()

    assert (report.page_count, report.applied_count, report.deferred_count) == (1, 499, 1)
    assert balances() == {"pending": 499}
    kept = DeferredRow.objects.get()
    assert kept.status == DeferredStatus.OPEN
    assert '"id": "tx-nul\\u0000\\ud800"' in kept.row


def test_a_deferred_row_is_kept_once_however_often_it_is_read(world: World, account: str) -> None:
    world.has(wire_row("tx-1", minutes=30, category="lottery"))

    for minutes in (0, 5, 10):
        report = pull(at=ONE + timedelta(minutes=minutes))

    assert (report.status, report.deferred_count) == (RunStatus.DONE, 1)
    kept = DeferredRow.objects.get()
    assert (kept.seen_count, kept.tx_id, kept.account_id) == (3, "tx-1", ACCOUNT)
    assert kept.status == DeferredStatus.OPEN
    assert "category" in kept.reason
    assert Entry.objects.count() == 0


def test_a_deferred_row_is_settled_by_the_run_that_can_apply_it(world: World, account: str) -> None:
    world.has(wire_row("tx-1", currency="GBP"))
    pull()
    assert DeferredRow.objects.get().status == DeferredStatus.OPEN
    world.accounts = [wire_account(currency="GBP")]
    sync_accounts(client=client(), at=ONE)

    report = pull(at=ONE + timedelta(minutes=5))

    assert (report.applied_count, report.late_count) == (1, 0)  # it had been told in time
    kept = DeferredRow.objects.get()
    assert kept.status == DeferredStatus.SETTLED
    assert kept.transaction == Transaction.objects.get()
    assert balances(currency="GBP") == {"pending": 500}


def test_button_down_is_a_failed_run_and_no_exception(world: World, account: str) -> None:
    world.before_answer = lambda _query: (503, {}, "")

    report = pull()

    assert report.status is RunStatus.FAILED
    assert "it answered 503" in report.error
    assert SyncRun.objects.get(pk=report.run_id).error == report.error
    assert through() is None


def test_a_page_of_500_is_asked_for_and_less_where_button_refuses(
    world: World, account: str
) -> None:
    world.has(wire_row("tx-1"))
    world.before_answer = lambda query: (
        refusal(400, "bad page_size") if query.get("page_size") == "500" else None
    )

    assert pull().status is RunStatus.DONE
    assert balances() == {"pending": 500}


def test_validated_is_not_taken_for_rejected_and_installs_earn_nothing(
    world: World, account: str
) -> None:
    world.has(
        wire_row("tx-1", status="validated"),
        wire_row("tx-2", status="validated", category="app-install", button_order_id=None),
    )

    pull()

    assert balances() == {"available": 500}
    statuses = Transaction.objects.order_by("order_key").values_list("status", "reward_minor")
    assert list(statuses) == [(ButtonStatus.VALIDATED, 500), (ButtonStatus.VALIDATED, 0)]


@pytest.mark.postgres  # SQLite splits statements at 999 parameters
def test_the_number_of_statements_is_the_same_for_6_rows_and_for_400(
    world: World, account: str
) -> None:
    world.has(wire_row("tx-0"))  # opens the books of the member and the merchant
    pull()
    counts = []
    for page_number, row_count in enumerate((3, 300)):
        good = [wire_row(f"tx-{page_number}-{row}", minutes=30) for row in range(row_count)]
        bad = [{"id": f"tx-bad-{page_number}-{row}"} for row in range(row_count)]
        world.rows[ACCOUNT] = [*good[:200], *bad[:200]]
        with CaptureQueriesContext(connection) as statements:
            report = pull(at=ONE + timedelta(minutes=page_number))
        assert (report.status, report.page_count) == (RunStatus.DONE, 1)
        counts.append(len(statements))

    assert counts[0] == counts[1]


def test_changes_before_which_states_may_be_missing_are_counted(world: World, account: str) -> None:
    world.has(wire_row("tx-1", status="validated", minutes=5), wire_row("tx-2"))
    first = pull()
    world.rows[ACCOUNT][1] = wire_row("tx-2", status="validated", minutes=70, amount=900)

    second = pull(at=ONE + timedelta(minutes=20))

    assert [(run.applied_count, run.marked_count) for run in (first, second)] == [(2, 1), (1, 1)]
    assert SyncRun.objects.get(pk=second.run_id).marked_count == 1
    assert Watermark.objects.get().marked_count == 2


def test_what_only_looking_back_found_is_counted_as_late(world: World, account: str) -> None:
    world.has(wire_row("tx-1"), wire_row("tx-2", category="lottery"))
    pull()
    world.has(wire_row("tx-late", minutes=10))
    world.has(wire_row("tx-new", minutes=61))

    report = pull(at=ONE + timedelta(minutes=5))

    assert (report.applied_count, report.late_count, report.deferred_count) == (2, 1, 1)
    assert Watermark.objects.get().late_count == 1
