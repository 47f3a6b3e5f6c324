"""Orders are moved, accepted and rejected while others do the same, and while Button tells more."""

from __future__ import annotations

from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from accounts_sync.decisions import accept, reject
from accounts_sync.deferred_items import ItemRef, Source
from accounts_sync.inbox.models import DeferredDecision, WebhookEvent
from accounts_sync.inbox.replay import replay_deferred
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from tests.accounts_sync.inbox.deliveries import deliver, status_of, wire_event
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.factories import MEMBER, balances, observe, tell
from tests.spending import earned, spend
from transactions.attribution import move_order
from transactions.models import Transaction, TransactionRevision
from transactions.told import Outcome, OutcomeKind

pytestmark = pytest.mark.usefixtures("committed_db")

ORDERS = 6


def staff() -> User:
    return get_user_model().objects.create_user(username="ops")


def move(tx_id: str, to: str, actor: User) -> Outcome:
    moved = move_order(
        transaction_id=Transaction.objects.get(children__tx_id=tx_id).pk,
        customer_id=to,
        actor=actor,
        reason="Told by the shop.",
        at=clock.now(),
    )
    assert isinstance(moved, Outcome)
    return moved


def test_one_move_many_times_at_once_is_one() -> None:
    actor = staff()
    tell(observe(status="validated"))

    def work(_number: int) -> Outcome:
        return move("tx-1", "u-other", actor)

    outcomes = all_returned(at_once(12, work))

    kinds = Counter(outcome.kind for outcome in outcomes)
    assert kinds == {OutcomeKind.APPLIED: 1, OutcomeKind.IGNORED: 11}
    assert (balances(MEMBER), balances("u-other")) == ({}, {"available": 500})
    assert earned("u-other") == 500
    books_are_right()


def test_orders_that_cross_between_two_members_do_not_block_each_other() -> None:
    """Half go from ann to bob and half from bob to ann, while Button validates them all."""
    actor = staff()
    for number in range(ORDERS):
        name = "ann" if number % 2 else "bob"
        tell(observe(f"tx-{number}", publisher_customer_id=name))

    def work(number: int) -> object:
        if number < ORDERS:
            return move(f"tx-{number}", "bob" if number % 2 else "ann", actor)
        number -= ORDERS
        name = "ann" if number % 2 else "bob"
        return tell(
            observe(f"tx-{number}", minutes=5, status="validated", publisher_customer_id=name)
        )[0]

    outcomes = all_returned(at_once(2 * ORDERS, work))

    kinds = {outcome.kind for outcome in outcomes if isinstance(outcome, Outcome)}
    assert kinds == {OutcomeKind.APPLIED}
    half = ORDERS // 2 * 500
    assert (balances("ann"), balances("bob")) == ({"available": half}, {"available": half})
    books_are_right()
    assert deadlock_count() == 0


def test_no_more_is_taken_back_than_is_there_however_many_take() -> None:
    actor = staff()
    for number in range(ORDERS):
        tell(observe(f"tx-{number}", status="validated"))
    spend(MEMBER, 4 * 500 + 100)

    def work(number: int) -> Outcome:
        return move(f"tx-{number}", f"u-{number}", actor)

    all_returned(at_once(ORDERS, work))

    assert balances(MEMBER) == {"redeeming": 2100}
    assert [balances(f"u-{number}") for number in range(ORDERS)] == [{"available": 500}] * ORDERS
    lost = [sum(row.unrecovered.values()) for row in Transaction.objects.all()]
    assert sum(lost) == 2100


def test_a_change_is_accepted_once_whatever_else_tries() -> None:
    """Staff accept, staff reject, the sweep and a redelivery, all at once."""
    actor = staff()
    deliver(wire_event("hook-1"))
    changed = wire_event(
        "hook-2", modified_date="2026-11-20T12:05:00Z", publisher_customer_id="u-other"
    )
    deliver(changed)
    ref = ItemRef(Source.EVENT, WebhookEvent.objects.get(hook_id="hook-2").pk)

    def work(number: int) -> object:
        match number % 4:
            case 0:
                return accept(ref, actor=actor, reason="it is theirs", at=clock.now())
            case 1:
                reject(ref, actor=actor, reason="it is not", at=clock.now())
                return "rejected"
            case 2:
                return replay_deferred(at=clock.now())
            case _:
                return deliver(changed)

    results = at_once(12, work)

    unexpected = [
        result
        for result in results
        if isinstance(result, BaseException) and not isinstance(result, Conflict)
    ]
    assert unexpected == []
    verdict = DeferredDecision.objects.get().verdict
    is_accepted = verdict == "accepted"
    assert status_of("hook-2") == ("processed" if is_accepted else "rejected")
    assert balances("u-other" if is_accepted else MEMBER) == {"pending": 500}
    assert TransactionRevision.objects.count() == (2 if is_accepted else 1)
    books_are_right()
