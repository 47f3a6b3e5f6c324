"""Button is down for a while: nothing answers, nothing is sent, and life goes on at the brands."""

from __future__ import annotations

import pytest
import requests

from tests.button.sandbox.caller import ALL
from tests.button.sandbox.stage import on_stage

DAYS = 4


def test_nothing_answers_for_four_days_and_then_the_latest_state_shows() -> None:
    with on_stage() as stage:
        order = stage.order(amount=100)
        stage.caller.control("outages", days=DAYS)
        for _ in range(DAYS):
            with pytest.raises(requests.ConnectionError):
                stage.caller.get(ALL)
            stage.advance(hours=20)
            stage.caller.control(f"orders/{order['button_order_id']}/adjust", amount=50)
        stage.advance(hours=16)  # together four days

        (row,) = stage.caller.objects(ALL)

    assert (row["amount"], row["modified_date"]) == (50, "2026-11-23T20:00:00Z")


def test_webhooks_wait_for_the_end_of_an_outage() -> None:
    with on_stage() as stage:
        stage.caller.control("outages", days=DAYS)
        order = stage.order(amount=100)
        stage.move(order, "validate")
        stage.advance(hours=95)
        assert stage.told() == []

        stage.advance(hours=1)

        assert stage.told() == [("tx-pending", 100), ("tx-validated", 100)]


def test_an_outage_may_lose_the_webhooks_of_its_time() -> None:
    with on_stage() as stage:
        stage.caller.control("outages", hours=1, loses_webhooks=True)
        order = stage.order(amount=100)
        stage.advance(hours=1)
        stage.move(order, "validate")

        assert stage.told() == [("tx-validated", 100)]
        assert stage.states() == ["lost", "acknowledged"]


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("html", 502)])
def test_an_outage_may_answer_with_errors(kind: str, status: int) -> None:
    with on_stage() as stage:
        stage.caller.control("outages", minutes=10, kind=kind)
        statuses = [stage.caller.get(ALL).status_code]
        stage.advance(minutes=10)
        statuses.append(stage.caller.get(ALL).status_code)

    assert statuses == [status, 200]


def test_outages_are_listed_and_can_be_ended() -> None:
    with on_stage() as stage:
        stage.caller.control("outages", hours=2)
        url = f"{stage.caller.url}/control/outages"
        listed = requests.get(url, timeout=10).json()["outages"]
        ended = requests.delete(url, timeout=10).json()
        status = stage.caller.get(ALL).status_code
        wrong = stage.caller.post("outages")

    assert listed == [
        {
            "from": "2026-11-20T12:00:00.000Z",
            "to": "2026-11-20T14:00:00.000Z",
            "kind": "drop",
            "loses_webhooks": False,
        }
    ]
    assert (ended, status, wrong.status_code) == ({"outages": []}, 200, 400)


def test_an_outage_can_be_planned_from_the_start() -> None:
    with on_stage(outages=((60.0, 5820.0),)) as stage:
        stage.advance(minutes=59)
        before = stage.caller.get(ALL).status_code
        stage.advance(minutes=1)
        with pytest.raises(requests.ConnectionError):
            stage.caller.get(ALL)
        stage.order(amount=1)
        stage.advance(days=4)

        assert (before, stage.caller.get(ALL).status_code) == (200, 200)
        assert stage.states() == ["lost"]
