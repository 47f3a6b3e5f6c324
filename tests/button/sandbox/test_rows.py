"""The rows' shapes: API and webhooks as documented and as harvested, which differ (sheet, 4.3)."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from tests.button.sandbox.caller import ALL, Caller
from tests.button.sandbox.receiver import Receiver

SAMPLES = Path(__file__).parents[2] / "fixtures" / "button" / "samples"
SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
MILLISECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

DOCUMENTED_API = {  # sheet, 4.3: every field marked A
    "id",
    "status",
    "category",
    "amount",
    "currency",
    "account_id",
    "button_order_id",
    "order_id",
    "order_total",
    "order_currency",
    "order_line_items",
    "order_click_channel",
    "order_purchased_date",
    "created_date",
    "modified_date",
    "validated_date",
    "attribution_date",
    "publisher_customer_id",
    "pub_ref",
    "btn_ref",
    "publisher_organization",
    "commerce_organization",
    "publisher_organization_name",
    "commerce_organization_name",
    "country",
    "button_id",
    "advertising_id",
}
ONLY_API = {
    "order_purchased_date",
    "publisher_organization_name",
    "commerce_organization_name",
    "country",
}
ONLY_WEBHOOK = {
    "customer_order_id",
    "order_purchase_date",
    "event_date",
    "rate_card_id",
    "campaign_id",
    "posting_rule_id",
}
ORDER = {
    "customer": "member-1",
    "currency": "KWD",
    "pub_ref": "c-1",
    "lines": [
        {"identifier": "a", "description": "Jacket", "category": "Clothes", "amount": 3000,
         "quantity": 2, "publisher_commission": 480},
        {"identifier": "promo", "amount": -500, "publisher_commission": -40},
    ],
    "at": "2026-11-20T10:04:02.114Z",
    "purchased_at": "2026-11-20T10:02:11Z",
}  # fmt: skip


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def webhook_of(caller: Caller, receiver: Receiver, sandbox: Sandbox) -> dict[str, Any]:
    assert sandbox.sender is not None
    assert sandbox.sender.wait_until_quiet(seconds=30)
    return dict(receiver.received[-1].event["data"])


def test_an_api_row_has_the_documented_fields_and_those_of_the_samples(caller: Caller) -> None:
    caller.order(**ORDER)

    (row,) = caller.objects(ALL)

    harvested = sample("openapi/transactions-all-200.json")["objects"][0]
    guide = sample("docs/transactions-guide-2019-order-and-install.json")["objects"][0]
    assert set(row) == DOCUMENTED_API
    assert set(row) >= set(harvested) | set(guide)
    assert set(row["order_line_items"][0]) == set(harvested["order_line_items"][0])


def test_an_api_row_says_what_was_ordered_in_whole_seconds(caller: Caller) -> None:
    order = caller.order(**ORDER, merchant="Café Aurore")

    (row,) = caller.objects(ALL)

    assert row["id"] == order["tx_id"]
    assert row["button_order_id"] == order["button_order_id"]
    assert (row["amount"], row["currency"]) == (440, "KWD")
    assert (row["order_total"], row["order_currency"]) == (5500, "KWD")
    assert row["status"] == "pending"
    assert row["created_date"] == row["modified_date"] == "2026-11-20T10:04:02Z"
    assert row["order_purchased_date"] == row["attribution_date"] == "2026-11-20T10:02:11Z"
    assert row["validated_date"] is None
    assert row["publisher_customer_id"] == "member-1"
    assert row["pub_ref"] == "c-1"
    assert row["commerce_organization_name"] == "Café Aurore"
    assert [line["total"] for line in row["order_line_items"]] == [6000, -500]


def test_a_webhook_has_the_fields_of_production_and_not_those_of_the_api() -> None:
    with (
        Receiver() as receiver,
        running_sandbox(webhook_url=receiver.url, webhook_secret="s") as sandbox,
    ):
        caller = Caller(sandbox)
        caller.order(**ORDER)
        data = webhook_of(caller, receiver, sandbox)
        (row,) = caller.objects(ALL)

    harvested = sample("third-party/webhook-tx-pending-2018-production-shape.json")["data"]
    assert set(data) == set(harvested)
    assert set(data) == (set(row) - ONLY_API) | ONLY_WEBHOOK
    assert set(data["order_line_items"][0]) == set(harvested["order_line_items"][0])
    assert data["created_date"] == data["modified_date"] == "2026-11-20T10:04:02.114Z"
    assert data["order_purchase_date"] == "2026-11-20T10:02:11Z"
    assert SECOND.fullmatch(data["event_date"])
    assert (data["amount"], data["order_total"]) == (440, 5500)


def test_an_install_is_validated_at_once_and_knows_no_order() -> None:
    with (
        Receiver() as receiver,
        running_sandbox(webhook_url=receiver.url, webhook_secret="s") as sandbox,
    ):
        caller = Caller(sandbox)
        caller.control("installs", customer="member-1", amount=150, currency="USD")
        data = webhook_of(caller, receiver, sandbox)
        (row,) = caller.objects(ALL)

    guide = sample("docs/transactions-guide-2019-order-and-install.json")["objects"][1]
    nulls = {name for name, value in guide.items() if value is None} - {"advertising_id"}
    assert {name: row[name] for name in nulls} == dict.fromkeys(nulls)
    assert (row["category"], row["status"], row["amount"]) == ("app-install", "validated", 150)
    assert row["validated_date"] == row["created_date"]
    assert receiver.received[0].event["event_type"] == "tx-validated"
    assert data["order_purchase_date"] is None
    assert data["button_order_id"] is None


def test_a_validated_row_says_when_and_a_declined_one_keeps_its_amount(caller: Caller) -> None:
    kept = caller.order(total=1000, amount=100, at="2026-11-20T10:00:00Z")
    gone = caller.order(total=1000, amount=100, at="2026-11-20T10:00:00Z")
    caller.control(f"orders/{kept['button_order_id']}/validate", at="2026-12-20T10:00:00Z")
    caller.control(f"orders/{gone['button_order_id']}/decline", at="2026-12-20T10:00:00Z")

    rows = {row["id"]: row for row in caller.objects(ALL)}

    assert rows[kept["tx_id"]]["validated_date"] == "2026-12-20T10:00:00Z"
    assert rows[gone["tx_id"]]["validated_date"] is None
    assert (rows[gone["tx_id"]]["status"], rows[gone["tx_id"]]["amount"]) == ("declined", 100)
    assert [order["owed"] for order in caller.state()["orders"]] == [100, 0]


def test_oddities_of_spelling_are_asked_for_order_by_order() -> None:
    oddities = {
        "has_category_lists": True,
        "has_line_totals": False,
        "has_lines_when_final": False,
        "has_unknown_fields": True,
    }
    with (
        Receiver() as receiver,
        running_sandbox(webhook_url=receiver.url, webhook_secret="s") as sandbox,
    ):
        caller = Caller(sandbox)
        order = caller.order(
            oddities=oddities,
            country="gb",
            category="existing-user-order",
            lines=[{"amount": 500, "quantity": 2, "category": "Clothes"}],
        )
        pending = webhook_of(caller, receiver, sandbox)
        caller.control(f"orders/{order['button_order_id']}/validate")
        final = webhook_of(caller, receiver, sandbox)
        (row,) = caller.objects(ALL)

    assert "total" not in pending["order_line_items"][0]
    assert pending["order_line_items"][0]["category"] == ["Clothes"]
    assert pending["experience_variant"] == {"name": "control", "weights": [1, 0]}
    assert final["order_line_items"] is None
    assert (row["country"], row["category"]) == ("gb", "existing-user-order")
    assert row["order_line_items"][0]["category"] == ["Clothes"]


@pytest.mark.parametrize("status", ["validated", "declined"])
def test_the_first_sight_may_be_final(caller: Caller, status: str) -> None:
    caller.order(total=100, amount=10, status=status)

    (row,) = caller.objects(ALL)

    assert row["status"] == status


def test_times_without_being_told_are_those_of_the_clock(caller: Caller) -> None:
    caller.order(total=100, amount=10)

    (row,) = caller.objects(ALL)

    assert SECOND.fullmatch(row["created_date"])
    assert datetime.fromisoformat(row["created_date"]).tzinfo is not None
    assert MILLISECOND.fullmatch(caller.state()["orders"][0]["transactions"][0]["created_at"])
