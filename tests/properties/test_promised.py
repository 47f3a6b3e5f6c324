"""Taps, rules that change, orders told in any order: everybody has what they were promised."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from offers.models import Merchant
from tests.factories import NOON, house
from tests.properties import telling
from tests.properties.promised import FACTS, Order, Promise, State, World
from tests.properties.test_any_order import all_balances
from tests.spending import differences
from transactions.ledger.chart import AccountKind
from transactions.told import OutcomeKind

START = NOON - timedelta(days=2)
MEMBERS = ("ann", "bob", "cem")
MERCHANTS = ("org-shoes", "org-socks")
RULES = ("One", "Two", "Three", "Four")
UNITS = ("USD", "JPY", "PTS")


@st.composite
def promises(draw: st.DrawFn) -> Promise:
    """Windows are drawn in seconds from the publishing; `_windowed` makes instants of them."""
    kind = draw(
        st.sampled_from(["share", "share", "share", "fixed", "points_fixed", "points_per_unit"])
    )
    is_promotion = draw(st.integers(0, 4)) == 0
    has_cap, has_minimum = (draw(st.integers(0, 3)) == 0 for _ in range(2))
    currency = draw(st.sampled_from(["", "", "USD", "JPY"]))
    if not currency and (kind in ("fixed", "points_per_unit") or is_promotion or has_cap):
        currency = "USD"
    if not currency:
        has_minimum = False
    may_have_category = kind == "share" and not is_promotion
    return Promise(
        kind=kind,
        share_bps=draw(st.sampled_from([0, 1, 3333, 5001, 10_000] + [20_000] * is_promotion))
        if kind == "share"
        else 0,
        fixed_minor=draw(st.sampled_from([1, 250, 5000])) if kind == "fixed" else 0,
        points={"points_fixed": 70, "points_per_unit": draw(st.sampled_from([5, 10, 333]))}.get(
            kind, 0
        ),
        currency=currency,
        cap_minor=draw(st.sampled_from([1, 99, 400])) if has_cap else None,
        minimum_order_minor=draw(st.sampled_from([500, 20_000])) if has_minimum else None,
        is_promotion=is_promotion,
        budget_minor=draw(st.sampled_from([1, 600, 10**6])) if is_promotion else None,
        priority=draw(st.sampled_from([-1, 0, 0, 0, 5])),
        merchant_id=draw(st.sampled_from([None, None, *MERCHANTS])),
        category=draw(st.sampled_from(["", "", "Shoes", "Hats"])) if may_have_category else "",
    )


@dataclass(frozen=True)
class Draft:
    """An order to come, as numbers: who and what they stand for is known when it comes."""

    currency: str
    merchant: int
    """2: that of the click."""
    customer: int | None
    """3: who tapped."""
    click: int | None
    reference: str
    ago: int
    """Below zero: bought in the second of the tap, one before it, or as a rule last changed."""
    total: int
    amounts: tuple[int, ...]
    gaps: tuple[int, ...]
    ending: str
    has_new_ids: bool
    shoes: int
    """Of ten parts of the commission, how many stand on a line of shoes."""


drafts = st.builds(
    Draft,
    currency=st.sampled_from(["USD", "USD", "JPY"]),
    merchant=st.sampled_from([2, 2, 2, 0, 1]),
    customer=st.sampled_from([None, None, 3, 3, 0, 1, 2]),
    click=st.sampled_from([None, 0, 1, 2, 3, 4]),
    reference=st.sampled_from(["own"] * 5 + ["altered", "bare"]),
    ago=st.sampled_from([0, 2, 12, -1, -2, -3]),
    total=st.sampled_from([499, 500, 19_999, 20_000]),
    amounts=st.lists(
        st.sampled_from([1000, 1001, 1999, 7, 999_999, 0, -250]), min_size=1, max_size=3
    ).map(tuple),
    gaps=st.lists(st.integers(1, 9), min_size=4, max_size=4).map(tuple),
    ending=st.sampled_from(["pending", "validated", "validated", "declined"]),
    has_new_ids=st.booleans(),
    shoes=st.sampled_from([0, 0, 3, 10]),
)
hidden = st.frozensets(st.sampled_from(FACTS), max_size=3)
numbers = st.integers(0, 9)
orders = st.tuples(st.just("order"), drafts)
taps = st.tuples(st.just("tap"), numbers, numbers)
windows = st.tuples(
    st.sampled_from([None, None, None, -5, 4]), st.sampled_from([None, None, None, 8, 30])
)
tellings = st.tuples(st.just("tell"), numbers, numbers, hidden, st.booleans())
publishings = st.tuples(st.just("publish"), st.sampled_from(RULES), promises(), windows)
withdrawals = st.tuples(st.just("withdraw"), st.sampled_from(RULES))
steps = st.one_of(
    *[taps, taps, publishings, publishings, withdrawals, orders, orders],
    *[tellings, tellings, tellings],
)
stories = st.builds(
    lambda *parts: [step for part in parts for step in part],
    st.lists(publishings, min_size=3, max_size=5),
    st.lists(taps, min_size=2, max_size=4),
    st.lists(orders, min_size=4, max_size=6),
    st.lists(steps, min_size=8, max_size=16),
)


def order_of(draft: Draft, world: World, *, at: datetime) -> Order:
    click = world.clicks[draft.click % len(world.clicks)] if draft.click is not None else None
    merchants = (*MERCHANTS, click.merchant_id if click else MERCHANTS[0])
    customers = (*MEMBERS, click.member if click else None)
    purchased = at - timedelta(seconds=draft.ago)
    if draft.ago == -3:
        changes = [time for one in world.versions for time in (one.published, one.ended) if time]
        purchased = max(changes).replace(microsecond=0)
    elif draft.ago < 0:
        tapped = click.at.replace(microsecond=0) if click else at
        purchased = tapped - timedelta(seconds=-1 - draft.ago)
    created = modified = purchased + timedelta(seconds=1)
    states: list[State] = []

    def add(status: str, amount: int) -> None:
        shoes = amount * draft.shoes // 10
        lines = (("shoes", shoes), ("hats", (amount - shoes) // 2)) if amount > 0 else ()
        states.append(State(tx, status, amount, created, modified, lines if draft.shoes else ()))

    tx = 0
    for number, amount in enumerate(draft.amounts):
        if number and draft.has_new_ids:
            add("declined", draft.amounts[number - 1])
            tx, created = tx + 1, modified
        add("pending", amount)
        modified += timedelta(seconds=draft.gaps[number])
    if draft.ending != "pending":
        add(draft.ending, draft.amounts[-1])
    return Order(
        currency=draft.currency,
        merchant_id=merchants[draft.merchant],
        customer_id=None if draft.customer is None else customers[draft.customer],
        click=click if draft.reference == "own" else None,
        purchased=purchased,
        total=draft.total,
        states=states,
    )


class Stage:
    """One story: each step in the model and in the product, and a clock that only goes on."""

    def __init__(self, field_name: str) -> None:
        self.world = World(field_name)
        self.now = START
        self.refs: list[str] = []
        self.told_as: list[str | None] = []
        """The reference that is told of each order."""
        self.hook_count = 0
        for merchant_id in MERCHANTS:
            Merchant.objects.create(merchant_id=merchant_id, name=merchant_id, first_seen_at=START)

    def take(self, step: tuple[Any, ...]) -> None:
        self.now += timedelta(seconds=1)
        match step:
            case "tap", int(member), int(merchant):
                who, where = MEMBERS[member % 3], MERCHANTS[merchant % 2]
                at = self.now + timedelta(milliseconds=400)
                self.refs.append(telling.tap(who, where, at=at))
                self.world.tap(who, where, at=at)
            case "publish", str(name), Promise() as promise, (starts, ends):
                self.publish(name, promise, starts, ends)
            case "withdraw", str(name):
                telling.withdraw_rule(name, at=self.now)
                self.world.withdraw(name, at=self.now)
            case "order", Draft() as draft:
                self.order(draft)
            case "tell", int(order), int(state), frozenset() as without, bool(is_row):
                if self.world.orders:
                    number = order % len(self.world.orders)
                    state %= len(self.world.orders[number].states)
                    self.tell([(number, state, set(FACTS) - without)], is_row=is_row)

    def publish(self, name: str, promise: Promise, starts: int | None, ends: int | None) -> None:
        promise = replace(
            promise,
            starts=None if starts is None else self.now + timedelta(seconds=starts),
            ends=None if ends is None else self.now + timedelta(seconds=ends),
        )
        telling.publish(name, promise, at=self.now)
        self.world.publish(name, promise, at=self.now)

    def order(self, draft: Draft) -> None:
        order = order_of(draft, self.world, at=self.now)
        ref: str | None = None
        if draft.click is not None:
            own = self.refs[draft.click % len(self.refs)]
            altered = own[:-9] + ("A" if own[-9] != "A" else "B") + own[-8:]
            ref = {"own": own, "altered": altered, "bare": "offer-41d0c7be9a2f6603-0"}[
                draft.reference
            ]
        self.world.orders.append(order)
        self.told_as.append(ref)

    def tell(self, words: list[tuple[int, int, set[str]]], *, is_row: bool) -> None:
        """Not before it happened; whoever is named by two fields is named by both at once."""
        rows = []
        for number, at, facts in words:
            order = self.world.orders[number]
            state = order.states[at]
            self.now = max(self.now, state.modified)
            if order.click and order.customer_id not in (None, order.click.member):
                facts |= {"publisher_customer_id", "pub_ref"}
            pub_ref = self.told_as[number]
            rows.append(telling.wire(number, order, state, facts, pub_ref=pub_ref, is_row=is_row))
            order.hear(at, facts)
        if is_row:
            outcomes = telling.by_sync(rows, at=self.now)
            kinds = {outcome.kind for outcome in outcomes}
            assert kinds <= {OutcomeKind.APPLIED, OutcomeKind.IGNORED}, outcomes
            return
        for row in rows:
            self.hook_count += 1
            assert telling.by_webhook(f"hook-{self.hook_count}", row) in ("processed", "ignored")

    def tell_the_rest(self, chance: random.Random) -> None:
        """Every state with every fact, in any order: one half one by one, the other as a page."""
        words = [
            (number, at, set(FACTS))
            for number, order in enumerate(self.world.orders)
            for at in range(len(order.states))
        ]
        chance.shuffle(words)
        middle = len(words) // 2
        for word in words[:middle]:
            self.tell([word], is_row=chance.random() < 0.5)
        self.tell(words[middle:], is_row=True)

    def compare(self) -> None:
        assert all_balances() == self.world.balances()
        pots = {
            "pending": AccountKind.UNATTRIBUTED_PENDING,
            "available": AccountKind.UNATTRIBUTED_AVAILABLE,
        }
        assert _house(pots) == self.world.waiting()
        pots = {"pending": AccountKind.MARGIN_PENDING, "available": AccountKind.MARGIN_EARNED}
        assert _house(pots) == self.world.margins()
        assert differences() == []


def _house(pots: dict[str, AccountKind]) -> Counter[tuple[str, str]]:
    found = {(unit, pot): -house(kind, unit) for unit in UNITS for pot, kind in pots.items()}
    return Counter({key: minor for key, minor in found.items() if minor})


class TestPromised(TestCase):
    def run_story(self, story: list[tuple[Any, ...]], field_name: str, seed: int) -> None:
        with self.settings(ATTRIBUTION_FIELD=field_name):
            stage = Stage(field_name)
            for step in story:
                stage.take(step)
                if step[0] == "tell":
                    assert all_balances() == stage.world.balances()
            stage.tell_the_rest(random.Random(seed))
            stage.compare()

    FIELDS = st.sampled_from(["either", "either", "either", "publisher_customer_id", "pub_ref"])

    @given(story=stories, field_name=FIELDS, seed=st.integers(0, 99))
    @settings(max_examples=6, suppress_health_check=list(HealthCheck))
    def test_everybody_has_what_was_promised(
        self, story: list[tuple[Any, ...]], field_name: str, seed: int
    ) -> None:
        self.run_story(story, field_name, seed)

    @pytest.mark.slow
    @pytest.mark.timeout(3600)
    @given(story=stories, field_name=FIELDS, seed=st.integers(0, 99))
    @settings(max_examples=600, suppress_health_check=list(HealthCheck))
    def test_everybody_has_what_was_promised_in_many_stories(
        self, story: list[tuple[Any, ...]], field_name: str, seed: int
    ) -> None:
        self.run_story(story, field_name, seed)
