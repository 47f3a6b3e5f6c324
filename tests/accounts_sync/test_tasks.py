from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import time_machine
from django_q.models import OrmQ, Task
from pytest_django import Settings

from accounts_sync import tasks
from accounts_sync.accounts import sync_accounts
from accounts_sync.lease import acquire
from accounts_sync.models import RunKind, RunStatus, SyncRun, Watermark
from accounts_sync.schedule import are_accounts_due
from rewards_site.kernel import clock
from tests.accounts_sync.world import Answer, World, client, wire_account, wire_row
from tests.factories import ACCOUNT, NOON, balances, observe, tell
from transactions.models import ButtonAccount

pytestmark = pytest.mark.usefixtures("db")


def queued() -> list[tuple[str, tuple[object, ...]]]:
    return [(row.task["func"], row.task["args"]) for row in OrmQ.objects.order_by("pk")]


def queued_pulls() -> list[tuple[object, ...]]:
    return [args for task, args in queued() if task == "accounts_sync.tasks.pull_account"]


def test_each_due_account_is_queued_by_its_id(world: World) -> None:
    world.accounts = [wire_account("acc-usd"), wire_account("acc-gbp", currency="GBP")]
    sync_accounts(client=client(), at=NOON)

    assert tasks.pull_due() == 2
    assert queued_pulls() == [("acc-gbp",), ("acc-usd",)]


def test_an_account_that_waits_in_the_queue_is_not_queued_again(world: World) -> None:
    sync_accounts(client=client(), at=NOON)

    assert [tasks.pull_due(), tasks.pull_due()] == [1, 0]


def test_an_account_known_by_an_order_only_is_not_polled(world: World) -> None:
    sync_accounts(client=client(), at=NOON)
    tell(observe(account_id="acc-unlisted"))

    tasks.pull_due()

    assert queued_pulls() == [(ACCOUNT,)]


def test_while_no_account_is_known_the_accounts_are_asked_for(world: World) -> None:
    assert tasks.pull_due() == 0
    assert queued() == [("accounts_sync.tasks.sync_accounts_daily", ())]

    world.accounts = []
    tasks.sync_accounts_daily()
    tasks.pull_due()
    assert len(queued()) == 1  # asked a moment ago: not again before five minutes


def test_new_accounts_are_pulled_right_after_they_were_found(world: World) -> None:
    world.has(wire_row("tx-1"))

    assert tasks.sync_accounts_daily() == "done"
    assert queued() == [("accounts_sync.tasks.pull_due", ())]
    assert tasks.sync_accounts_daily() == "not due"
    assert world.accounts_calls == 1

    assert tasks.pull_account(ACCOUNT) == "done"
    assert balances() == {"pending": 500}


def test_a_task_that_runs_twice_reads_once(world: World) -> None:
    sync_accounts(client=client(), at=NOON)

    assert [tasks.pull_account(ACCOUNT) for _ in range(2)] == ["done", "not due"]
    assert len(world.queries) == 1


def test_a_task_goes_away_while_another_run_reads(world: World) -> None:
    sync_accounts(client=client(), at=NOON)
    acquire(ACCOUNT)

    assert tasks.pull_account(ACCOUNT) == "not due"
    assert world.queries == []


def test_a_long_pull_stops_before_the_worker_ends_it_and_queues_the_rest(world: World) -> None:
    sync_accounts(client=client(), at=NOON)
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))

    with time_machine.travel(NOON) as traveller:

        def take_long(query: dict[str, str]) -> Answer | None:
            traveller.shift(tasks.PULL_SECONDS_MAX)
            return None

        world.before_answer = take_long

        assert tasks.pull_account(ACCOUNT) == "paused"
        assert queued_pulls() == [(ACCOUNT,)]
        assert tasks.pull_account(ACCOUNT) == "done"

    assert len(queued()) == 1
    assert balances() == {"pending": 1000}


def test_a_button_that_is_down_fails_the_run_and_not_the_task(world: World) -> None:
    sync_accounts(client=client(), at=NOON)
    world.before_answer = lambda _query: (403, {}, "")

    assert tasks.pull_account(ACCOUNT) == "failed"
    assert SyncRun.objects.latest("pk").error == "Button refused with 403: 403 Forbidden"


def test_without_a_key_nothing_is_queued_and_nothing_raised(settings: Settings) -> None:
    settings.BUTTON_API_KEY = ""

    assert tasks.pull_due() == 0
    assert tasks.sync_accounts_daily() == "misconfigured"
    assert queued() == []
    assert SyncRun.objects.count() == 0


def test_the_sweep_finds_nothing_to_do_without_harm() -> None:
    tasks.replay_due()


def test_old_results_are_deleted_and_recent_ones_kept() -> None:
    for days, success in ((31, True), (31, False), (29, False)):
        stopped = clock.now() - timedelta(days=days)
        Task.objects.create(
            id=uuid.uuid4().hex,
            name="task",
            func="f",
            started=stopped,
            stopped=stopped,
            success=success,
        )

    assert tasks.prune_queue() == 2
    assert Task.objects.count() == 1


def test_an_account_that_a_webhook_named_is_asked_for_before_tomorrow(db: None) -> None:
    at = clock.now()
    assert are_accounts_due(at)
    SyncRun.objects.create(
        kind=RunKind.ACCOUNTS, status=RunStatus.DONE, started_at=at, finished_at=at
    )
    assert not are_accounts_due(at)

    ButtonAccount.objects.create(account_id="acc-new", currency="KWD", first_seen_at=at)
    assert are_accounts_due(at)

    ButtonAccount.objects.update(confirmed_at=at)
    assert not are_accounts_due(at)


def test_a_nightly_check_that_has_no_time_left_begins_with_the_others_the_next_night(
    world: World,
) -> None:
    world.accounts = [wire_account(f"acc-{number}") for number in range(3)]
    sync_accounts(client=client(), at=NOON)
    Watermark.objects.bulk_create(Watermark(account_id=f"acc-{number}") for number in range(3))
    checked = []
    for day in range(4):
        with time_machine.travel(NOON + timedelta(days=day), tick=False):
            tasks.check_coverage_daily(seconds_max=0)
            latest = Watermark.objects.get(checked_at=clock.now())
            checked.append(latest.account_id)

    assert checked == ["acc-0", "acc-1", "acc-2", "acc-0"]
    with time_machine.travel(NOON + timedelta(days=5), tick=False):
        assert tasks.check_coverage_daily() == 0
        assert Watermark.objects.filter(checked_at=clock.now()).count() == 3
