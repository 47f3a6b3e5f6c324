"""The daily reading of the brands, as the worker does it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import responses
import time_machine
from pytest_django import Settings

from accounts_sync import tasks
from accounts_sync.schedule import PLAN
from offers.models import CatalogRun, RunStatus
from offers.runs import is_due
from tests.factories import NOON, observe, tell
from tests.offers.brands import answer, listed, wire_brand

pytestmark = pytest.mark.django_db


def ran(status: RunStatus, *, minutes: float = 0) -> None:
    at = NOON + timedelta(minutes=minutes)
    finished_at = None if status is RunStatus.RUNNING else at
    CatalogRun.objects.create(status=status, started_at=at, finished_at=finished_at)


def is_due_after(**passed: float) -> bool:
    return is_due(NOON + timedelta(**passed))


def test_it_is_planned() -> None:
    assert [item.minutes for item in PLAN if item.task == "sync_merchants_daily"] == [15]


def test_a_catalogue_never_read_is_due() -> None:
    assert is_due(NOON)


def test_a_good_reading_lasts_a_day() -> None:
    ran(RunStatus.DONE)

    assert not is_due_after(hours=23)
    assert is_due_after(hours=24)


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.ABANDONED, RunStatus.RUNNING])
def test_a_run_that_did_not_end_well_is_tried_again_soon(status: RunStatus) -> None:
    ran(RunStatus.DONE, minutes=-60)
    ran(status)

    assert not is_due_after(minutes=10)
    assert is_due_after(minutes=15)


def test_a_run_dated_into_the_future_does_not_stop_the_readings() -> None:
    ran(RunStatus.DONE, minutes=400 * 24 * 60)

    assert is_due(NOON)


def test_a_brand_named_since_does_not_wait_for_tomorrow() -> None:
    ran(RunStatus.DONE)
    tell(observe(merchant_id="org-new"), at=NOON + timedelta(minutes=5))

    assert not is_due_after(minutes=10)
    assert is_due_after(minutes=15)
    ran(RunStatus.DONE, minutes=15)
    assert not is_due_after(minutes=31)  # Button does not list it: it is not asked for for ever


def test_the_task_reads_once_a_day(button: responses.RequestsMock) -> None:
    listed(button, wire_brand())

    with time_machine.travel(NOON, tick=False):
        assert [tasks.sync_merchants_daily() for _ in range(2)] == ["done", "not due"]
        assert tasks.sync_merchants_now() == "done"
    assert CatalogRun.objects.count() == 2


def test_a_button_that_is_down_is_a_failed_run_and_no_failed_task(
    button: responses.RequestsMock,
) -> None:
    answer(button, "{}", status=403)

    assert tasks.sync_merchants_daily() == "failed"
    assert CatalogRun.objects.get().status == "failed"


def test_without_a_key_nothing_is_read(settings: Settings) -> None:
    settings.BUTTON_API_KEY = ""

    assert tasks.sync_merchants_daily() == "misconfigured"
    assert CatalogRun.objects.count() == 0
