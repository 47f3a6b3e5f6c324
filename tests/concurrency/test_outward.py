"""Deliverers and fan-outs beside each other, while money is being booked."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from django.db import OperationalError
from pytest_django import Settings

from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.notifications.models import Outbox
from rewards_site.outward.deliver import deliver_events
from rewards_site.outward.fanout import fan_out_batch
from rewards_site.outward.models import Delivery, Subscription
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.conftest import CommittedDatabase
from tests.notifications.telling import make_member, news, tell
from tests.outward.receiving import receiving, subscribe

EVENTS, MEMBERS, DELIVERERS = 60, 4, 3


def deliver_until_empty() -> int:
    delivered = 0
    while Outbox.objects.exists() or Delivery.objects.exclude(status="delivered").exists():
        with suppress(OperationalError):  # SQLite's one writer was waited for too long
            delivered += deliver_events().delivered
    return delivered


def test_each_event_once_at_a_time_without_a_gap(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    settings.OUTWARD_ALLOW_PRIVATE = True
    deadlocks = deadlock_count()
    members = [make_member(f"u-{number}") for number in range(MEMBERS)]
    booked = threading.Event()

    def work(number: int) -> int:
        if number:
            booked.wait(60)
            return deliver_until_empty()
        for event in range(EVENTS):
            tell(news(f"order/{event}", member=members[event % MEMBERS]))
            if event == EVENTS // 4:
                booked.set()  # the deliverers begin in the middle of it
        return deliver_until_empty()

    with receiving() as receiver:
        receiver.secrets = [subscribe(receiver.url).text]
        delivered = sum(all_returned(at_once(1 + DELIVERERS, work)))

    assert delivered == EVENTS
    assert receiver.sequences == list(range(1, EVENTS + 1))
    assert set(receiver.most_at_once.values()) == {1}
    assert Subscription.objects.get().next_sequence == EVENTS + 1
    by_member: dict[str, list[int]] = {}
    for got in sorted(receiver.received, key=lambda got: got.sequence):
        told = got.told["data"]
        by_member.setdefault(told["customer_id"], []).append(told["member_number"])
    assert by_member == {
        f"u-{number}": list(range(1, EVENTS // MEMBERS + 1)) for number in range(MEMBERS)
    }
    assert deadlock_count() == deadlocks


@pytest.mark.postgres
def test_a_second_fan_out_waits_for_the_first_and_finds_nothing_left(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    settings.OUTWARD_ALLOW_PRIVATE = True
    subscribe("http://127.0.0.1:9999/")
    tell(*(news(f"order/{number}") for number in range(20)))
    has_read = threading.Event()

    def work(number: int) -> int:
        if number:
            assert has_read.wait(60)
            return fan_out_batch(at=clock.now())
        with atomic():
            fanned = fan_out_batch(at=clock.now())
            has_read.set()
            threading.Event().wait(0.5)  # the other one is at it meanwhile
        return fanned

    assert all_returned(at_once(2, work)) == [20, 0]
    sequences = Delivery.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(sequences) == list(range(1, 21))
