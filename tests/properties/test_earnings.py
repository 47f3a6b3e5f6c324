"""Sums of `earnings` over its days are the balances of the journal, of whatever instant."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from rewards_site.button.reading import read_transaction
from rewards_site.kernel.errors import ServiceError
from tests.factories import NOON, tell
from tests.life_cycles import stories
from tests.reports.reading import rows
from tests.spending import spend
from tests.transactions.reports.earning_days import FIGURES, wait_until
from transactions.attribution import move_order
from transactions.ledger.horizon import settle
from transactions.models import Transaction
from transactions.told import Channel, Told

pytestmark = pytest.mark.django_db

BEGIN = datetime(2031, 3, 8, 1, tzinfo=UTC)
"""The day before the clocks of New York leap; a step of hours leads over it, day by day."""
ASSETS = {
    "Assets:Commission:Pending": "commission_pending",
    "Assets:Commission:Receivable": "commission_validated",
}
MARGINS = ("Income:Margin:Pending", "Income:Margin:Earned")
CLAIMS = ("Liabilities:Members", "Liabilities:Unattributed", "Assets:PaidOut")


def brand_sums(found: list[dict[str, str]]) -> Counter[tuple[str, str, str]]:
    """(merchant id, currency, column) → the sum over all days."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for row in found:
        for name in FIGURES:
            sums[row["merchant_id"], row["currency"], name] += int(row[name])
    return Counter({key: amount for key, amount in sums.items() if amount})


def journal_sums(**asked: Any) -> Counter[tuple[str, str, str]]:
    """The same of the journal: commission and margin of each brand; of rewards by currency."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for row in rows("journal", **asked):
        account, _, brand = row["account"].rpartition(":")
        debit, merchant_id = int(row["debit"]) - int(row["credit"]), brand.removeprefix("B-")
        if account in ASSETS:
            sums[merchant_id, row["currency"], ASSETS[account]] += debit
        elif account in MARGINS:
            sums[merchant_id, row["currency"], "margin"] -= debit
        elif row["account"].startswith(CLAIMS):
            sums["", row["currency"], "all rewards"] -= debit
    return Counter({key: amount for key, amount in sums.items() if amount})


def order_sums(**asked: Any) -> Counter[tuple[str, str, str]]:
    """The same of the orders as they stood."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for row in rows("transactions", **asked):
        if row["status"] != "declined" and row["test"] == "false":
            sums[row["merchant_id"], row["currency"], "orders"] += 1
            total_key = row["merchant_id"], row["order_currency"], "order_total"
            sums[total_key] += int(row["order_total"] or 0)
    return Counter({key: amount for key, amount in sums.items() if amount})


def assert_ties(**asked: Any) -> None:
    found = brand_sums(rows("earnings", **asked))
    money = {*ASSETS.values(), "margin"}
    booked = journal_sums(**asked)
    rewards: Counter[str] = Counter()
    for (_, currency, name), amount in found.items():
        rewards[currency] += amount if name == "rewards" else 0

    assert {key: amount for key, amount in found.items() if key[2] in money} == {
        key: amount for key, amount in booked.items() if key[2] in money
    }
    assert {currency: amount for currency, amount in rewards.items() if amount} == {
        currency: amount for (_, currency, name), amount in booked.items() if name == "all rewards"
    }
    assert {
        key: amount for key, amount in found.items() if key[2] in {"orders", "order_total"}
    } == order_sums(**asked)


def world(seed: int) -> list[datetime]:
    """Orders told over eight days, in any order and often twice; some moved after being spent."""
    chance = random.Random(seed)
    staff = User.objects.create(username="olivia")
    told = [
        (story.wire(state, milliseconds=True), state.modified_at)
        for story in stories(25, seed=seed, members=4)
        for state in story.states
    ]
    told += chance.sample(told, len(told) // 4)
    chance.shuffle(told)
    at, instants = BEGIN, []
    while told:
        wait_until(at)
        for _ in range(min(len(told), chance.randrange(1, 12))):
            wire, modified_at = told.pop()
            if chance.random() < 0.2:
                wire = wire | {"order_total": chance.randrange(9999), "order_currency": "EUR"}
            read = read_transaction(wire)
            tell(Told(observation=read, channel=Channel.WEBHOOK, read_at=modified_at))
        _move_one(chance, staff)
        if chance.random() < 0.4:
            instants.append(settle())
        at += timedelta(hours=chance.choice([1, 5, 11, 23]))
    return [*instants, settle()]


def _move_one(chance: random.Random, staff: User) -> None:
    earning = Transaction.objects.filter(member__isnull=False, reward_minor__gt=1).order_by("pk")
    order = earning.filter(status="validated").first() if chance.random() < 0.3 else None
    if order is None or order.member is None:
        return
    said: dict[str, Any] = {"actor": staff, "reason": "Case 7", "at": NOON}
    try:
        spend(order.member.customer_id, order.reward_minor // 2, order.reward_currency)
        to = f"member-{chance.randrange(4)}"
        move_order(transaction_id=order.pk, customer_id=to, **said)
    except (ServiceError, AssertionError):
        return  # not so much available; or it takes two people


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_its_days_add_up_to_the_books_of_every_instant(settings: Settings, seed: int) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("America/New_York")
    settings.MOVE_APPROVAL_LIMITS = dict.fromkeys(("USD", "GBP", "JPY", "KWD"), 10**12)
    instants = world(seed)

    for as_of in instants[:: max(1, len(instants) // 3)] + instants[-1:]:
        assert_ties(as_of=as_of)

    whole = rows("earnings", as_of=instants[-1])
    days = sorted({row["day"] for row in whole})
    assert len(days) >= 4
    middle = days[len(days) // 2]
    before = rows("earnings", as_of=instants[-1], to=middle)
    assert before + rows("earnings", as_of=instants[-1], start=middle) == whole
