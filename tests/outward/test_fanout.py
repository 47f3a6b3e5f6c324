"""Numbers per subscription: none is left out, none is given twice, each member's in order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.notifications.models import Outbox
from rewards_site.outward.fanout import KEPT_WHILE_OFF, fan_out, fan_out_batch
from rewards_site.outward.models import Delivery, Subscription
from rewards_site.outward.services import pause_subscription, switch_off_subscription
from tests.factories import MEMBER
from tests.notifications.telling import make_member, news, redemption, tell
from tests.outward.receiving import Receiver, subscribe

pytestmark = pytest.mark.django_db


def fanned(name: str = "app") -> list[tuple[int, str, int]]:
    """Sequence, member and the member's number, of a subscription."""
    rows = Delivery.objects.filter(subscription__name=name).order_by("sequence")
    return list(rows.values_list("sequence", "notice__member__customer_id", "notice__number"))


def test_without_a_subscription_nothing_piles_up() -> None:
    tell(news("order/1"), news("order/2"))

    assert fan_out(at=clock.now()) == 2

    assert not Outbox.objects.exists()
    assert not Delivery.objects.exists()


def test_what_happened_before_it_was_made_is_not_told(receiver: Receiver) -> None:
    tell(news("order/1"))
    fan_out(at=clock.now())
    tell(news("order/2"))
    subscribe(receiver.url)
    tell(news("order/3"))
    fan_out(at=clock.now())

    assert fanned() == [(1, MEMBER, 3)]


def test_batches_number_on_and_keep_each_member_in_order(receiver: Receiver) -> None:
    subscribe(receiver.url)
    for number in range(1, 8):
        tell(
            news(f"order/{number}", member=make_member("a")),
            news(f"order/{number}/b", member=make_member("b")),
        )

    while fan_out_batch(at=clock.now(), most=3):
        pass

    found = fanned()
    assert [sequence for sequence, _who, _number in found] == list(range(1, 15))
    for customer_id in ("a", "b"):
        assert [number for _s, who, number in found if who == customer_id] == list(range(1, 8))


def test_who_dies_before_the_commit_leaves_all_as_it_was(receiver: Receiver) -> None:
    subscribe(receiver.url)
    tell(news("order/1"), news("order/2"))

    with pytest.raises(KeyboardInterrupt), atomic():
        assert fan_out_batch(at=clock.now()) == 2
        raise KeyboardInterrupt

    assert (Outbox.objects.count(), Delivery.objects.count()) == (2, 0)
    assert Subscription.objects.get().next_sequence == 1
    fan_out(at=clock.now())
    assert [row[0] for row in fanned()] == [1, 2]


def test_paused_events_wait_and_those_of_one_that_is_off_are_held(receiver: Receiver) -> None:
    paused = subscribe(receiver.url, name="paused").row
    off = subscribe(receiver.url, name="off").row
    at = clock.now()
    pause_subscription(pk=paused.pk, reason="Moving house.", at=at)
    switch_off_subscription(pk=off.pk, reason="Not needed.", at=at)
    tell(news("order/1"))
    fan_out(at=at)
    tell(news("order/2"))
    fan_out(at=at + KEPT_WHILE_OFF - timedelta(seconds=1))
    tell(redemption("redemption/3"))
    fan_out(at=at + KEPT_WHILE_OFF)

    found = Delivery.objects.order_by("subscription__name", "sequence")
    assert list(found.values_list("subscription__name", "sequence", "status")) == [
        ("off", 1, "held"),
        ("off", 2, "held"),
        ("paused", 1, "due"),
        ("paused", 2, "due"),
        ("paused", 3, "due"),
    ]


@pytest.mark.postgres
def test_a_batch_costs_the_same_for_one_and_for_two_hundred(receiver: Receiver) -> None:
    for name in ("one", "two"):
        subscribe(receiver.url, name=name)
    costs = []
    for count in (1, 200):
        tell(*(news(f"order/{count}/{number}") for number in range(count)))
        with CaptureQueriesContext(connection) as captured:
            assert fan_out_batch(at=clock.now()) == count
        costs.append(len(captured.captured_queries))

    assert costs[0] == costs[1] <= 8


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE outward_delivery SET sequence = 9",
        "UPDATE outward_delivery SET notice_id = NULL",
        "UPDATE outward_delivery SET event_type = 'x'",
        "UPDATE outward_subscription SET public_id = id",
        "DELETE FROM outward_subscription",
        "UPDATE outward_deliveryattempt SET error = 'x'",
    ],
)
def test_the_database_refuses_what_never_changes(receiver: Receiver, sql: str) -> None:
    row = subscribe(receiver.url).row
    tell(news())
    fan_out(at=clock.now())
    delivery = Delivery.objects.get()
    delivery.deliveryattempt_set.create(number=1, at=clock.now(), duration_ms=1, status=200)

    with pytest.raises(DatabaseError), atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    row.refresh_from_db()
    assert row.next_sequence == 2
