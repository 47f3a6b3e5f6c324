"""Webhooks by the sandbox's own clock: the schedule of retries, and an endpoint that is paused."""

from __future__ import annotations

from datetime import datetime, timedelta

from rewards_site.button.sandbox.queueing import WebhookOrder
from tests.button.sandbox.receiver import Received
from tests.button.sandbox.stage import NOON, on_stage

LEAST = 5
"""So many failures within an hour pause an endpoint."""


def test_retries_come_after_the_documented_waits_for_three_days() -> None:
    with on_stage(lambda _: 500) as stage:
        stage.order()
        stage.advance(days=4)
        (delivery,) = stage.caller.deliveries()["deliveries"]

    at = [datetime.fromisoformat(attempt["at"]) for attempt in delivery["attempts"]]
    minutes = [(later - at[0]) / timedelta(minutes=1) for later in at]
    assert minutes[:9] == [0, 1, 3, 7, 15, 30, 60, 120, 180]
    assert minutes[-1] == 72 * 60
    assert len(at) == 78
    assert delivery["state"] == "expired"
    assert len({attempt["request_id"] for attempt in delivery["attempts"]}) == 78
    assert len({one.event["id"] for one in stage.receiver.received}) == 1


def test_a_400_ends_it_and_a_401_does_not() -> None:
    answers = {10: iter([400]), 20: iter([401, 401, 200])}
    with on_stage(lambda told: next(answers[told.amount])) as stage:
        stage.order(amount=10)
        stage.order(amount=20)
        stage.advance(minutes=3)

        assert stage.states() == ["rejected", "acknowledged"]
        assert stage.told() == [("tx-pending", 10), *[("tx-pending", 20)] * 3]
        stage.advance(days=4)
        assert len(stage.receiver.received) == 4


def test_five_failures_within_an_hour_pause_the_endpoint_and_a_resume_delivers_all() -> None:
    is_up = False

    def answer(_: Received) -> int:
        return 200 if is_up else 503

    with on_stage(answer) as stage:
        orders = [stage.order(amount=number) for number in range(1, LEAST)]
        assert stage.caller.webhooks()["paused"] is None
        orders.append(stage.order(amount=LEAST))
        assert stage.caller.webhooks()["paused"] == {
            "at": "2026-11-20T12:00:00.000Z",
            "by": "itself",
            "why": "5 of 5 webhooks of the past hour failed",
        }
        stage.move(orders[0], "adjust", amount=50)
        stage.order(amount=6)
        stage.advance(days=5)  # far past the three days of retries: they are kept
        assert len(stage.receiver.received) == LEAST

        is_up = True
        assert stage.caller.control("webhooks/resume")["paused"] is None
        stage.send()

        backlog = [amount for _, amount in stage.told()[LEAST:]]
        assert sorted(backlog) == [1, 2, 3, 4, 5, 6, 50]
        assert backlog.index(1) < backlog.index(50)  # of one order
        assert set(stage.states()) == {"acknowledged"}


def test_the_backlog_comes_in_the_order_in_which_it_arose_where_all_share_one_queue() -> None:
    with on_stage(webhook_order=WebhookOrder.GLOBAL) as stage:
        stage.caller.control("webhooks/pause")
        orders = [stage.order(amount=number) for number in range(1, 9)]
        for order in reversed(orders):
            stage.move(order, "validate")
        assert stage.told() == []

        stage.caller.control("webhooks/resume")
        stage.send()

        assert stage.told() == [
            *[("tx-pending", number) for number in range(1, 9)],
            *[("tx-validated", number) for number in range(8, 0, -1)],
        ]


def test_four_failures_or_a_tenth_of_them_pause_nothing() -> None:
    with on_stage(lambda told: 500 if told.amount <= 5 else 200) as stage:
        for number in range(50, 0, -1):
            stage.order(amount=number)
        assert stage.caller.webhooks()["past_hour"] == {"attempted": 50, "failed": 5}
        assert stage.caller.webhooks()["paused"] is None

        stage.order(amount=5)

        assert stage.caller.webhooks()["past_hour"] == {"attempted": 51, "failed": 6}
        assert stage.caller.webhooks()["paused"]["why"] == (
            "6 of 51 webhooks of the past hour failed"
        )


