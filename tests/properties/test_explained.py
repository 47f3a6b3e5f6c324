"""Every cent is explained: whatever happened, the parts of each balance add up to it exactly."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.db.models import Max
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.members.models import Member
from rewards_site.members.queries import find_member
from tests.factories import NOON, observe, tell
from tests.spending import pay_out, spend
from tests.transactions.adjustments.giving import given as adjust
from transactions.attribution import move_order
from transactions.explaining.parts import KINDS, explain
from transactions.ledger.models import Account, EntryGroup
from transactions.merging.joining import merge_members
from transactions.models import Transaction
from transactions.moving import Actors
from transactions.redemptions.models import Redemption
from transactions.redemptions.services import Move, move_redemptions
from transactions.redemptions.states import Status

IDS = ("ann", "ann", "bob", "cem")
ORDERS = range(3)
CURRENCIES = ("USD", "PTS")
ids, orders = st.sampled_from(IDS), st.sampled_from(ORDERS)
amounts = st.sampled_from([0, 7, 300, 1000, 1001])
steps = st.one_of(
    st.tuples(st.just("tell"), orders, ids, st.just("pending"), amounts),
    st.tuples(st.just("tell"), orders, ids, st.sampled_from(["validated", "declined"]), amounts),
    st.tuples(st.just("tell"), orders, ids, st.just("validated"), amounts),
    st.tuples(st.just("move"), orders, ids),
    st.tuples(st.just("move"), orders, ids),
    st.tuples(st.just("merge"), ids, ids),
    st.tuples(st.just("spend"), ids, st.integers(1, 4)),
    st.tuples(st.just("pay"), ids, st.integers(1, 4)),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("fail")),
    st.tuples(st.just("adjust"), ids, st.sampled_from([25, -25, 400, -90])),
)

first = st.tuples(
    st.just("tell"),
    orders,
    st.just("ann"),
    st.sampled_from(["pending", "validated", "validated"]),
    st.sampled_from([300, 1000, 1001]),
)
stories = st.builds(
    lambda opening, rest: [*opening, *rest],
    st.lists(first, min_size=2, max_size=4),
    st.lists(steps, min_size=4, max_size=20),
)

Balances = dict[tuple[int, str, str], int]


def balances_now() -> Balances:
    """(member's row, currency, kind) → minor units, by the accounts' own totals."""
    rows = Account.objects.filter(member__isnull=False)
    return {
        (int(row.member_id or 0), row.currency, row.kind): row.credited_minor - row.debited_minor
        for row in rows
        if row.credited_minor != row.debited_minor
    }


def explained(*, as_of: datetime | None = None) -> Balances:
    found: Balances = {}
    for member_id in Member.objects.values_list("pk", flat=True):
        for currency in CURRENCIES:
            told = explain(member_id, currency, as_of=as_of)
            for kind in KINDS:
                assert all(part.amount_minor > 0 for part in told.parts[kind])
                if told.total(kind):
                    found[member_id, currency, kind.value] = told.total(kind)
    return found


def what_orders_brought() -> Counter[tuple[int, str]]:
    """(member's row, order) → what the books hold of it for them: its reward, and what is kept."""
    held: Counter[tuple[int, str]] = Counter()
    for row in Transaction.objects.all():
        origin = f"transaction/{row.pk}"
        if row.member_id is not None:
            held[row.member_id, origin] += row.reward_minor
        for member_id, kept in row.unrecovered.items():
            held[int(member_id), origin] += kept
    return +held


class TestExplained(TestCase):
    @given(story=stories)
    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    def test_the_parts_of_each_balance_add_up_to_it(self, story: list[tuple[object, ...]]) -> None:
        self.the_parts_add_up(story)

    @pytest.mark.slow
    @given(story=stories)
    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    def test_the_same_of_many_more_stories(self, story: list[tuple[object, ...]]) -> None:
        self.the_parts_add_up(story)

    def the_parts_add_up(self, story: list[tuple[object, ...]]) -> None:
        self.one, self.other = (
            User.objects.create(username=name, is_staff=True, is_superuser=True)
            for name in ("one", "other")
        )
        then: dict[datetime, Balances] = {}
        for minutes, step in enumerate(story):
            self.take(step, minutes)
            at = EntryGroup.objects.aggregate(at=Max("posted_at"))["at"]
            if at is not None:
                then[at] = balances_now()

        assert explained() == balances_now()
        for at, balances in list(then.items())[-6:]:
            assert explained(as_of=at) == balances
        self.every_order_is_somewhere()

    def every_order_is_somewhere(self) -> None:
        """Pending, available, redeeming, paid out, expired, corrected: they make its reward."""
        found: Counter[tuple[int, str]] = Counter()
        for row in Member.objects.filter(same_as=None):
            told = explain(row.pk, "USD")
            for origin in {*told.origins, *told.gone}:
                if origin.startswith("transaction/"):
                    found[row.pk, origin] += told.where(origin).total
        assert +found == what_orders_brought()

    def take(self, step: tuple[object, ...], minutes: int) -> None:
        match step:
            case "tell", int(number), str(name), str(status), int(amount):
                tell(
                    observe(
                        f"tx-{number}",
                        minutes=minutes,
                        publisher_customer_id=name,
                        status=status,
                        amount_minor=amount,
                    )
                )
            case "move", int(number), str(name):
                row = Transaction.objects.filter(children__tx_id=f"tx-{number}").first()
                if row is not None:
                    with self.settings(MOVE_APPROVAL_LIMITS={"USD": 10**9}):
                        move_order(
                            transaction_id=row.pk,
                            customer_id=name,
                            actor=self.one,
                            reason="a story",
                            at=NOON,
                        )
            case ("cancel",):
                self.give_back(Status.REQUESTED, Status.CANCELLED)
            case ("fail",):
                self.give_back(Status.PAID, Status.FAILED)
            case "adjust", str(name), int(amount):
                member = find_member(name)
                has = balances_now().get((member.pk, "USD", "available"), 0) if member else 0
                if member is not None and has + amount >= 0:
                    adjust(amount, by=self.one, second=self.other, customer_id=member.customer_id)
            case "merge", str(name), str(into):
                self.merge(name, into)
            case ("spend" | "pay") as what, str(name), int(share):
                member = find_member(name)
                if member is not None:
                    amount = balances_now().get((member.pk, "USD", "available"), 0) * share // 4
                    if amount:
                        (spend if what == "spend" else pay_out)(member.customer_id, amount)

    def give_back(self, status: Status, to: Status) -> None:
        """The first redemption in this state comes to its end, and the money back."""
        row = Redemption.objects.filter(status=status.value).order_by("pk").first()
        if row is not None:
            with atomic():
                move = Move(redemption_id=row.pk, to=to, reason="a story")
                moved = move_redemptions([move], actor_id=int(self.one.pk), at=clock.now())
            assert moved[row.pk].refusal == ""

    def merge(self, name: str, into: str) -> None:
        source, target = find_member(name), find_member(into)
        if source is None or target is None or source.pk == target.pk:
            return
        if balances_now().get((source.pk, "USD", "redeeming")):
            return  # refused: a payout is under way
        actors = Actors(actor_id=int(self.one.pk), approver_id=int(self.other.pk), reason="a story")
        with atomic():
            merge_members(source.pk, target.pk, actors=actors, at=NOON)
