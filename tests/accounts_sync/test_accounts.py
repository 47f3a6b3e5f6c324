from __future__ import annotations

from datetime import timedelta

import pytest
import responses

from accounts_sync.accounts import sync_accounts
from accounts_sync.models import RunStatus, SyncRun
from tests.accounts_sync.world import API, World, client, refusal, wire_account
from tests.factories import ACCOUNT, NOON, observe, tell
from transactions.models import ButtonAccount, ShareMode

pytestmark = pytest.mark.usefixtures("db")


def test_every_listed_account_is_taken_over(world: World) -> None:
    world.accounts = [wire_account("acc-usd"), wire_account("acc-gbp", currency="GBP")]

    report = sync_accounts(client=client(), at=NOON)

    assert (report.status, report.listed_count) == (RunStatus.DONE, 2)
    assert report.new_ids == ("acc-gbp", "acc-usd")
    gbp = ButtonAccount.objects.get(pk="acc-gbp")
    assert (gbp.name, gbp.currency, gbp.organization, gbp.confirmed_at) == (
        "Example Publisher GBP",
        "GBP",
        "org-03418dec42db44bc",
        NOON,
    )
    run = SyncRun.objects.get(pk=report.run_id)
    assert (run.kind, run.row_count, run.error) == ("accounts", 2, "")


def test_a_new_currency_is_added_and_the_rest_stays(world: World) -> None:
    sync_accounts(client=client(), at=NOON)
    ButtonAccount.objects.update(share_mode=ShareMode.MEMBER)
    world.accounts = [wire_account("acc-jpy", currency="JPY")]  # and the first is listed no more

    report = sync_accounts(client=client(), at=NOON + timedelta(days=1))

    assert report.new_ids == ("acc-jpy",)
    kept = ButtonAccount.objects.get(pk=ACCOUNT)
    assert (kept.share_mode, kept.confirmed_at) == (ShareMode.MEMBER, NOON)
    assert ButtonAccount.objects.count() == 2


def test_an_account_that_an_order_named_first_is_confirmed(world: World) -> None:
    tell(observe())
    assert ButtonAccount.objects.get().confirmed_at is None

    report = sync_accounts(client=client(), at=NOON)

    assert report.new_ids == (ACCOUNT,)
    account = ButtonAccount.objects.get()
    assert (account.confirmed_at, account.name) == (NOON, "Example Publisher USD")


def test_a_currency_that_changes_under_booked_orders_is_refused_loudly(world: World) -> None:
    tell(observe())
    world.accounts = [wire_account(currency="EUR"), wire_account("acc-gbp", currency="GBP")]

    report = sync_accounts(client=client(), at=NOON)

    assert report.status is RunStatus.FAILED
    assert report.problems == (
        f"{ACCOUNT} is listed with EUR, but its transactions are booked in USD: left as it is. "
        "Ask Button about it.",
    )
    assert SyncRun.objects.get(pk=report.run_id).error == report.problems[0]
    currencies = ButtonAccount.objects.order_by("pk").values_list("currency", flat=True)
    assert list(currencies) == ["USD", "GBP"]


def test_a_currency_told_before_anything_is_booked_is_taken_over(world: World) -> None:
    sync_accounts(client=client(), at=NOON)
    world.accounts = [wire_account(currency="EUR")]

    assert sync_accounts(client=client(), at=NOON).status is RunStatus.DONE
    assert ButtonAccount.objects.get().currency == "EUR"


def test_rows_that_cannot_be_used_do_not_hold_up_the_others(world: World) -> None:
    world.accounts = [
        wire_account("acc-pts", currency="PTS"),
        {"name": "no id", "currency": "USD"},
        "not an object",
        wire_account("acc-usd"),
    ]

    report = sync_accounts(client=client(), at=NOON)

    assert (report.status, report.listed_count) == (RunStatus.FAILED, 4)
    assert len(report.problems) == 3
    assert "acc-pts is listed with PTS, which is no ISO 4217 currency" in report.problems[2]
    assert list(ButtonAccount.objects.values_list("pk", flat=True)) == ["acc-usd"]


def test_a_button_that_refuses_is_a_failed_run(button: responses.RequestsMock) -> None:
    status, headers, body = refusal(401, "Invalid api_key")
    button.get(f"{API}/v1/affiliation/accounts", body=body, status=status, headers=headers)

    report = sync_accounts(client=client(), at=NOON)

    assert report.status is RunStatus.FAILED
    assert report.problems == ("Button refused with 401: Invalid api_key",)
    run = SyncRun.objects.get(pk=report.run_id)
    assert (run.status, run.error) == ("failed", "Button refused with 401: Invalid api_key")


def test_a_reading_whose_process_died_is_marked_by_the_next(world: World) -> None:
    dead = SyncRun.objects.create(kind="accounts", started_at=NOON)
    alive = SyncRun.objects.create(kind="accounts", started_at=NOON + timedelta(minutes=55))

    sync_accounts(client=client(), at=NOON + timedelta(hours=1))

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.status, alive.status) == (RunStatus.ABANDONED, RunStatus.RUNNING)
