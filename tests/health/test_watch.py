"""Looking for alarms in turns, and what is done without a database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from pytest_django import Settings

from rewards_site.health import registry, tallies, turns, watch
from rewards_site.health.lastresort import LastResort
from rewards_site.health.models import Alarm, Tally
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase
from tests.factories import NOON

MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_a_turn_is_taken_once_per_interval() -> None:
    assert turns.take("t", every=MINUTE, at=NOON)
    assert not turns.take("t", every=MINUTE, at=NOON + timedelta(seconds=59))
    assert turns.take("t", every=MINUTE, at=NOON + MINUTE)
    assert turns.take("other", every=MINUTE, at=NOON)


@pytest.mark.django_db
def test_a_clock_that_was_set_back_stops_no_turn() -> None:
    assert turns.take("t", every=MINUTE, at=NOON + timedelta(days=1))

    assert turns.take("t", every=MINUTE, at=NOON)


@pytest.mark.postgres
def test_of_many_processes_one_has_the_turn(committed_db: CommittedDatabase) -> None:
    taken = at_once(8, lambda _: turns.take("t", every=MINUTE, at=NOON))
    again = at_once(8, lambda _: turns.take("t", every=MINUTE, at=NOON + MINUTE))

    assert (taken.count(True), again.count(True)) == (1, 1)


@pytest.mark.django_db
def test_whoever_comes_first_in_a_minute_looks_for_all(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(registry, "_checks", {})
    registry.register("kettle", lambda _at: "cold")
    settings.ALERT_EMAILS = ["ops@example.com"]

    assert [watch.look(at=NOON), watch.look(at=NOON), watch.look(at=NOON + MINUTE)] == [
        True,
        False,
        True,
    ]
    assert Alarm.objects.get().told_count == 1
    assert [message.subject for message in mail.outbox] == ["[rewards] alarm: kettle"]


@pytest.mark.django_db
def test_counts_of_all_processes_come_together() -> None:
    Tally.objects.create(key="sold:tea", value=40)
    tallies.count("sold:tea")
    tallies.count("sold:milk", 2)

    assert tallies.values("sold:") == {"milk": 2, "tea": 41}
    tallies.flush()
    assert dict(Tally.objects.filter(key__startswith="sold:").values_list("key", "value")) == {
        "sold:tea": 41,
        "sold:milk": 2,
    }
    assert tallies.values("sold:") == {"milk": 2, "tea": 41}


@pytest.mark.postgres
def test_flushes_at_once_lose_no_count(committed_db: CommittedDatabase) -> None:
    def count_and_flush(_: int) -> None:
        for _round in range(20):
            tallies.count("crowd:a")
            tallies.count("crowd:b")
            tallies.flush()

    at_once(8, count_and_flush)

    assert tallies.values("crowd:") == {"a": 160, "b": 160}


def test_a_silent_database_is_told_after_three_minutes_once_a_machine(settings: Settings) -> None:
    settings.ALERT_EMAILS = ["ops@example.com"]
    cache.clear()
    first, second = LastResort(), LastResort()

    for minutes in range(6):
        for process in (first, second):
            process.database_is_silent(at=NOON + minutes * MINUTE)
    assert [message.subject for message in mail.outbox] == ["[rewards] alarm: database"]
    assert "2026-11-20T12:00:00Z" in str(mail.outbox[0].body)

    for process in (first, second):
        process.database_answers()
    assert [message.subject for message in mail.outbox[1:]] == ["[rewards] over: database"]


def test_a_database_that_is_silent_for_a_moment_is_not_told(settings: Settings) -> None:
    settings.ALERT_EMAILS = ["ops@example.com"]
    cache.clear()
    process = LastResort()

    for minutes in (0, 1, 2):
        process.database_is_silent(at=NOON + minutes * MINUTE)
    process.database_answers()
    process.database_is_silent(at=NOON + 4 * MINUTE)

    assert mail.outbox == []
