"""Batches over the same orders, members and brands, told at once in different orders."""

from __future__ import annotations

import random

import pytest

from rewards_site.button.reading import read_transaction
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.factories import balances, house, observe, tell
from tests.journeys.books import member_balances
from tests.life_cycles import START, expected_balances, stories
from transactions.ledger.chart import AccountKind
from transactions.models import Transaction, TransactionChild
from transactions.told import Channel, Outcome, OutcomeKind, Told

pytestmark = pytest.mark.usefixtures("committed_db")

WRITERS = 8


def test_everybody_tells_everything_in_another_order() -> None:
    told = stories(60, seed=3, members=4)
    facts = [
        Told(
            observation=read_transaction(story.wire(state, milliseconds=True)),
            channel=Channel.WEBHOOK,
            read_at=START,
        )
        for story in told
        for state in story.states
    ]

    def tell_all(number: int) -> list[Outcome]:
        mine = random.Random(number).sample(facts, len(facts))
        outcomes = []
        for first in range(0, len(mine), 25):
            outcomes += tell(*mine[first : first + 25])
        return outcomes

    results = all_returned(at_once(WRITERS, tell_all))

    assert [len(outcomes) for outcomes in results] == [len(facts)] * WRITERS
    kinds = {outcome.kind for outcomes in results for outcome in outcomes}
    assert kinds == {OutcomeKind.APPLIED, OutcomeKind.IGNORED}
    assert Transaction.objects.count() == len(told)
    assert member_balances() == expected_balances(told)
    books_are_right()
    assert deadlock_count() == 0


def test_one_tx_id_under_two_new_orders_stays_with_the_first() -> None:
    def tell_rounds(number: int) -> list[Outcome]:
        return [
            tell(observe(f"tx-{order}", button_order_id=f"btnorder-{order}-of-{number}"))[0]
            for order in range(20)
        ]

    one, other = all_returned(at_once(2, tell_rounds))

    for order in range(20):
        outcomes = sorted([one[order], other[order]], key=lambda outcome: outcome.kind)
        assert [outcome.kind for outcome in outcomes] == [OutcomeKind.APPLIED, OutcomeKind.DEFERRED]
        kept = TransactionChild.objects.select_related("transaction").get(tx_id=f"tx-{order}")
        has = kept.transaction.button_order_id
        [later] = {f"btnorder-{order}-of-{number}" for number in range(2)} - {has}
        assert outcomes[1].reason == f"tx-{order} belongs to order {has}, told under {later}"
    assert Transaction.objects.count() == 20
    assert balances() == {"pending": 20 * 500}
    books_are_right()


def test_new_tx_ids_of_one_new_order_told_at_once_are_one_order() -> None:
    """Adjustments by new ids, each told first by another thread: the newest decides, no sum."""

    def tell_adjustment(number: int) -> list[Outcome]:
        return [
            tell(
                observe(
                    f"tx-{order}-{number}",
                    button_order_id=f"btnorder-{order}",
                    amount_minor=1000 * (number + 1),
                    created_at=START.replace(minute=number),
                    modified_at=START.replace(minute=number),
                )
            )[0]
            for order in range(10)
        ]

    results = all_returned(at_once(WRITERS, tell_adjustment))

    assert {outcome.kind for outcomes in results for outcome in outcomes} == {OutcomeKind.APPLIED}
    assert Transaction.objects.count() == 10
    assert TransactionChild.objects.count() == 10 * WRITERS
    assert balances() == {"pending": 10 * 500 * WRITERS}
    assert house(AccountKind.COMMISSION_PENDING) == 10 * 1000 * WRITERS
    books_are_right()
