"""The sender: signatures, repeats, order, what counts as an acknowledgement (sheet, 5.2 to 5.5)."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import Counter
from datetime import timedelta

import pytest

from rewards_site.button.sandbox.retries import WAITS, wait_after
from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from tests.button.sandbox.caller import ALL, Caller
from tests.button.sandbox.receiver import Received, Receiver

SECRET = "whsec-test-0001"
QUICK = 6000.0
"""A minute between attempts takes a hundredth of a second."""


def sending_to(receiver: Receiver, **options: float) -> Sandbox:
    speed = options.pop("speed", QUICK)
    return running_sandbox(
        webhook_url=receiver.url,
        webhook_secret=SECRET,
        speed=speed,
        **options,  # type: ignore[arg-type]  # only floats are given
    )


def wait_until_quiet(sandbox: Sandbox) -> None:
    assert sandbox.sender is not None
    assert sandbox.sender.wait_until_quiet(seconds=60)


def test_the_signature_is_of_the_very_bytes() -> None:
    with Receiver() as receiver, sending_to(receiver) as sandbox:
        order = Caller(sandbox).order(total=100, amount=10, merchant="Café Aurore", pub_ref="é")
        wait_until_quiet(sandbox)

    (told,) = receiver.received
    expected = hmac.new(SECRET.encode(), told.body, hashlib.sha256).hexdigest()
    assert told.headers["X-Button-Signature"] == expected
    assert told.headers["Content-Type"] == "application/json"
    assert told.headers["User-Agent"] == "Button Webhooks 1.0.0"
    assert set(told.event) == {"id", "event_type", "request_id", "data"}
    assert told.event["id"] == order["hook_ids"][0]
    assert told.event["id"].startswith("hook-")
    assert told.event["request_id"].startswith("attempt-")
    assert told.event["event_type"] == "tx-pending"
    assert "é".encode() in told.body  # UTF-8 as it is, not escaped


def test_a_500_is_sent_again_with_the_same_hook_and_another_attempt() -> None:
    statuses = iter([500, 401, 302, None, 200])
    with Receiver(lambda _: next(statuses)) as receiver, sending_to(receiver) as sandbox:
        caller = Caller(sandbox)
        caller.order(total=100, amount=10)
        wait_until_quiet(sandbox)
        (delivery,) = caller.deliveries()["deliveries"]

    assert len({told.event["id"] for told in receiver.received}) == 1
    assert len({told.event["request_id"] for told in receiver.received}) == 5
    assert {str(told.event["data"]) for told in receiver.received} == {
        str(receiver.received[0].event["data"])
    }
    assert delivery["state"] == "acknowledged"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 401, 302, None, 200]
    assert delivery["attempts"][3]["error"].startswith("RemoteDisconnected")


def test_silence_counts_as_a_failure() -> None:
    answered = threading.Event()
    first = threading.Event()

    def answer(_: Received) -> int:
        if not first.is_set():
            first.set()
            answered.wait(30)
        return 200

    with Receiver(answer) as receiver, sending_to(receiver, webhook_timeout_seconds=0.1) as sandbox:
        caller = Caller(sandbox)
        caller.order(total=100, amount=10)
        wait_until_quiet(sandbox)
        (delivery,) = caller.deliveries()["deliveries"]
        answered.set()

    assert delivery["attempts"][0]["status"] is None
    assert delivery["attempts"][0]["error"].startswith("TimeoutError")
    assert delivery["state"] == "acknowledged"


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_2xx_is_an_acknowledgement(status: int) -> None:
    with Receiver(lambda _: status) as receiver, sending_to(receiver) as sandbox:
        caller = Caller(sandbox)
        caller.order(total=100, amount=10)
        wait_until_quiet(sandbox)
        counts = caller.deliveries()["counts"]

    assert len(receiver.received) == 1
    assert counts["acknowledged"] == 1


def test_a_400_is_never_sent_again_and_the_next_event_goes_out() -> None:
    with (
        Receiver(lambda told: 400 if told.amount == 10 else 200) as receiver,
        sending_to(receiver) as sandbox,
    ):
        caller = Caller(sandbox)
        order = caller.order(total=100, amount=10)["button_order_id"]
        caller.control(f"orders/{order}/adjust", amount=20)
        wait_until_quiet(sandbox)
        deliveries = caller.deliveries()["deliveries"]

    assert [told.amount for told in receiver.received] == [10, 20]
    assert [one["state"] for one in deliveries] == ["rejected", "acknowledged"]


def test_an_event_waits_until_the_one_before_it_is_acknowledged() -> None:
    failures = Counter[str]()

    def answer(told: Received) -> int:
        failures[told.event["id"]] += 1
        return 503 if failures[told.event["id"]] <= 3 else 200

    with Receiver(answer) as receiver, sending_to(receiver) as sandbox:
        caller = Caller(sandbox)
        order = caller.order(total=100, amount=10)["button_order_id"]
        for amount in (20, 30):
            caller.control(f"orders/{order}/adjust", amount=amount)
        caller.control(f"orders/{order}/validate")
        wait_until_quiet(sandbox)

    told = [(one.event["event_type"], one.amount) for one in receiver.received]
    assert told == [
        *[("tx-pending", 10)] * 4,
        *[("tx-pending", 20)] * 4,
        *[("tx-pending", 30)] * 4,
        *[("tx-validated", 30)] * 4,
    ]


def test_other_transactions_do_not_wait() -> None:
    may_go_on = threading.Event()

    def answer(told: Received) -> int:
        if told.amount == 1:
            may_go_on.wait(30)
        return 200

    with Receiver(answer) as receiver, sending_to(receiver) as sandbox:
        caller = Caller(sandbox)
        stuck = caller.order(total=100, amount=1)["tx_id"]
        free = [caller.order(total=100, amount=2)["tx_id"] for _ in range(5)]
        while len(receiver.acknowledged) < 5:
            threading.Event().wait(0.01)
        acknowledged = {told.event["data"]["id"] for told in receiver.acknowledged}
        may_go_on.set()
        wait_until_quiet(sandbox)

    assert acknowledged == set(free)
    assert receiver.acknowledged[-1].event["data"]["id"] == stuck


def test_four_transactions_go_out_at_once() -> None:
    together = threading.Barrier(4)

    def answer(_: Received) -> int:
        try:
            together.wait(20)
        except threading.BrokenBarrierError:
            return 400
        return 200

    with Receiver(answer) as receiver, sending_to(receiver) as sandbox:
        caller = Caller(sandbox)
        for _ in range(4):
            caller.order(total=100, amount=10)
        wait_until_quiet(sandbox)

    assert len(receiver.acknowledged) == 4


def test_lost_webhooks_are_left_to_the_api() -> None:
    with Receiver() as receiver, sending_to(receiver, lose_webhooks=30) as sandbox:
        caller = Caller(sandbox)
        for _ in range(100):
            caller.order(total=100, amount=10)
        wait_until_quiet(sandbox)
        answer = caller.deliveries()
        rows = caller.objects(ALL, page_size=500)

    lost = {one["hook_id"] for one in answer["deliveries"] if one["state"] == "lost"}
    assert len(rows) == 100
    assert 10 < len(lost) < 50
    assert lost.isdisjoint(told.event["id"] for told in receiver.received)
    assert len(receiver.received) == 100 - len(lost)
    assert answer["counts"]["lost"] == len(lost)


def test_a_ping_is_signed_and_is_no_event() -> None:
    with Receiver(lambda _: 204) as receiver, sending_to(receiver) as sandbox:
        answer = Caller(sandbox).control("webhooks/ping")

    (told,) = receiver.received
    expected = hmac.new(SECRET.encode(), told.body, hashlib.sha256).hexdigest()
    assert answer == {"status": 204, "error": None}
    assert told.headers["X-Button-Signature"] == expected
    assert told.event.keys().isdisjoint({"id", "event_type"})


def test_what_waits_for_its_next_attempt_can_be_sent_now() -> None:
    statuses = iter([500, 200])
    with (
        Receiver(lambda _: next(statuses)) as receiver,
        sending_to(receiver, speed=0.001) as sandbox,
    ):
        caller = Caller(sandbox)
        caller.order(total=100, amount=10)
        while not caller.deliveries()["deliveries"][0]["attempts"]:
            threading.Event().wait(0.01)
        answer = caller.control("deliveries/retry")
        wait_until_quiet(sandbox)

    assert answer == {"retried": 1}
    assert len(receiver.acknowledged) == 1


def test_retries_go_on_for_three_days_and_then_end() -> None:
    minutes = [int(wait.total_seconds()) // 60 for wait in WAITS]

    assert minutes[:8] == [1, 2, 4, 8, 15, 30, 60, 60]
    assert sum(WAITS, timedelta()) == timedelta(days=3)
    assert wait_after(len(WAITS)) == timedelta(hours=1)
    assert wait_after(len(WAITS) + 1) is None


def test_after_three_days_a_webhook_is_dropped() -> None:
    with Receiver(lambda _: 500) as receiver, sending_to(receiver, speed=10_000_000) as sandbox:
        caller = Caller(sandbox)
        caller.order(total=100, amount=10)
        wait_until_quiet(sandbox)
        counts = caller.deliveries()["counts"]

    assert counts["expired"] == 1
    assert len(receiver.received) == len(WAITS) + 1
