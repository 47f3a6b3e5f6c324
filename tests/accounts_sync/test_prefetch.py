"""The next page is fetched while one is committed; and stopping, failing, dying stay right."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from accounts_sync.accounts import sync_accounts
from accounts_sync.models import Lease, RunStatus, SyncRun, Watermark
from accounts_sync.pull import pull_transactions
from accounts_sync.report import PullReport
from rewards_site.kernel.db import atomic
from tests.accounts_sync.pulling import ONE, pull, through
from tests.accounts_sync.world import Answer, World, client, refusal, wire_row
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, balances
from transactions.models import Transaction


@pytest.fixture
def four_pages(db: None, world: World, account: str) -> World:
    world.page_rows_max = 1
    world.has(*[wire_row(f"tx-{number}") for number in range(4)])
    return world


def test_the_next_page_is_asked_for_before_this_one_is_committed(four_pages: World) -> None:
    """Each page waits in the server until the one before it is being committed; else a deadlock."""
    asked = [threading.Event() for _ in range(4)]

    def tell(_query: dict[str, str]) -> None:
        asked[len(four_pages.queries) - 1].set()

    four_pages.before_answer = tell
    seen: list[int] = []

    def committed(report: PullReport) -> None:
        """Called after the commit of a page: by then the next one was asked for."""
        if report.page_count < 4:
            assert asked[report.page_count].wait(timeout=30)
        seen.append(len(four_pages.queries))

    assert pull(progress=committed).status is RunStatus.DONE
    assert seen == [2, 3, 4, 4]  # and never two pages ahead: memory stays flat
    assert balances() == {"pending": 2000}


def test_who_fetches_does_not_touch_the_database(four_pages: World) -> None:
    threads: Counter[str] = Counter()

    def look(_query: dict[str, str]) -> None:
        threads[threading.current_thread().name] += 1
        assert threading.current_thread() is not threading.main_thread()
        assert connection.connection is None  # a thread's own connection is opened by its first use

    four_pages.before_answer = look

    assert pull().status is RunStatus.DONE
    assert threads == {"pages ahead": 4}


def test_a_page_that_was_fetched_ahead_is_not_committed_after_the_stop(four_pages: World) -> None:
    stop = threading.Event()

    def stop_after_two(report: PullReport) -> None:
        if report.page_count == 2:
            stop.set()

    report = pull(stop=stop, progress=stop_after_two)

    assert (report.status, report.page_count) == (RunStatus.PAUSED, 2)
    assert report.error == "Stopped from outside; the next run goes on."
    assert balances() == {"pending": 1000}
    assert pull().page_count == 2
    assert balances() == {"pending": 2000}
    assert through() == ONE


def test_a_stop_does_not_wait_for_an_answer_that_is_under_way(four_pages: World) -> None:
    stop, curtain = threading.Event(), threading.Event()

    def hold_the_second(_query: dict[str, str]) -> None:
        if len(four_pages.queries) == 2:
            stop.set()
            curtain.wait(timeout=60)

    four_pages.before_answer = hold_the_second
    try:
        report = pull(stop=stop)
        assert not curtain.is_set()
    finally:
        curtain.set()

    assert (report.status, report.page_count) == (RunStatus.PAUSED, 1)
    assert Lease.objects.get().token is None


def test_nothing_more_is_asked_for_once_the_time_is_over(four_pages: World) -> None:
    pull(stop_at=ONE)

    assert len(four_pages.queries) == 1


def test_a_failure_ahead_does_not_cost_the_page_at_hand(four_pages: World) -> None:
    failed = threading.Event()

    def fail_the_third(_query: dict[str, str]) -> Answer | None:
        if len(four_pages.queries) == 3:
            failed.set()
            return refusal(403, "Not now")
        return None

    four_pages.before_answer = fail_the_third

    def wait_for_it(report: PullReport) -> None:
        assert report.page_count == 1 or failed.wait(timeout=20)

    report = pull(progress=wait_for_it)

    assert (report.status, report.page_count) == (RunStatus.FAILED, 2)
    assert report.error == "Button refused with 403: Not now"
    assert balances() == {"pending": 1000}
    assert Watermark.objects.get().next_url
    four_pages.before_answer = lambda _query: None
    assert pull(at=ONE + timedelta(minutes=5)).page_count == 2
    assert balances() == {"pending": 2000}


def test_a_page_fetched_ahead_of_a_lost_lease_is_not_written(four_pages: World) -> None:
    def lose_it(_report: PullReport) -> None:
        Lease.objects.update(token=None)

    report = pull_transactions(account_id=ACCOUNT, client=client(), at=ONE, progress=lose_it)

    assert (report.status, report.page_count) == (RunStatus.ABANDONED, 1)
    assert balances() == {"pending": 500}


def test_a_run_is_done_by_the_commit_of_its_last_page(four_pages: World) -> None:
    """A process that dies right after it leaves a good run, and what it covers: one fact."""
    statuses = []

    def look(report: PullReport) -> None:
        covered = Watermark.objects.get().covered
        statuses.append((SyncRun.objects.get(pk=report.run_id).status, covered))

    pull(progress=look)

    running: list[tuple[str, list[object]]] = [("running", [])] * 3
    assert statuses == [*running, ("done", [[None, "2026-11-20T13:00:00Z"]])]


@pytest.mark.postgres  # SQLite has no row locks
def test_a_row_that_is_locked_for_long_is_waited_for(
    committed_db: CommittedDatabase, world: World
) -> None:
    """Longer than the two seconds after which a webhook is answered with 503."""
    sync_accounts(client=client(), at=ONE)
    world.has(wire_row("tx-1"))
    pull()
    world.rows[ACCOUNT] = [wire_row("tx-1", status="validated", minutes=90)]
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '50ms'")
    is_locked, is_to_end = threading.Event(), threading.Event()

    def hold_the_order() -> None:
        try:
            with atomic():
                list(Transaction.objects.select_for_update().all())
                is_locked.set()
                is_to_end.wait(timeout=30)
        finally:
            connection.close()

    holder = threading.Thread(target=hold_the_order)
    holder.start()
    assert is_locked.wait(timeout=30)
    released = threading.Timer(0.12, is_to_end.set)  # after two tries or three
    released.start()

    report = pull(at=ONE + timedelta(minutes=40))

    holder.join()
    released.join()
    assert (report.status, report.applied_count) == (RunStatus.DONE, 1)
    assert balances() == {"available": 500}
