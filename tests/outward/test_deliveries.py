"""Events on the wire, as the publisher's own system meets them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from pytest_django import Settings

from rewards_site.kernel import clock
from rewards_site.outward.deliver import Delivered, deliver_events
from rewards_site.outward.models import Delivery, DeliveryAttempt, DeliveryStatus, Subscription
from rewards_site.outward.pauses import ATTEMPTS_MAX
from rewards_site.outward.services import replay_delivery, send_test_event
from tests.button.socket_server import Connection, serving
from tests.notifications.telling import ORDER, make_member, news, redemption, tell
from tests.outward.receiving import Receiver, receiving, subscribe

pytestmark = pytest.mark.django_db


def half() -> float:
    """No jitter."""
    return 0.5


def later() -> None:
    """What is to be tried again is due."""
    Delivery.objects.update(not_before=clock.now())


def states() -> list[tuple[int, str]]:
    return list(Delivery.objects.order_by("sequence").values_list("sequence", "status"))


def test_an_event_comes_signed_numbered_and_with_its_money(receiver: Receiver) -> None:
    made = subscribe(receiver.url)
    receiver.secrets = [made.text]
    member = make_member("u-7")
    activity = uuid.uuid4()

    tell(
        news(member=member, activity_id=activity),
        redemption(member=member),
    )
    assert str(deliver_events()) == "2 events found, 2 deliveries made, 0 attempts failed"

    first, second = sorted(receiver.received, key=lambda got: got.sequence)
    notice = Delivery.objects.get(sequence=1).notice
    assert notice is not None
    assert first.told == {
        "type": "reward.pending",
        "timestamp": "2026-11-20T12:00:00Z",
        "data": {
            "sequence": 1,
            "event_id": str(notice.public_id),
            "member_id": str(member.public_id),
            "customer_id": "u-7",
            "member_number": 1,
            "currency": "USD",
            "before": None,
            "after": 500,
            "pending_change": 500,
            "available_change": 0,
            "activity": str(activity),
            "transaction": str(ORDER),
            "redemption": None,
            "claim": None,
        },
    }
    assert second.told["type"] == "redemption.requested"
    assert (second.told["data"]["available_change"], second.sequence) == (-500, 2)
    assert first.headers["content-type"] == "application/json"
    assert first.headers["user-agent"] == "button-rewards"
    assert first.webhook_id.startswith("msg_")
    assert first.webhook_id != second.webhook_id
    assert [got.verified_by for got in receiver.received] == [[made.text], [made.text]]
    assert states() == [(1, "delivered"), (2, "delivered")]

    assert deliver_events() == Delivered(events=0, delivered=0, failed=0)
    assert len(receiver.received) == 2


def test_who_listens_gets_what_it_chose_numbered_for_itself(receiver: Receiver) -> None:
    with receiving() as other:
        receiver.secrets = [subscribe(receiver.url, events=("redemption.*",)).text]
        chosen = ("reward.pending", "claim.*")
        other.secrets = [subscribe(other.url, name="other", events=chosen).text]
        tell(
            news("order/1"), redemption("redemption/1"), news("order/2"), redemption("redemption/2")
        )

        deliver_events()

        assert receiver.sequences == other.sequences == [1, 2]
        assert {got.told["type"] for got in receiver.received} == {"redemption.requested"}
        assert {got.told["type"] for got in other.received} == {"reward.pending"}


@pytest.mark.parametrize("status", [500, 400, 404, 302, 101])
def test_what_is_not_taken_comes_again_word_for_word(receiver: Receiver, status: int) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    receiver.answer = lambda _got: status if len(receiver.received) < 2 else 204
    tell(news())

    assert deliver_events(draw=half).failed == 1
    delivery = Delivery.objects.get()
    waits = delivery.not_before - clock.now()
    assert timedelta(seconds=25) < waits <= timedelta(seconds=30)
    assert deliver_events() == Delivered(events=0, delivered=0, failed=0)
    later()
    assert deliver_events().delivered == 1

    first, second = receiver.received
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)
    assert states() == [(1, "delivered")]
    attempts = DeliveryAttempt.objects.order_by("number")
    assert [(one.number, one.status) for one in attempts] == [(1, status), (2, 204)]
    assert str(status) in attempts[0].error
    assert attempts[1].error == ""


def test_one_that_fails_holds_up_no_other(receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    receiver.answer = lambda got: 500 if got.sequence == 1 else 200
    tell(*(news(f"order/{number}") for number in range(12)))

    deliver_events()

    assert receiver.sequences == list(range(1, 13))
    assert states() == [(1, "due"), *((number, "delivered") for number in range(2, 13))]


def drip(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    connection.drip(b"a" * 1000, every_seconds=0.05)


def answer_hugely(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
    while True:
        connection.send(b"x" * 65536)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Connection.say_nothing, "no answer came within 0.5 seconds"),
        (drip, "no answer came within 0.5 seconds"),
        (Connection.reset, "the connection was lost before an answer came"),
        (answer_hugely, ""),
    ],
)
def test_who_answers_badly_is_left_in_time(
    receiver: Receiver, behaviour: object, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rewards_site.outward.sending.SECONDS_MAX", 0.5)
    assert callable(behaviour)
    with serving(behaviour) as server:
        subscribe(server.url + "/hook")
        tell(news())
        done = deliver_events()
        later()

    assert (done.delivered, done.failed) == ((0, 1) if said else (1, 0))
    assert DeliveryAttempt.objects.get().error == said
    if said:  # and nobody listens any more
        deliver_events()
        assert Delivery.objects.get().last_error == "no connection could be made"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as inner:
        receiver.secrets = [subscribe(receiver.url).text]
        receiver.answer = lambda _got: (307, {"Location": inner.url})
        tell(news())

        deliver_events()

        assert inner.received == []
    assert Delivery.objects.get().last_error == "it answered 307: redirects are not followed"


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("120", 120), ("5", 30), ("999999999", 8 * 3600), ("soon", 30), ("-1", 30)],
)
def test_retry_after_is_minded_within_bounds(receiver: Receiver, asked: str, seconds: int) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    receiver.answer = lambda _got: (503, {"Retry-After": asked})
    tell(news())
    before = clock.now()

    deliver_events(draw=half)

    waits = Delivery.objects.get().not_before - before
    assert timedelta(seconds=seconds) <= waits < timedelta(seconds=seconds + 5)


def test_after_three_days_it_is_given_up_and_staff_send_it_again(receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    receiver.answer = lambda _got: 500
    tell(news())
    pauses = []
    for _ in range(ATTEMPTS_MAX):
        later()
        before = clock.now()
        deliver_events(draw=half)
        pauses.append(round((Delivery.objects.get().not_before - before).total_seconds()))

    assert pauses == [30, 90, 270, 810, 2430, 7290, 21870, *[28800] * 8, 0]
    assert 3 * 24 * 3600 < sum(pauses) < 3.2 * 24 * 3600
    assert states() == [(1, "dead")]
    later()
    assert deliver_events().failed == 0

    receiver.answer = lambda _got: 200
    dead = Delivery.objects.get()
    replay_delivery(pk=dead.pk, reason="It was mended.", at=clock.now())
    assert deliver_events().delivered == 1

    assert states() == [(1, "delivered")]
    assert len({got.webhook_id for got in receiver.received}) == 1
    assert receiver.received[-1].body == receiver.received[0].body
    assert DeliveryAttempt.objects.count() == ATTEMPTS_MAX + 1


def test_410_switches_off_and_keeps_what_comes(receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    receiver.answer = lambda got: 410 if got.sequence == 1 else 500
    tell(news("order/1"), news("order/2"))
    deliver_events()
    tell(news("order/3"))
    later()
    deliver_events()

    row = Subscription.objects.get()
    assert (row.status, row.is_off_by_receiver) == ("off", True)
    assert row.status_reason == "The receiver answered 410 Gone."
    assert states() == [(1, "held"), (2, "held"), (3, "held")]
    assert receiver.sequences == [1, 2]


def test_a_test_event_takes_a_number_too(receiver: Receiver) -> None:
    made = subscribe(receiver.url, events=("claim.*",))
    receiver.secrets = [made.text]

    send_test_event(pk=made.row.pk, at=clock.now())
    deliver_events()

    [got] = receiver.received
    assert (got.told["type"], got.told["data"]) == ("test.ping", {"sequence": 1})
    assert got.verified_by == [made.text]


def test_nothing_of_the_environment_s_proxies_is_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        receiver.secrets = [subscribe(receiver.url).text]
        tell(news())

        assert deliver_events().delivered == 1

        assert proxy.received == []


def test_a_private_address_is_refused_when_it_is_sent_too(
    receiver: Receiver, settings: Settings
) -> None:
    subscribe(receiver.url)
    tell(news())
    settings.OUTWARD_ALLOW_PRIVATE = False

    assert deliver_events().failed == 1

    assert receiver.received == []
    assert Delivery.objects.get().last_error == "nothing is sent there: it must begin with https://"
    Subscription.objects.update(url=receiver.url.replace("http:", "https:"))
    later()
    deliver_events()
    assert Delivery.objects.get().last_error == (
        "nothing is sent there: its host leads to a private address"
    )
    assert states() == [(1, DeliveryStatus.DUE)]
