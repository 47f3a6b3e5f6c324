"""What was shown is written beside the request, and what is lost is told."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from offers.decisions import log
from offers.decisions.log import DROPPED, WRITTEN, DecisionLog
from offers.decisions.models import RateDecision, ShownPayload
from offers.decisions.packing import unpacked
from offers.decisions.writing import write
from rewards_site.health import tallies
from rewards_site.kernel.db import atomic
from tests.conftest import CommittedDatabase
from tests.factories import NOON
from tests.offers.decisions.samples import brand, listing


@pytest.fixture(autouse=True)
def counts() -> Iterator[None]:
    """Counted in memory only, so that no test sees another's."""
    tallies._counts.clear()
    yield
    tallies._counts.clear()


@pytest.mark.django_db
def test_what_was_shown_comes_back_word_for_word() -> None:
    shown = listing(brand("6.5", "0.125", merchant_id="org-é«»"), brand("3"))

    write([shown])

    decision = RateDecision.objects.get()
    assert (decision.member_id, decision.shown_at) == (shown.member_id, NOON)
    assert (decision.brand_count, decision.offer_count) == (2, 3)
    assert unpacked(decision.payload.body).brands == shown.brands
    assert unpacked(decision.payload.body).merchant_id is None


@pytest.mark.django_db
def test_the_same_listing_is_stored_once_a_day() -> None:
    tomorrow = NOON + timedelta(days=1)
    same = [listing(customer_id=f"u-{number}") for number in range(5)]

    write(same[:3])
    write([*same[3:], listing(brand("7")), listing(at=tomorrow)])

    assert RateDecision.objects.count() == 7
    assert sorted(ShownPayload.objects.values_list("day", flat=True)) == [
        NOON.date(),
        NOON.date(),
        tomorrow.date(),
    ]


def test_a_thread_writes_within_seconds_and_ends_with_the_process(
    committed_db: CommittedDatabase,
) -> None:
    decisions = DecisionLog(every_seconds=0.01)
    shown = [listing(customer_id=f"u-{number}") for number in range(3)]
    connection.close()

    for one in shown:
        decisions.remember(one)
    decisions.end(seconds=20)

    assert [row.member_id for row in RateDecision.objects.order_by("pk")] == [
        one.member_id for one in shown
    ]
    assert tallies.values(WRITTEN) == {"": 3}


def test_who_asks_never_waits_for_a_database_that_does_not_answer(
    committed_db: CommittedDatabase,
) -> None:
    """Nobody can write for as long as another holds the table."""
    shown = listing()
    waiting = threading.Event()
    decisions = DecisionLog(waiting_max=2, every_seconds=0.01, pause=lambda _: waiting.set())
    with atomic():
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("LOCK TABLE rate_decisions_ratedecision")
        decisions.remember(shown)
        if connection.vendor == "postgresql":
            assert waiting.wait(20), "the first try was refused after the lock's timeout"
        for _ in range(4):
            decisions.remember(shown)
    decisions.end(seconds=20)

    dropped = tallies.values(DROPPED)
    assert set(dropped) == {"full"}
    assert RateDecision.objects.count() + dropped["full"] == 5
    assert dropped["full"] >= 2


def test_one_that_the_database_refuses_takes_no_other_along(
    committed_db: CommittedDatabase,
) -> None:
    decisions = DecisionLog(every_seconds=0.01)
    good = listing()
    for one in (good, replace(good, member_id=2**62), good):
        decisions.remember(one)
    decisions.end(seconds=20)

    assert RateDecision.objects.count() == 2
    assert tallies.values(DROPPED) == {"refused": 1}
    assert tallies.values(WRITTEN) == {"": 2}


@pytest.mark.django_db
def test_nothing_is_kept_where_ops_keeps_nothing(settings: Settings) -> None:
    settings.RATE_DECISIONS_DAYS = 0

    log.remember(listing())

    assert not [thread for thread in threading.enumerate() if thread.name == "rate decisions"]


def test_a_process_that_ends_writes_what_waits_and_a_fork_writes_its_own(
    committed_db: CommittedDatabase,
) -> None:
    """As a worker of the web server: forked by a process that has a log already."""
    listing()
    connection.close()
    script = """
import os, sys, django
django.setup()
from offers.decisions.log import remember
from tests.offers.decisions.samples import listing
remember(listing())
pid = os.fork()
if pid == 0:
    remember(listing())
    sys.exit(0)
os.waitpid(pid, 0)
"""
    run = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
            "DATABASE_URL": committed_db.url,
            "RATE_DECISIONS_DAYS": "400",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, "")
    assert RateDecision.objects.count() == 2
    assert tallies.values(WRITTEN) == {"": 2}
