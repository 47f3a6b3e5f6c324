"""The disputed readings, one by one, as a consumer sees them in the API and in webhooks."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from rewards_site.button.sandbox.records import TxIds
from tests.button.sandbox.caller import ALL
from tests.button.sandbox.stage import Stage, on_stage

LINES = [{"amount": 500, "quantity": 2, "category": "Clothes", "publisher_commission": 70}]
AT = "2026-11-20T11:00:00.250Z"
PURCHASED_AT = "2026-11-20T10:00:00Z"


def seen(stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order as the API shows it, and as its webhook tells it."""
    stage.order(lines=LINES, at=AT, purchased_at=PURCHASED_AT)
    (row,) = stage.caller.objects(ALL)
    return row, stage.receiver.received[-1].event["data"]


def spelled(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    with on_stage() as stage:
        stage.caller.control("switches", **{name: 100})
        return seen(stage)


def test_nothing_is_odd_unless_it_is_switched_on() -> None:
    with on_stage() as stage:
        row, data = seen(stage)

    assert (row["category"], row["country"]) == ("new-user-order", "US")
    assert (row["modified_date"], data["modified_date"]) == ("2026-11-20T11:00:00Z", AT)
    assert (row["order_purchased_date"], data["order_purchase_date"]) == (PURCHASED_AT,) * 2
    for told in (row, data):
        (line,) = told["order_line_items"]
        assert (line["category"], line["total"], line["publisher_commission"]) == (
            "Clothes",
            1000,
            70,
        )


def test_existing_user_order() -> None:
    for told in spelled("existing_user_order"):
        assert told["category"] == "existing-user-order"


def test_category_array_and_missing_line_totals() -> None:
    for told in spelled("category_array"):
        assert told["order_line_items"][0]["category"] == ["Clothes"]
    for told in spelled("no_line_totals"):
        assert "total" not in told["order_line_items"][0]
        assert told["order_total"] == 1000


def test_mixed_case_country() -> None:
    row, _ = spelled("mixed_case_country")

    assert row["country"] in {"us", "Us"}


def test_milliseconds_and_seconds() -> None:
    row, data = spelled("api_milliseconds")
    assert row["created_date"] == row["modified_date"] == data["modified_date"] == AT

    row, data = spelled("webhook_seconds")
    assert data["created_date"] == data["modified_date"] == "2026-11-20T11:00:00Z"


@pytest.mark.parametrize("name", ["order_purchase_date", "order_purchased_date"])
def test_one_name_of_the_purchase_date_in_both(name: str) -> None:
    names = {"order_purchase_date", "order_purchased_date"}
    for told in spelled(name):
        assert names & told.keys() == {name}
        assert told[name] == PURCHASED_AT


def test_unknown_fields_and_a_misspelt_one() -> None:
    for told in spelled("unknown_fields"):
        assert told["experience_variant"] == {"name": "control", "weights": [1, 0]}
        assert told["order_line_items"][0]["margin_band"] == ["b", 2]
    for told in spelled("misspelt_commission"):
        (line,) = told["order_line_items"]
        assert line["publisher_comission"] == 70
        assert "publisher_commission" not in line


def test_no_lines_in_the_webhook_of_a_final_state() -> None:
    with on_stage() as stage:
        stage.caller.control("switches", no_final_lines=100)
        order = stage.order()
        stage.move(order, "validate")
        pending, final = (one.event["data"] for one in stage.receiver.received)

    assert len(pending["order_line_items"]) == 1
    assert final["order_line_items"] is None


def test_tx_ids_can_be_switched_while_it_runs() -> None:
    with on_stage() as stage:
        for reading in TxIds:
            stage.caller.control("switches", tx_ids=reading)
            stage.move(stage.order(amount=100), "adjust", amount=50)
        rows = stage.caller.objects(ALL)

    told = Counter(row["button_order_id"] for row in rows)
    assert sorted(told.values()) == [1, 2, 2]
    assert sorted((row["status"], row["amount"]) for row in rows) == [
        ("declined", 100),
        ("pending", 50),
        ("pending", 50),
        ("pending", 50),
        ("pending", 100),
    ]


def test_an_order_keeps_its_spelling_and_a_share_of_them_has_it() -> None:
    with on_stage(spellings={"existing_user_order": 40}) as stage:
        orders = [stage.order() for _ in range(50)]
        before = Counter(row["category"] for row in stage.caller.objects(ALL))
        stage.caller.control("switches", existing_user_order=None)
        for order in orders:
            stage.move(order, "validate")
        after = Counter(row["category"] for row in stage.caller.objects(ALL))

    assert before == after
    assert 8 <= before["existing-user-order"] <= 32


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"rain": 1}, "rain: no such switch"),
        ({"category_array": 101}, "category_array: not a percentage from 0 to 100"),
        ({"category_array": True}, "category_array: not a percentage from 0 to 100"),
        ({"tx_ids": "other"}, "tx_ids: not one of same, new-declined, new-pending"),
        ({"webhook_order": "x"}, "webhook_order: not one of transaction, global"),
    ],
)
def test_a_wrong_switch_is_told_and_changes_nothing(body: dict[str, object], message: str) -> None:
    with on_stage() as stage:
        url = f"{stage.caller.url}/control/switches"
        before = stage.caller.session.get(url, timeout=10).json()
        answer = stage.caller.post("switches", unknown_fields=5, **body)
        after = stage.caller.session.get(url, timeout=10).json()

    assert (answer.status_code, answer.json()) == (400, {"error": {"message": message}})
    assert before == after
