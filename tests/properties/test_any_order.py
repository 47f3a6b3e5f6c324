"""Any order, repetition, loss and way in of the same facts ends in the same balances."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from rewards_site.button.reading import read_transaction
from rewards_site.button.schemas import ButtonStatus
from tests.factories import balances, observe, tell, tell_each
from tests.life_cycles import START, api_rows, expected_balances, stories, webhooks
from transactions.ledger.models import Account
from transactions.told import Channel, Told
from transactions.verify import verify_ledger


def all_balances() -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for row in Account.objects.filter(member__isnull=False).select_related("member"):
        amount = row.credited_minor - row.debited_minor
        if amount:
            assert row.member is not None
            by_currency = found.setdefault(row.member.customer_id, {})
            by_currency.setdefault(row.currency, {})[row.kind] = amount
    return found


def deliver(seed: int, count: int) -> tuple[dict[str, object], dict[str, object]]:
    """Tell `count` stories in a way drawn from `seed`; (what the books say, what they should)."""
    chance = random.Random(seed)
    told = stories(count, seed=seed, members=5)
    facts = [
        Told(
            observation=read_transaction(hook.body["data"]),
            channel=Channel.WEBHOOK,
            read_at=START + timedelta(days=100),
        )
        for hook in webhooks(told, chance)
    ]
    middle = START + timedelta(days=chance.randrange(40))
    early = [
        Told(observation=read_transaction(row), channel=Channel.SYNC, read_at=middle)
        for row in api_rows(told, until=middle)
    ]
    mixed = [*facts, *early]
    chance.shuffle(mixed)
    at_last = datetime(2027, 6, 1, tzinfo=UTC)
    mixed += [
        Told(observation=read_transaction(row), channel=Channel.SYNC, read_at=at_last)
        for row in api_rows(told)
    ]
    while mixed:
        size = chance.choice([1, 1, 2, 7, 40])
        tell(*mixed[:size])
        mixed = mixed[size:]
    return all_balances(), expected_balances(told)  # type: ignore[return-value]  # read-only views


class TestAnyOrder(TestCase):
    @given(seed=st.integers(0, 2**32))
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def test_the_books_end_where_the_stories_end(self, seed: int) -> None:
        found, expected = deliver(seed, count=12)

        assert found == expected
        assert verify_ledger().differences == []


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["validated", "declined"])
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_every_order_of_four_events_ends_the_same(order: tuple[int, ...], ending: str) -> None:
    events = [
        observe(amount_minor=1000),
        observe(amount_minor=600, minutes=5),
        observe(amount_minor=750, minutes=9),
        observe(amount_minor=750, minutes=20, status=ButtonStatus(ending)),
    ]

    tell_each(*(events[index] for index in order))

    assert balances() == ({"available": 375} if ending == "validated" else {})


@pytest.mark.django_db
def test_a_hundred_to_two_hundred_and_back_is_not_taken_for_a_repeat() -> None:
    tell_each(
        observe(amount_minor=100),
        observe(amount_minor=200, minutes=5),
        observe(amount_minor=100, minutes=9),
    )

    assert balances() == {"pending": 50}
