"""Shoppers and lives: the same for a seed, everything shows, and sums always hold."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rewards_site.button.sandbox import wire
from rewards_site.button.sandbox.agenda import Agenda
from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.orders import state_of
from rewards_site.button.sandbox.records import Event, Status, TxIds
from rewards_site.button.sandbox.running import running_sandbox
from rewards_site.button.sandbox.shoppers import Shoppers
from rewards_site.button.sandbox.world import World
from tests.button.sandbox.caller import ALL, Caller
from tests.button.sandbox.receiver import Receiver

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MINUTES = 4


class Stepped:
    """Three shoppers in a world whose clock is moved by hand."""

    def __init__(self, *, seed: int = 7, tx_ids: TxIds = TxIds.SAME, orders_max: int = 60) -> None:
        self.clock = SteppedClock(NOON)
        self.world = World(seed=seed, tx_ids=tx_ids)
        self.events: list[Event] = []
        self.world.listeners.append(self.events.append)
        self._agenda = Agenda()
        shoppers = Shoppers(
            world=self.world,
            agenda=self._agenda,
            count=3,
            orders_per_minute=60,
            orders_max=orders_max,
        )
        shoppers.open(NOON)

    def run(self, *, step_seconds: float) -> Stepped:
        while self.clock.now() < NOON + timedelta(minutes=MINUTES):
            self._agenda.run_due(self.clock.move(seconds=step_seconds))
        return self

    def history(self) -> list[Any]:
        """All orders without their times, and all events, by id."""
        orders = [state_of(order) for order in self.world.orders]
        for order in orders:
            del order["purchased_at"]
            order["transactions"] = [
                (one["id"], one["status"], one["amount"])
                for one in order["transactions"]  # type: ignore[attr-defined]  # a list, as JSON
            ]
        by_id = sorted(orders, key=lambda order: str(order["transactions"]))
        return [by_id, sorted((one.hook_id, one.event_type) for one in self.events)]


def test_the_same_seed_gives_the_same_history() -> None:
    first, second = (Stepped().run(step_seconds=1) for _ in range(2))

    assert len(first.world.orders) == 60
    assert first.history() == second.history()
    assert [one.data for one in first.events] == [one.data for one in second.events]


def test_how_often_the_clock_is_looked_at_changes_no_order() -> None:
    often, seldom = Stepped().run(step_seconds=0.25), Stepped().run(step_seconds=3)

    assert often.history() == seldom.history()


def test_another_seed_gives_other_orders_of_the_same_accounts() -> None:
    seven, eight = Stepped(seed=7).run(step_seconds=1), Stepped(seed=8).run(step_seconds=1)

    ids = [
        {row.id for row in one.world.transactions_of(one.world.organizations[0])}
        for one in (seven, eight)
    ]
    accounts = [
        {account.id for account in one.world.accounts_of(one.world.organizations[0])}
        for one in (seven, eight)
    ]
    assert ids[0].isdisjoint(ids[1])
    assert accounts[0] == accounts[1]
    assert seven.history() != eight.history()


def test_the_same_control_calls_give_the_same_ids() -> None:
    answers = []
    for _ in range(2):
        with running_sandbox(seed=7) as sandbox:
            caller = Caller(sandbox)
            order = caller.order(total=100, amount=10)
            adjusted = caller.control(f"orders/{order['button_order_id']}/adjust", amount=5)
            answers.append(
                [order["button_order_id"], order["tx_id"], order["hook_ids"], adjusted["hook_ids"]]
            )

    assert answers[0] == answers[1]


def test_every_state_shows_within_two_minutes_of_the_default_pace() -> None:
    stepped = Stepped(orders_max=20)
    for _ in range(120):
        stepped._agenda.run_due(stepped.clock.move(seconds=1))

    told = Counter(event.event_type for event in stepped.events)
    adjusted = [
        order
        for order in stepped.world.orders
        if order.now.event_count > 2 and order.now.status is Status.VALIDATED
    ]
    currencies = {order.account.currency for order in stepped.world.orders}
    assert told["tx-pending"] > 20  # reports and adjustments
    assert told["tx-validated"] > 10
    assert told["tx-declined"] > 0
    assert adjusted
    assert currencies == {"USD", "GBP", "JPY", "KWD"}


def test_lives_keep_to_their_windows_and_every_kind_of_order_shows() -> None:
    stepped = Stepped(orders_max=200).run(step_seconds=0.5)
    orders = stepped.world.orders
    reported = [
        (order.transactions[0].created_at - order.purchase.purchased_at).total_seconds()
        for order in orders
    ]
    lived = [
        (order.now.modified_at - order.purchase.purchased_at).total_seconds()
        for order in orders
        if order.now.status.is_final and not order.is_install
    ]

    assert min(reported) >= 1
    assert max(reported) <= 5.5
    assert min(lived) >= 40
    assert max(lived) <= 90.5
    purchases = [order.purchase for order in orders]
    assert {purchase.customer for purchase in purchases} == {
        "member-1", "member-2", "member-3", None,
    }  # fmt: skip
    assert {purchase.category for purchase in purchases} == {
        "new-user-order", "existing-user-order", "app-install",
    }  # fmt: skip
    countries = {purchase.country for purchase in purchases}
    assert {"US", "us", "GB", "gb"} <= countries
    assert len({purchase.brand.id for purchase in purchases}) == 8
    assert any(line.amount < 0 for purchase in purchases for line in purchase.basket)
    assert any(not purchase.oddities.has_line_totals for purchase in purchases)
    assert any(purchase.oddities.has_category_lists for purchase in purchases)
    assert any(order.now.commission == 0 for order in orders)


@pytest.mark.parametrize("tx_ids", list(TxIds))
def test_line_sums_are_the_order_s_in_every_event(tx_ids: TxIds) -> None:
    stepped = Stepped(tx_ids=tx_ids).run(step_seconds=1)

    checked = 0
    for event in stepped.events:
        data: Any = event.data
        if data["order_line_items"] is None:
            continue
        lines = data["order_line_items"]
        assert sum(line["publisher_commission"] for line in lines) == data["amount"]
        assert sum(line["amount"] * line["quantity"] for line in lines) == data["order_total"]
        assert all(
            line["total"] == line["amount"] * line["quantity"] for line in lines if "total" in line
        )
        checked += 1
    assert checked > 60


def test_events_of_one_transaction_follow_each_other_in_time() -> None:
    stepped = Stepped().run(step_seconds=1)

    last: dict[str, str] = {}
    for event in stepped.events:
        modified = str(event.data["modified_date"])
        assert last.get(event.tx_id, "") < modified
        last[event.tx_id] = modified
    assert len(stepped.events) > len(last)


def test_shoppers_stop_at_the_limit_and_settling_ends_every_life() -> None:
    with (
        Receiver() as receiver,
        running_sandbox(
            seed=7,
            shoppers=3,
            orders_per_minute=100_000,
            max_orders=40,
            webhook_url=receiver.url,
            webhook_secret="s",
        ) as sandbox,
    ):
        caller = Caller(sandbox)
        while caller.state()["planned_steps"] < 40:  # all have bought, hardly one is reported
            threading.Event().wait(0.01)
        steps = caller.control("settle")["steps"]
        assert sandbox.sender is not None
        assert sandbox.sender.wait_until_quiet(seconds=60)
        state = caller.state()
        rows = caller.objects(ALL, page_size=500)

    assert steps >= 40
    assert state["planned_steps"] == 0
    assert len(state["orders"]) + len(state["installs"]) == 40
    assert {order["status"] for order in state["orders"]} == {"validated", "declined"}
    truth = {
        order["transactions"][0]["id"]: (order["status"], order["amount"])
        for order in [*state["orders"], *state["installs"]]
    }
    by_api = {row["id"]: (row["status"], row["amount"]) for row in rows}
    by_webhook = {
        told.event["data"]["id"]: (told.event["data"]["status"], told.amount)
        for told in receiver.acknowledged
    }
    assert by_api == truth
    assert by_webhook == truth


def test_a_sandbox_with_shoppers_moves_by_itself() -> None:
    with running_sandbox(
        shoppers=2, orders_per_minute=6000, max_orders=10, speed=60_000
    ) as sandbox:
        caller = Caller(sandbox)
        while sandbox.planned_count or len(sandbox.world.orders) < 10:
            threading.Event().wait(0.02)
        rows = caller.objects(ALL)

    assert len(rows) == 10
    assert {row["status"] for row in rows} == {"validated", "declined"}


def test_an_account_row_is_as_documented() -> None:
    stepped = Stepped().run(step_seconds=1)
    (account, *_) = stepped.world.accounts_of(stepped.world.organizations[0])

    assert set(wire.account_row(account)) == {"id", "name", "currency", "organization"}
