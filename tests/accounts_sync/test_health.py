"""When the sync is said to be degraded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts_sync.health import sync_is_wrong
from accounts_sync.models import RunKind, RunStatus, SyncRun
from tests.factories import NOON
from transactions.models import ButtonAccount

LATE = timedelta(minutes=3 * 5 + 5)
"""At noon UTC it is peak: every 5 minutes."""


def confirmed(account_id: str, *, minutes_ago: float = 24 * 60) -> ButtonAccount:
    at = NOON - timedelta(minutes=minutes_ago)
    return ButtonAccount.objects.create(
        account_id=account_id, currency="USD", first_seen_at=at, confirmed_at=at
    )


def ran(account: ButtonAccount, status: RunStatus, ago: timedelta) -> None:
    SyncRun.objects.create(
        kind=RunKind.TRANSACTIONS,
        account=account,
        status=status,
        started_at=NOON - ago,
        finished_at=NOON - ago,
    )


@pytest.mark.django_db
def test_nothing_to_read_is_fine() -> None:
    ButtonAccount.objects.create(account_id="acc-told", currency="USD", first_seen_at=NOON)

    assert sync_is_wrong(NOON) == ""


@pytest.mark.django_db
def test_two_readings_may_be_missed_and_the_third_be_five_minutes_late() -> None:
    ran(confirmed("acc-1"), RunStatus.DONE, LATE)
    ran(confirmed("acc-2"), RunStatus.PAUSED, LATE)

    assert sync_is_wrong(NOON) == ""


@pytest.mark.django_db
def test_an_account_not_read_in_time_is_counted() -> None:
    ran(confirmed("acc-1"), RunStatus.DONE, LATE + timedelta(seconds=1))
    ran(confirmed("acc-2"), RunStatus.DONE, timedelta(minutes=1))

    assert sync_is_wrong(NOON) == (
        "1 of 2 Button accounts not read to the end since 2026-11-20 11:39 UTC"
    )


@pytest.mark.django_db
def test_a_new_account_has_the_same_time_for_its_first_run() -> None:
    confirmed("acc-new", minutes_ago=19)
    assert sync_is_wrong(NOON) == ""

    confirmed("acc-forgotten", minutes_ago=21)
    assert sync_is_wrong(NOON) == (
        "1 of 2 Button accounts not read to the end in time, one of them never yet"
    )


@pytest.mark.django_db
def test_a_last_run_that_failed_is_told_though_the_one_before_is_recent() -> None:
    account = confirmed("acc-1")
    ran(account, RunStatus.DONE, timedelta(minutes=6))
    ran(account, RunStatus.FAILED, timedelta(minutes=1))

    assert sync_is_wrong(NOON) == "the last run failed for 1 of 1 Button accounts"


@pytest.mark.django_db
def test_a_failure_that_was_made_good_is_forgotten() -> None:
    account = confirmed("acc-1")
    ran(account, RunStatus.FAILED, timedelta(minutes=6))
    ran(account, RunStatus.DONE, timedelta(minutes=1))

    assert sync_is_wrong(NOON) == ""
