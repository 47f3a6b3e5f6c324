"""Random life cycles of orders as Button would tell them, and what they must come to.

The model below shares nothing with the product: it knows only where each story ends, what its order
was promised, and the rule floor(commission × share / 10000). Stories follow Button's documented
behaviour: pending, adjusted, validated or declined; by one `tx` id that is updated, or by a new one
for each adjustment.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

CURRENCIES = ("USD", "GBP", "JPY", "KWD")
SHARE_BPS = 5000
START = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class State:
    """One state of one `tx` id, as Button would tell it."""

    tx_id: str
    status: str
    amount: int
    created_at: datetime
    modified_at: datetime


@dataclass(frozen=True)
class Promise:
    """A share of the commission; or points for an order; or for each dollar of commission."""

    share_bps: int = SHARE_BPS
    points: int = 0
    points_per_dollar: int = 0

    def reward(self, amount: int, currency: str) -> tuple[int, str]:
        """How much, and of what, `amount` of commission earns."""
        earning = max(0, amount)
        if self.points:
            return (self.points if earning else 0), "PTS"
        if self.points_per_dollar:
            return (self.points_per_dollar * earning // 100 if currency == "USD" else 0), "PTS"
        return earning * self.share_bps // 10_000, currency


@dataclass(frozen=True)
class Tapped:
    """A click of a member at a brand, before all orders, and what it promised."""

    customer_id: str
    merchant_id: str
    pub_ref: str
    promise: Promise


@dataclass
class Story:
    """An order from its first state to its last."""

    order_id: str | None
    account_id: str
    currency: str
    category: str
    customer_id: str | None
    merchant_id: str
    states: list[State] = field(default_factory=list)
    promise: Promise = Promise()
    pub_ref: str | None = None
    is_named: bool = True
    """Whether Button tells the customer id; else the reference alone says who it is."""

    def end(self) -> State:
        return self.states[-1]

    def latest(self, until: datetime) -> list[State]:
        """The state that the API would show of each `tx` id at an instant."""
        shown: dict[str, State] = {}
        for state in self.states:
            if state.modified_at <= until:
                shown[state.tx_id] = state
        return list(shown.values())

    def wire(self, state: State, *, milliseconds: bool) -> dict[str, Any]:
        """The state as Button writes it: webhooks with milliseconds, the API without."""
        form = "milliseconds" if milliseconds else "seconds"

        def text(at: datetime) -> str:
            return at.isoformat(timespec=form).replace("+00:00", "Z")

        return {
            "id": state.tx_id,
            "status": state.status,
            "category": self.category,
            "account_id": self.account_id,
            "amount": state.amount,
            "currency": self.currency,
            "button_order_id": self.order_id,
            "publisher_customer_id": self.customer_id if self.is_named else None,
            "pub_ref": self.pub_ref,
            "commerce_organization": self.merchant_id,
            "created_date": text(state.created_at),
            "modified_date": text(state.modified_at),
            "order_total": abs(state.amount) * 10,
            "order_currency": self.currency,
        }


LONGEST = timedelta(days=35)
"""From `start` to the last state of any story; less than this."""


def stories(count: int, *, seed: int, members: int = 50, start: datetime = START) -> list[Story]:
    """`count` random stories, the same for the same seed; `start` moves all of them in time."""
    chance = random.Random(seed)
    return [_story(number, chance, members, start) for number in range(count)]


def _story(number: int, chance: random.Random, members: int, start: datetime) -> Story:
    currency = chance.choice(CURRENCIES)
    is_install = chance.random() < 0.05
    story = Story(
        order_id=None if is_install else f"btnorder-{number}",
        account_id=f"acc-{currency.lower()}",
        currency=currency,
        category="app-install"
        if is_install
        else chance.choice(["new-user-order"] * 9 + ["existing-user-order"]),
        customer_id=None if chance.random() < 0.05 else f"member-{chance.randrange(members)}",
        merchant_id=f"org-{chance.randrange(7)}",
    )
    at = start + timedelta(seconds=chance.randrange(86_400), milliseconds=chance.randrange(1000))
    if is_install:
        story.states.append(State(f"tx-{number}", "validated", chance.randrange(500), at, at))
        return story
    has_new_ids = chance.random() < 0.3
    tx, created = 0, at
    amount = chance.choice([0, 1, chance.randrange(2, 100_000), chance.randrange(2, 10**9)])
    story.states.append(State(f"tx-{number}-0", "pending", amount, created, at))
    for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
        # Some adjustments come within the same second
        at += timedelta(milliseconds=chance.choice([1300, 60_000, 3_600_000, 86_400_000]))
        if has_new_ids:
            if chance.random() < 0.7:
                story.states.append(State(f"tx-{number}-{tx}", "declined", amount, created, at))
            tx, created = tx + 1, at
        amount = chance.choice([0, -250, amount // 2, amount + 17, chance.randrange(100_000)])
        story.states.append(State(f"tx-{number}-{tx}", "pending", amount, created, at))
    ending = chance.choice(["pending", "validated", "validated", "declined"])
    if ending != "pending":
        at += timedelta(seconds=chance.choice([1, 60, 86_400 * 30]))
        story.states.append(State(f"tx-{number}-{tx}", ending, amount, created, at))
    return story


def shop(
    told: list[Story], tapped: list[Tapped], chance: random.Random, rule: Callable[[Story], Promise]
) -> None:
    """Have part of the orders come by clicks, some with references that are not theirs; the others
    are promised what the `rule` in force says.
    """
    own = {(tap.customer_id, tap.merchant_id): tap for tap in tapped}
    for story in told:
        if story.category == "app-install":
            continue
        story.promise = rule(story)
        tap = own.get((story.customer_id or "", story.merchant_id))
        way = chance.random()
        if tap is not None and way < 0.6:
            story.pub_ref, story.promise, story.is_named = tap.pub_ref, tap.promise, way < 0.2
        elif way > 0.8:
            other = chance.choice(tapped)
            is_no_others = other is tap or story.customer_id is None
            story.pub_ref = other.pub_ref[: -1 if is_no_others else None]


def expected_balances(told: list[Story]) -> dict[str, dict[str, dict[str, int]]]:
    """customer id → currency → {pending, available}, in minor units, without zeros."""
    totals: dict[str, dict[str, dict[str, int]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(int))
    )
    for story in told:
        end = story.end()
        if story.category == "app-install" or story.customer_id is None:
            continue
        reward, unit = story.promise.reward(end.amount, story.currency)
        kind = {"pending": "pending", "validated": "available"}.get(end.status)
        if kind and reward:
            totals[story.customer_id][unit][kind] += reward
    return {who: {what: dict(kinds) for what, kinds in by.items()} for who, by in totals.items()}


@dataclass(frozen=True)
class Hook:
    """A webhook to deliver: its event id and body."""

    hook_id: str
    body: dict[str, Any]


def webhooks(
    told: list[Story], chance: random.Random, *, lost: float = 0.1, repeated: float = 0.3
) -> list[Hook]:
    """Every state as a webhook: some lost, some delivered again, all in any order."""
    hooks = []
    for story in told:
        for number, state in enumerate(story.states):
            if chance.random() < lost:
                continue
            hook_id = f"hook-{state.tx_id}-{number}"
            event = {
                "id": hook_id,
                "event_type": f"tx-{state.status}",
                "data": story.wire(state, milliseconds=True),
            }
            for attempt in range(2 if chance.random() < repeated else 1):
                hooks.append(Hook(hook_id, event | {"request_id": f"attempt-{attempt}"}))
    chance.shuffle(hooks)
    return hooks


def api_rows(told: list[Story], *, until: datetime | None = None) -> Iterator[dict[str, Any]]:
    """What the Transactions API shows: the latest state of every `tx` id at an instant."""
    for story in told:
        for state in story.latest(until or datetime.max.replace(tzinfo=UTC)):
            yield story.wire(state, milliseconds=False)
