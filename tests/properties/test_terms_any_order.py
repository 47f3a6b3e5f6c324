"""Who earns how much goes by what Button had said until the order was final, however it arrives."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.factories import MERCHANT, NOON, balances, observe, tell
from tests.spending import differences
from transactions.models import Transaction
from transactions.told import Channel, Told

EARLY, LATE = NOON - timedelta(days=3), NOON - timedelta(days=1)
LIVE = NOON - timedelta(days=2)
TIMES = ("purchased_at", "attribution_at", "event_at")


@dataclass(frozen=True)
class Way:
    """One telling of a state: by which channel, and which of its facts it tells."""

    channel: Channel
    facts: frozenset[str]


@dataclass(frozen=True)
class State:
    """One state of one `tx` id, `minutes` after noon, and the ways it is told."""

    tx_id: str
    minutes: int
    status: str
    amount: int
    facts: dict[str, Any] = field(hash=False)
    ways: tuple[Way, ...] = ()


facts = st.fixed_dictionaries(
    {name: st.sampled_from([EARLY, LATE]) for name in TIMES}
    | {"publisher_customer_id": st.just("named"), "merchant_id": st.just(MERCHANT)}
)
names = st.frozensets(st.sampled_from([*TIMES, "publisher_customer_id", "merchant_id"]))
ways = st.lists(st.builds(Way, st.sampled_from(list(Channel)), names), min_size=1, max_size=2)


@st.composite
def lives(draw: st.DrawFn) -> list[State]:
    """An order from its first state to its last, in the order of its times.

    One `tx` id, or a second one that takes over. A final state may be told again, later, with
    facts that were not told before.
    """
    states: list[State] = []
    minutes = 0

    def add(tx_id: str, status: str, amount: int) -> None:
        nonlocal minutes
        minutes += 1
        told = tuple(draw(ways))
        states.append(State(tx_id, minutes, status, amount, draw(facts), told))

    ends = draw(
        st.sampled_from(
            [
                ("",),
                ("validated",),
                ("declined",),
                ("", "validated"),
                ("declined", "validated"),
                ("validated", ""),
                ("declined", ""),
            ]
        )
    )
    for number, end in enumerate(ends):
        amount = 1000
        for _ in range(draw(st.integers(0 if end else 1, 2))):
            amount = draw(st.sampled_from([1000, 600]))
            add(f"tx-{number}", "pending", amount)
        for _ in range(draw(st.integers(1, 2)) if end else 0):
            add(f"tx-{number}", end, amount)
    return states


def told(states: list[State], whose: str) -> list[Told]:
    """All that is told of the order of `whose`, in the order of its times."""
    return [_told(state, way, whose) for state in states for way in state.ways]


def _told(state: State, way: Way, whose: str) -> Told:
    values = state.facts | {"publisher_customer_id": whose}
    said: dict[str, Any] = {
        name: value if name in way.facts else None for name, value in values.items()
    }
    return observe(
        f"{whose}-{state.tx_id}",
        minutes=state.minutes,
        channel=way.channel,
        button_order_id=f"btnorder-{whose}",
        status=state.status,
        amount_minor=state.amount,
        created_at=NOON + timedelta(minutes=int(state.tx_id[-1])),
        **said,
    )


def final_minute(states: list[State]) -> int | None:
    """When the final state that holds was told first; None where none holds."""
    by_tx = {state.tx_id: state for state in states}
    validated = [state.minutes for state in states if state.status == "validated"]
    if validated:
        return min(validated)
    last = by_tx[max(by_tx)]
    if last.status != "declined":
        return None
    return min(s.minutes for s in states if (s.tx_id, s.status) == (last.tx_id, "declined"))


def bought_at(states: list[State]) -> datetime:
    """By what was told until then: of the `tx` id that decides, else of the other."""
    end = final_minute(states)
    known: dict[str, dict[str, datetime]] = {}
    is_over: dict[str, int] = {}
    for state in states:
        if state.status != "pending":
            is_over.setdefault(state.tx_id, state.minutes)
        if state.minutes > min(end or 99, is_over.get(state.tx_id, 99)):
            continue
        mine = known.setdefault(state.tx_id, {})
        for way in state.ways:
            mine |= {name: state.facts[name] for name in way.facts if name in TIMES}
    valid = {state.tx_id for state in states if state.status == "validated"}
    order = sorted(known, key=lambda tx_id: (tx_id in valid, tx_id), reverse=True)
    for name in TIMES:
        for tx_id in order:
            if name in known[tx_id]:
                return known[tx_id][name]
    return NOON


def reward(states: list[State]) -> dict[str, int]:
    last = [state for state in states if state.status == "validated"] or states
    if last[-1].status == "declined" or bought_at(states) < LIVE:
        return {}
    if not any("publisher_customer_id" in way.facts for state in states for way in state.ways):
        return {}
    pot = "available" if last[-1].status == "validated" else "pending"
    return {pot: last[-1].amount // 2}


class TestTermsAnyOrder(TestCase):
    @given(states=lives(), data=st.data())
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    def test_any_order_ends_as_if_told_in_time(
        self, states: list[State], data: st.DataObject
    ) -> None:
        mixed = data.draw(st.permutations(told(states, "mixed")))
        with self.settings(GO_LIVE_AT=LIVE, REWARD_BEFORE_GO_LIVE=False):
            for event in told(states, "in-time"):
                tell(event)
            while mixed:
                size = data.draw(st.sampled_from([1, 1, 2, 5]))
                tell(*mixed[:size])
                mixed = mixed[size:]

            assert balances("in-time") == reward(states)
            assert balances("mixed") == reward(states)
        assert Transaction.objects.count() == 2
        one, other = Transaction.objects.order_by("pk")
        assert one.terms == other.terms
        assert (one.purchased_at, one.merchant_id) == (other.purchased_at, other.merchant_id)
        assert differences() == []
