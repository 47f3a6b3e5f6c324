"""What alarms and /metrics say, and what is forgotten when."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client

from accounts_sync.tasks import forget_outward_events, send_outward_events
from rewards_site.health import registry
from rewards_site.kernel import clock
from rewards_site.notifications.models import Notice
from rewards_site.outward.deliver import deliver_events
from rewards_site.outward.models import Delivery, DeliveryAttempt, Subscription
from rewards_site.outward.pruning import DELIVERED_KEPT, UNSENT_KEPT
from rewards_site.outward.services import resume_subscription, switch_off_subscription
from tests.health.test_metrics import scraped
from tests.notifications.telling import make_member, news, tell
from tests.outward.receiving import Receiver, subscribe

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def wrong(at: datetime | None = None) -> str:
    return registry.findings(at=at or clock.now())["outward events"]


def test_nothing_is_wrong_while_all_is_taken(receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    tell(news())
    assert send_outward_events() == ("1 events found, 1 deliveries made, 0 attempts failed")

    assert wrong() == ""
    assert wrong(clock.now() + 3 * HOUR) == ""


def test_who_takes_nothing_for_an_hour_is_told(receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    receiver.answer = lambda got: 500 if got.sequence == 1 else 200
    tell(news("order/1"))
    deliver_events()
    soon, later = clock.now() + HOUR / 2, clock.now() + 1.1 * HOUR

    assert wrong(soon) == ""
    assert wrong(later) == "«app» took nothing for an hour"

    tell(news("order/2"))
    deliver_events()
    assert wrong(clock.now() + HOUR / 2) == ""  # another one was taken


def test_who_answered_410_is_told_until_staff_decide(receiver: Receiver) -> None:
    made = subscribe(receiver.url)
    row, receiver.secrets = made.row, [made.text]
    receiver.answer = lambda _got: 410
    tell(news())
    deliver_events()
    said = "«app» answered 410 and was switched off: resume it, or switch it off"
    assert wrong() == said

    switch_off_subscription(pk=row.pk, reason="It is gone for good.", at=clock.now())
    assert wrong() == ""
    resume_subscription(pk=row.pk, reason="It is back.", at=clock.now())
    assert Subscription.objects.get().status == "active"


def test_events_given_up_are_told_for_a_day(receiver: Receiver) -> None:
    subscribe(receiver.url)
    tell(news())
    deliver_events()
    at = clock.now()
    Delivery.objects.update(status="dead", ended_at=at)

    assert wrong(at + HOUR) == "events given up within a day: 1; send them again"
    assert wrong(at + 25 * HOUR) == ""


def test_an_outbox_that_nobody_empties_is_told() -> None:
    tell(news(at=clock.now()))

    assert wrong() == ""
    assert wrong(clock.now() + HOUR).startswith("nobody has fanned events out since 20")


def test_metrics_tell_what_waits_and_what_came_of_it(receiver: Receiver, client: Client) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    before = scraped(client)
    receiver.answer = lambda got: 500 if got.sequence == 1 else 200
    tell(news("order/1"), news("order/2"), news("order/3"))
    deliver_events()

    found = scraped(client)

    assert found["rewards_outward_due"] == 1
    assert found["rewards_outward_dead"] == found["rewards_outward_held"] == 0
    assert 0 < found["rewards_outward_oldest_due_seconds"] < 60
    assert found['rewards_outward_subscriptions{status="active"}'] == 1
    for outcome, count in (("delivered", 2), ("failed", 1)):
        name = f'rewards_outward_attempts_total{{outcome="{outcome}"}}'
        assert found[name] == before[name] + count


def test_old_deliveries_are_forgotten_and_their_numbers_stay(receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    tell(*(news(f"order/{number}") for number in range(4)))
    deliver_events()
    at = clock.now()
    slack = timedelta(minutes=5)
    for sequence, status, ended_at in (
        (1, "delivered", at - DELIVERED_KEPT - slack),
        (2, "delivered", at - DELIVERED_KEPT + slack),
        (3, "dead", at - UNSENT_KEPT - slack),
        (4, "dead", at - UNSENT_KEPT + slack),
    ):
        Delivery.objects.filter(sequence=sequence).update(status=status, ended_at=ended_at)

    assert forget_outward_events() == 2

    assert list(Delivery.objects.order_by("sequence").values_list("sequence", flat=True)) == [2, 4]
    assert DeliveryAttempt.objects.count() == 2
    assert Notice.objects.count() == 4
    tell(news("order/9"))
    deliver_events()
    assert receiver.sequences[-1] == 5


def test_who_was_forgotten_is_named_no_more(receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    receiver.answer = lambda _got: 500 if len(receiver.received) == 1 else 200
    member = make_member("u-7")
    tell(news(member=member))
    deliver_events()
    member.customer_id = f"erased-{'0' * 32}"
    member.save()
    Delivery.objects.update(not_before=clock.now())
    deliver_events()

    first, second = (got.told["data"] for got in receiver.received)
    assert first["customer_id"] == "u-7"
    assert second == first | {"customer_id": None}
    for model in (Subscription, Delivery, DeliveryAttempt):
        assert "u-7" not in str(list(model.objects.values_list()))