def test_failures_of_another_hour_do_not_add_up() -> None:
    with on_stage(lambda _: 500) as stage:
        for hour in range(8):
            stage.order(amount=hour)
            stage.advance(minutes=61)

        assert stage.caller.webhooks()["paused"] is None
        assert stage.caller.webhooks()["past_hour"] == {"attempted": 0, "failed": 0}


def test_it_pauses_again_only_for_what_failed_after_the_resume() -> None:
    with on_stage(lambda _: 500) as stage:
        for number in range(LEAST):
            stage.order(amount=number)
        stage.advance(minutes=61)
        stage.caller.control("webhooks/resume")
        stage.send()
        assert stage.caller.webhooks()["paused"] is None  # those are older than an hour
        for number in range(LEAST):
            stage.order(amount=number)

        assert stage.caller.webhooks()["paused"]["why"] == (
            "5 of 5 webhooks of the past hour failed"
        )


def test_auto_pause_can_be_switched_off() -> None:
    with on_stage(lambda _: 500, auto_pause=False) as stage:
        for number in range(20):
            stage.order(amount=number)
        assert stage.caller.webhooks()["paused"] is None
        assert stage.caller.control("switches")["auto_pause"] is False

        stage.caller.control("switches", auto_pause=True)
        stage.order(amount=20)

        assert stage.caller.webhooks()["paused"]["by"] == "itself"


def test_with_one_queue_nothing_overtakes_an_event_that_is_not_acknowledged() -> None:
    statuses = iter([500, 500, 200, 200, 200])
    with on_stage(lambda _: next(statuses)) as stage:
        stage.caller.control("switches", webhook_order="global")
        for amount in (1, 2, 3):
            stage.order(amount=amount)
        assert stage.told() == [("tx-pending", 1)]

        stage.advance(minutes=3)

        assert [amount for _, amount in stage.told()] == [1, 1, 1, 2, 3]


def test_the_order_can_be_changed_while_events_wait() -> None:
    answers = {1: iter([500, 500, 200]), 2: iter([200]), 3: iter([200])}
    with on_stage(
        lambda told: next(answers[told.amount]), webhook_order=WebhookOrder.GLOBAL
    ) as stage:
        for amount in (1, 2, 3):
            stage.order(amount=amount)
        stage.caller.control("switches", webhook_order="transaction")
        stage.send()
        assert sorted(amount for _, amount in stage.told()) == [1, 2, 3]

        stage.advance(minutes=3)

        assert stage.states() == ["acknowledged"] * 3


def test_the_backlog_can_be_dropped() -> None:
    with on_stage() as stage:
        stage.caller.control("webhooks/pause")
        order = stage.order()
        stage.move(order, "validate")
        assert stage.caller.control("webhooks/drop") == {"dropped": 2}
        stage.caller.control("webhooks/resume")
        stage.advance(days=4)

        assert stage.told() == []
        assert stage.states() == ["lost", "lost"]


def test_any_event_can_be_sent_once_more() -> None:
    with on_stage() as stage:
        order = stage.order()
        hook_id = order["hook_ids"][0]
        stage.caller.control(f"deliveries/{hook_id}/resend")
        stage.send()
        first, second = stage.receiver.received

        assert first.event["id"] == second.event["id"] == hook_id
        assert first.event["request_id"] != second.event["request_id"]
        assert stage.caller.post("deliveries/hook-0/resend").status_code == 404


def test_the_clock_is_told_and_never_put_back() -> None:
    with on_stage() as stage:
        to = (NOON + timedelta(days=1)).isoformat()
        assert stage.caller.control("clock", to=to) == {"at": "2026-11-21T12:00:00.000Z"}
        assert stage.caller.control("clock", hours=1, minutes=30) == {
            "at": "2026-11-21T13:30:00.000Z"
        }
        back = stage.caller.post("clock", to=NOON.isoformat())
        nothing = stage.caller.post("clock")
        answered = stage.caller.get("/v1/affiliation/accounts")

    assert back.status_code == 409
    assert nothing.status_code == 400
    assert answered.headers["Date"] == "Sat, 21 Nov 2026 13:30:00 GMT"
