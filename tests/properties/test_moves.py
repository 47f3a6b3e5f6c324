"""Moves and rulings mixed with what Button tells and members spend, against a model of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.factories import NOON, house, observe, tell
from tests.properties.test_any_order import all_balances
from tests.spending import differences, earned, spend
from transactions.attribution import move_order
from transactions.ledger.chart import AccountKind
from transactions.models import Transaction
from transactions.told import Decided, OutcomeKind, Ruling, Told

ORDERS = range(2)
MEMBERS = ("ann", "bob", "cem")


@dataclass
class Order:
    """What the model knows of one order: plain figures, no ledger."""

    owner: str = ""
    named: str = ""
    """Whom Button names, as far as that was taken."""
    status: str = ""
    amount: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    had: set[str] = field(default_factory=set)
    """Who has had its final reward."""

    @property
    def reward(self) -> int:
        return max(0, self.amount // 2)


class Model:
    """Balances in minor units, by words as simple as the contract's."""

    def __init__(self) -> None:
        self.orders = {number: Order() for number in ORDERS}
        self.pending: Counter[str] = Counter()
        self.available: Counter[str] = Counter()
        self.redeeming: Counter[str] = Counter()
        self.lifetime: Counter[str] = Counter()

    def tell(self, order: Order, name: str, status: str, amount: int, ruling: str) -> bool:
        """Whether it is taken."""
        is_final = order.status in ("validated", "declined")
        if is_final and (status, amount) != (order.status, order.amount):
            return False
        is_change = order.owner not in ("", name) and name != order.named
        if is_change and not ruling:
            return False
        self.take_out(order)
        order.status, order.amount, order.named = status, amount, name
        owner = order.owner or name
        if is_change and ruling == "accepted":
            if is_final and status == "validated":
                self.put_back(order)
                self.move(order, name)
                return True
            owner = name
        order.owner = owner
        self.put_back(order)
        if status == "validated" and not is_final:
            self.lifetime[owner] += order.reward
            order.had.add(owner)
        return True

    def take_out(self, order: Order) -> None:
        if order.status == "pending":
            self.pending[order.owner] -= order.reward
        elif order.status == "validated":
            self.available[order.owner] -= order.reward

    def put_back(self, order: Order) -> None:
        if order.status == "pending":
            self.pending[order.owner] += order.reward
        elif order.status == "validated":
            self.available[order.owner] += order.reward

    def move(self, order: Order, to: str) -> None:
        giver = order.owner
        if giver == to or not giver:
            return
        order.owner = to
        if order.status == "pending":
            self.pending[giver] -= order.reward
            self.pending[to] += order.reward
        elif order.status == "validated":
            taken = min(order.reward, self.available[giver])
            self.available[giver] -= taken
            gained = order.reward - order.kept.pop(to, 0)
            self.available[to] += gained
            if taken < order.reward:
                order.kept[giver] = order.reward - taken
            if to not in order.had and order.reward:
                self.lifetime[to] += gained
                order.had.add(to)

    def spend(self, member: str, share: int) -> int:
        amount = self.available[member] * share // 4
        self.available[member] -= amount
        self.redeeming[member] += amount
        return amount

    def balances(self) -> dict[str, dict[str, dict[str, int]]]:
        found: dict[str, dict[str, dict[str, int]]] = {}
        for kind in ("pending", "available", "redeeming"):
            for member, amount in getattr(self, kind).items():
                assert amount >= 0
                if amount:
                    found.setdefault(member, {"USD": {}})["USD"][kind] = amount
        return found

    def margin(self) -> int:
        return sum(
            order.amount - order.reward - sum(order.kept.values())
            for order in self.orders.values()
            if order.status == "validated"
        )


tellings = st.tuples(
    st.just("tell"),
    st.sampled_from(ORDERS),
    st.sampled_from(MEMBERS),
    st.sampled_from(["pending", "pending", "validated", "validated", "declined"]),
    st.sampled_from([0, 7, 1000, 1001]),
    st.sampled_from(["", "accepted", "kept"]),
)
moves = st.tuples(st.just("move"), st.sampled_from(ORDERS), st.sampled_from(MEMBERS))
spendings = st.tuples(st.just("spend"), st.sampled_from(MEMBERS), st.integers(1, 4))
first = st.tuples(
    st.just("tell"),
    st.sampled_from(ORDERS),
    st.just("ann"),
    st.sampled_from(["pending", "validated", "validated"]),
    st.sampled_from([1000, 1001]),
    st.just(""),
)
stories = st.builds(
    lambda opening, rest: [*opening, *rest],
    st.lists(first, min_size=1, max_size=2),
    st.lists(st.one_of(tellings, moves, moves, spendings), min_size=2, max_size=20),
)


class TestMoves(TestCase):
    @given(story=stories)
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    def test_every_story_ends_as_the_model_says(self, story: list[tuple[object, ...]]) -> None:
        ops = User.objects.create(username="ops")
        model = Model()
        for minutes, (what, *rest) in enumerate(story):
            match what, rest:
                case "tell", [int(number), str(name), str(status), int(amount), str(ruling)]:
                    [outcome] = tell(_told(ops, minutes, rest))
                    is_taken = model.tell(model.orders[number], name, status, amount, ruling)
                    assert (outcome.kind is not OutcomeKind.DEFERRED) == is_taken, outcome
                case "move", [int(number), str(name)]:
                    order = Transaction.objects.filter(children__tx_id=f"tx-{number}").first()
                    if order is not None:
                        move_order(
                            transaction_id=order.pk,
                            customer_id=name,
                            actor=ops,
                            reason="a story",
                            at=NOON,
                        )
                        model.move(model.orders[number], name)
                case "spend", [str(name), int(share)]:
                    amount = model.spend(name, share)
                    if amount:
                        spend(name, amount)

        assert all_balances() == model.balances()
        assert -house(AccountKind.MARGIN_EARNED) == model.margin()
        assert {name: earned(name) for name in MEMBERS if earned(name)} == +model.lifetime
        assert differences() == []


def _told(ops: User, minutes: int, telling: list[object]) -> Told:
    number, name, status, amount, ruling = telling
    return observe(
        f"tx-{number}",
        minutes=minutes,
        publisher_customer_id=name,
        status=status,
        amount_minor=amount,
        decided=Decided(ruling=Ruling(str(ruling)), actor_id=ops.pk, reason="a story")
        if ruling
        else None,
    )
