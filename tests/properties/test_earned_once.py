"""What is earned for a lifetime, through any moves, payouts and merges: each order counts once."""

from __future__ import annotations

from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from rewards_site.kernel.db import atomic
from rewards_site.members.queries import find_member
from rewards_site.members.services import ensure_members
from tests.factories import NOON, observe, tell
from tests.spending import differences, earned, pay_out
from transactions.attribution import move_order
from transactions.merging.joining import merge_members
from transactions.models import Transaction
from transactions.moving import Actors
from transactions.statement import balances_of

PEOPLE = ("ann", "bob", "cem", "dan")
REWARDS = {1: 500, 2: 70, 3: 31}
"""Order → its reward, in cents: half of what Button pays for it."""

people = st.sampled_from(PEOPLE)
orders = st.sampled_from(sorted(REWARDS))
first = st.tuples(st.just("tell"), orders, people)
steps = st.one_of(
    first,
    st.tuples(st.just("move"), orders, people),
    st.tuples(st.just("move"), orders, people),
    st.tuples(st.just("pay"), people, st.integers(1, 4)),
    st.tuples(st.just("merge"), people, people),
)


class Model:
    """Who each customer id is, and to which ids each order's final reward was ever credited."""

    def __init__(self) -> None:
        self.who = {name: name for name in PEOPLE}
        self.credited: dict[int, set[str]] = {}

    def lifetime(self, name: str) -> int:
        """Every order of which any of the person's ids ever had the final reward, once."""
        mine = {other for other, who in self.who.items() if who == self.who[name]}
        return sum(REWARDS[order] for order, names in self.credited.items() if names & mine)


class TestEarnedOnce(TestCase):
    @given(
        story=st.builds(
            lambda told, rest: [*told, *rest],
            st.lists(first, min_size=1, max_size=3),
            st.lists(steps, min_size=3, max_size=16),
        )
    )
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def test_a_person_has_earned_each_order_once(self, story: list[tuple[object, ...]]) -> None:
        self.one, self.other = (User.objects.create(username=name) for name in ("one", "other"))
        ensure_members(set(PEOPLE), at=NOON)
        model = Model()
        for what, *rest in story:
            before = {name: self.lifetime(name) for name in PEOPLE}
            match what, rest:
                case "tell", [int(order), str(name)]:
                    self.tell(model, order, name)
                case "move", [int(order), str(name)]:
                    self.move(model, order, name)
                case "pay", [str(name), int(quarters)]:
                    self.pay(name, quarters)
                case "merge", [str(name), str(into)]:
                    self.merge(model, name, into)
            after = {name: self.lifetime(name) for name in PEOPLE}
            assert after == {name: model.lifetime(name) for name in PEOPLE}
            assert all(after[name] >= before[name] for name in PEOPLE)
        assert differences() == []

    def lifetime(self, name: str) -> int:
        """As the member reads it, by any of their ids."""
        return sum(balance.lifetime_earned for balance in balances_of(name))

    def tell(self, model: Model, order: int, name: str) -> None:
        if order not in model.credited:
            tell(
                observe(
                    f"tx-{order}",
                    status="validated",
                    amount_minor=REWARDS[order] * 2,
                    publisher_customer_id=name,
                )
            )
            model.credited[order] = {name}

    def move(self, model: Model, order: int, name: str) -> None:
        if order in model.credited:
            row = Transaction.objects.get(children__tx_id=f"tx-{order}")
            with self.settings(MOVE_APPROVAL_LIMITS={"USD": 10**9}):
                move_order(
                    transaction_id=row.pk, customer_id=name, actor=self.one, reason="y", at=NOON
                )
            model.credited[order].add(name)

    def pay(self, name: str, quarters: int) -> None:
        member = find_member(name)
        assert member is not None
        found = balances_of(name)
        if found and found[0].available * quarters // 4:
            pay_out(member.customer_id, found[0].available * quarters // 4)

    def merge(self, model: Model, name: str, into: str) -> None:
        source, target = find_member(name), find_member(into)
        assert source is not None
        assert target is not None
        if source.pk == target.pk:
            return
        before = earned(source.customer_id)
        actors = Actors(actor_id=self.one.pk, approver_id=self.other.pk, reason="one person")
        with atomic():
            merge_members(source.pk, target.pk, actors=actors, at=NOON)
        assert earned(source.customer_id) == before
        gone, left = model.who[name], model.who[into]
        model.who = {key: left if who == gone else who for key, who in model.who.items()}
