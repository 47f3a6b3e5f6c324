"""When alarms open and close, and who is told how often."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from rewards_site.health import alarms, registry
from rewards_site.health.models import Alarm, Notice
from tests.factories import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kettle")]

found: dict[str, str] = {}


@pytest.fixture
def kettle(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """One check, which says what the test puts into `found`; alarms go out by e-mail."""
    monkeypatch.setattr(registry, "_checks", {})
    registry.register("kettle", lambda _at: found.get("kettle", ""))
    found.clear()
    settings.ALERT_EMAILS = ["ops@example.com"]
    settings.ALERT_WEBHOOK_URL = ""


def sweeps(*states: str, start: datetime = NOON) -> datetime:
    """A sweep each minute, with what the check says at each; when the next one would be."""
    at = start
    for what in states:
        found["kettle"] = what
        alarms.sweep(at=at)
        at += timedelta(minutes=1)
    return at


def told() -> list[tuple[str, int]]:
    """Each notice's kind, and how many minutes after noon it was written."""
    rows = Notice.objects.order_by("pk")
    return [(row.kind, int((row.created_at - NOON).total_seconds() // 60)) for row in rows]


def test_what_is_found_twice_is_told_once() -> None:
    sweeps("cold", "cold", "cold", "cold since long")

    assert told() == [("opened", 1)]
    alarm = Alarm.objects.get()
    assert (alarm.name, alarm.what) == ("kettle", "cold since long")
    assert (alarm.opened_at, alarm.closed_at) == (NOON, None)


def test_a_blip_troubles_nobody() -> None:
    sweeps("cold", "", "")

    assert told() == []
    assert Alarm.objects.get().closed_at == NOON + timedelta(minutes=1)


def test_it_is_over_after_ten_calm_minutes_and_told_so() -> None:
    sweeps("cold", "cold", *[""] * 10)
    assert told() == [("opened", 1)]

    sweeps("", start=NOON + timedelta(minutes=12))

    assert told() == [("opened", 1), ("closed", 12)]
    alarm = Alarm.objects.get()
    assert alarm.closed_at == NOON + timedelta(minutes=12)
    assert alarm.last_seen_at == NOON + timedelta(minutes=1)


def test_what_comes_back_within_ten_minutes_is_the_same_alarm() -> None:
    sweeps("cold", "cold", *["", "", "cold"] * 20)

    assert told() == [("opened", 1)]
    assert Alarm.objects.count() == 1


def test_while_it_is_open_it_is_told_once_a_day() -> None:
    sweeps("cold", "cold")

    for hours in range(1, 50):
        sweeps("cold", start=NOON + timedelta(hours=hours))

    assert told() == [("opened", 1), ("still-open", 25 * 60), ("still-open", 49 * 60)]


def test_a_check_that_flaps_all_day_sends_no_flood() -> None:
    """Wrong for a quarter of an hour, right for the next: ninety-six changes a day."""
    at = NOON
    for _ in range(48):
        at = sweeps(*["cold"] * 15, *[""] * 15, start=at)

    kinds = [kind for kind, _ in told()]
    assert len(kinds) <= 6
    assert kinds[:3] == ["opened", "closed", "opened"]


def test_after_a_quiet_day_ten_minutes_are_calm_again() -> None:
    at = sweeps(*["cold"] * 15, *[""] * 15)
    sweeps(*["cold"] * 15, *[""] * 15, start=at)
    assert [kind for kind, _ in told()] == ["opened", "closed", "opened"]  # calm for 20 is asked

    sweeps("", start=NOON + timedelta(hours=2))
    later = NOON + timedelta(days=2)
    sweeps("cold", "cold", *[""] * 11, start=later)

    assert [kind for kind, _ in told()] == ["opened", "closed"] * 3


def test_each_check_has_its_own_alarm() -> None:
    registry.register("toaster", lambda _at: "burnt")
    sweeps("cold", "cold")

    assert sorted(Alarm.objects.values_list("name", "what")) == [
        ("kettle", "cold"),
        ("toaster", "burnt"),
    ]
    assert sorted(alarms.open_names(with_calm=True)) == ["kettle", "toaster"]


def test_each_channel_gets_its_own_message(settings: Settings) -> None:
    settings.ALERT_WEBHOOK_URL = "https://alerts.example.com/hook"
    sweeps("cold", "cold")

    assert sorted(Notice.objects.values_list("channel", flat=True)) == ["email", "webhook"]


def test_with_nowhere_to_tell_the_landing_page_still_knows(settings: Settings) -> None:
    settings.ALERT_EMAILS = []
    sweeps("cold", "cold")

    assert told() == []
    [line] = alarms.standing(at=NOON)
    assert (line.name, line.what, line.since, line.is_clear) == ("kettle", "cold", NOON, False)


def test_what_was_wrong_a_moment_ago_still_stands_there() -> None:
    sweeps("cold", "cold", "")

    [line] = alarms.standing(at=NOON)
    assert (line.what, line.is_clear) == ("cold", True)
    assert alarms.open_names(with_calm=False) == []


def test_a_sweep_that_runs_twice_at_once_writes_nothing_twice() -> None:
    sweeps("cold", "cold")
    found["kettle"] = "cold"
    alarms.sweep(at=NOON + timedelta(minutes=1))

    assert told() == [("opened", 1)]


def test_alarms_over_long_ago_are_forgotten_with_their_messages() -> None:
    sweeps("cold", "cold", *[""] * 11)
    closed_at = Alarm.objects.get().closed_at
    assert closed_at is not None

    assert alarms.prune(at=closed_at + timedelta(days=400)) == 0
    assert alarms.prune(at=closed_at + timedelta(days=401)) == 1
    assert Notice.objects.count() == 0
