"""No 60 seconds hold more requests than the limit, wherever they begin and whoever asks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards_site.button.errors import OffersRateLimited
from rewards_site.button.ratelimit.budget import Budget, offers_budget
from rewards_site.button.ratelimit.models import Permit
from tests.button.client_support import NOW
from tests.button.ratelimit.taker import SHARE, WINDOW_SECONDS
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase

ROOT = Path(__file__).resolve().parents[3]
MINUTE = timedelta(seconds=60)
only_sqlite = pytest.mark.skipif(
    os.environ.get("TEST_DATABASE") == "postgres",
    reason="the clock is the database's there, and cannot be set",
)


class SetClock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


def take(budget: Budget, count: int) -> None:
    for _ in range(count):
        budget.take()


def refused(budget: Budget) -> int:
    with pytest.raises(OffersRateLimited) as error:
        budget.take()
    return error.value.retry_after


def is_granted(budget: Budget) -> bool:
    try:
        budget.take()
    except OffersRateLimited:
        return False
    return True


def test_the_first_requests_make_the_permits_and_the_last_one_is_the_last(db: None) -> None:
    budget = Budget(limit=3)

    take(budget, 3)

    assert 59 <= refused(budget) <= 61
    assert list(Permit.objects.order_by("slot").values_list("slot", flat=True)) == [0, 1, 2]


@only_sqlite
def test_a_permit_is_free_again_a_minute_later_and_no_sooner(db: None) -> None:
    clock = SetClock()
    budget = Budget(limit=2, now=clock)
    budget.take()
    clock.at = NOW + timedelta(seconds=20)
    budget.take()

    assert refused(budget) == 41
    clock.at = NOW + MINUTE
    assert refused(budget) == 1
    clock.at = NOW + MINUTE + timedelta(milliseconds=200)
    budget.take()
    assert refused(budget) == 20


def test_a_limit_that_is_raised_or_lowered_holds_from_now_on(db: None) -> None:
    take(Budget(limit=2), 2)
    refused(Budget(limit=2))

    take(Budget(limit=5), 3)
    refused(Budget(limit=5))
    assert Permit.objects.count() == 5

    Permit.objects.filter(slot__gte=1).update(free_at=NOW - MINUTE)
    refused(Budget(limit=1))
    take(Budget(limit=2), 1)
    refused(Budget(limit=2))


def test_a_clock_that_was_set_back_costs_a_minute_and_not_a_year(db: None) -> None:
    budget = Budget(limit=1)
    budget.take()
    Permit.objects.update(free_at=NOW + timedelta(days=4000))

    assert 60 <= refused(budget) <= 61
    assert Permit.objects.get().free_at < NOW + timedelta(days=4000)


def test_the_setting_is_the_limit(db: None, settings: Any) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 2

    take(offers_budget(), 2)

    refused(offers_budget())


@only_sqlite
@settings(max_examples=25)
@given(
    limit=st.integers(1, 6),
    gaps=st.lists(st.sampled_from([0, 0, 0.1, 1, 7, 19.9, 30, 59.8, 60, 61]), max_size=40),
)
def test_no_minute_holds_more_than_the_limit(db: None, limit: int, gaps: list[float]) -> None:
    Permit.objects.all().delete()
    clock = SetClock()
    budget = Budget(limit=limit, now=clock)
    granted: list[datetime] = []

    for gap in gaps:
        clock.at += timedelta(seconds=gap)
        if is_granted(budget):
            granted.append(clock.at)
        else:  # never refused without reason
            recent = [at for at in granted if at > clock.at - MINUTE - timedelta(seconds=0.2)]
            assert len(recent) == limit

    for first, past in zip(granted, granted[limit:], strict=False):
        assert past - first >= MINUTE


@pytest.mark.postgres
def test_sixteen_at_once_share_five_permits(committed_db: CommittedDatabase) -> None:
    results = at_once(16, lambda _: is_granted(Budget(limit=5)))

    assert Counter(results) == {True: 5, False: 11}


@pytest.mark.timeout(100)
def test_four_processes_keep_to_one_limit(committed_db: CommittedDatabase) -> None:
    limit = 10
    connection.close()
    told = {"DATABASE_URL": committed_db.url, "DEBUG": "on"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.button.ratelimit.taker", str(limit)],
            cwd=ROOT,
            env=os.environ | told | {"DJANGO_SETTINGS_MODULE": "rewards_site.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    lines = [line.split() for printed in at_once_told(processes) for line in printed.splitlines()]

    assert [process.returncode for process in processes] == [0] * 4
    assert len(lines) == 4 * SHARE
    asked = sorted(float(line[0]) for line in lines)
    had = sorted(float(line[1]) for line in lines)
    for first, past in zip(asked, had[limit:], strict=False):
        assert past - first >= WINDOW_SECONDS


def at_once_told(processes: list[subprocess.Popen[str]]) -> list[str]:
    """Lets them go, and what each printed until its end."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=90)[0] for process in processes]
