"""Merges and renames mixed with what Button tells, moves and payouts, against a simple model."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel.db import atomic
from rewards_site.members.queries import find_member
from rewards_site.members.services import lock_members, rename
from tests.factories import NOON, observe, tell
from tests.spending import differences, pay_out
from transactions.attribution import move_order
from transactions.merging.joining import merge_members
from transactions.models import Transaction
from transactions.moving import Actors
from transactions.statement import balances_of
from transactions.told import OutcomeKind, Told

IDS = ("ann", "bob", "cem", "dan")
ORDERS = range(3)
ids = st.sampled_from(IDS)
orders = st.sampled_from(ORDERS)
steps = st.one_of(
    st.tuples(
        st.just("tell"), orders, ids, st.sampled_from(["pending", "validated"]), st.integers(0, 900)
    ),
    st.tuples(st.just("tell"), orders, ids, st.just("pending"), st.integers(0, 900)),
    st.tuples(st.just("merge"), ids, ids),
    st.tuples(st.just("move"), orders, ids),
    st.tuples(st.just("pay"), ids, st.integers(1, 300)),
)


class Model:
    """Whose each order is, as customer ids that are one person's; totals by plain sums."""

    def __init__(self) -> None:
        self.who = {name: name for name in IDS}
        self.owner: dict[int, str] = {}
        self.amount: Counter[int] = Counter()
        self.final: set[int] = set()
        self.available: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()

    def merge(self, name: str, into: str) -> None:
        source, target = self.who[name], self.who[into]
        self.who = {key: target if who == source else who for key, who in self.who.items()}
        self.owner = {key: target if who == source else who for key, who in self.owner.items()}
        for pot in (self.available, self.paid):
            pot[target] += pot.pop(source, 0)

    def pending(self, name: str) -> int:
        mine = [key for key, who in self.owner.items() if who == name and key not in self.final]
        return sum(self.amount[key] // 2 for key in mine)


class TestMerges(TestCase):
    @given(story=st.lists(steps, min_size=4, max_size=24))
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def test_every_story_ends_as_the_model_says(self, story: list[tuple[object, ...]]) -> None:
        self.one, self.other = (User.objects.create(username=name) for name in ("one", "other"))
        model = Model()
        for minutes, (what, *rest) in enumerate(story):
            match what, rest:
                case "tell", [int(number), str(name), str(status), int(amount)]:
                    if number not in model.final:
                        told = observe(
                            f"tx-{number}",
                            minutes=minutes,
                            publisher_customer_id=name,
                            status=status,
                            amount_minor=amount,
                        )
                        self.tell(model, number, name, told)
                case "merge", [str(name), str(into)]:
                    self.merge(model, name, into)
                case "move", [int(number), str(name)]:
                    self.move(model, number, name)
                case "pay", [str(name), int(amount)]:
                    if model.available[model.who[name]] >= amount:
                        self.pay(model, name, amount)

        for name in IDS:
            who = model.who[name]
            found = balances_of(name)
            has = (found[0].pending, found[0].available, found[0].paid_out) if found else (0, 0, 0)
            assert has == (model.pending(who), model.available[who], model.paid[who]), name
        assert differences() == []

    def tell(self, model: Model, number: int, name: str, told: Told) -> None:
        [outcome] = tell(told)
        amount = told.observation.amount_minor
        owner = model.owner.get(number, model.who[name])
        if outcome.kind is OutcomeKind.DEFERRED:
            assert owner != model.who[name], outcome
            return
        model.owner[number], model.amount[number] = owner, amount
        if told.observation.status is ButtonStatus.VALIDATED:
            model.final.add(number)
            model.available[owner] += amount // 2

    def merge(self, model: Model, name: str, into: str) -> None:
        source, target = find_member(name), find_member(into)
        if source is None:
            return
        one, other = int(self.one.pk), int(self.other.pk)
        with atomic():
            if target is None:
                row = lock_members({source.pk})[source.pk]
                rename(row, into, actor_id=one, approver_id=other, reason="a story", at=NOON)
            elif target.pk == source.pk:
                return
            else:
                actors = Actors(actor_id=one, approver_id=other, reason="a story")
                merge_members(source.pk, target.pk, actors=actors, at=NOON)
        model.merge(name, into)

    def move(self, model: Model, number: int, name: str) -> None:
        """A pending order alone: what may be taken back of a final one is test_moves.py's."""
        row = Transaction.objects.filter(children__tx_id=f"tx-{number}").first()
        if row is None or number in model.final:
            return
        with self.settings(MOVE_APPROVAL_LIMITS={"USD": 10**9}):
            move_order(
                transaction_id=row.pk, customer_id=name, actor=self.one, reason="story", at=NOON
            )
        model.owner[number] = model.who[name]

    def pay(self, model: Model, name: str, amount: int) -> None:
        member = find_member(name)
        assert member is not None
        pay_out(member.customer_id, amount)
        model.available[model.who[name]] -= amount
        model.paid[model.who[name]] += amount
