"""What members must have by the contract's words (section 4, Reward): a model of its own.

It imports nothing of the product. Rules, taps and orders are plain values; what an order earns is
reckoned anew, in fractions, from all that was told of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

TICK = timedelta(microseconds=1)
DIGITS = {"USD": 2, "JPY": 0, "KWD": 3}
DEFAULT_BPS = 5000

Balances = dict[str, dict[str, dict[str, int]]]
"""customer id → currency → pot → minor units, without zeros."""


@dataclass(frozen=True)
class Promise:
    """What a version of a rule says. Windows are instants; `points` are tenths of a point."""

    kind: str = "share"
    share_bps: int = 0
    fixed_minor: int = 0
    points: int = 0
    currency: str = ""
    cap_minor: int | None = None
    minimum_order_minor: int | None = None
    is_promotion: bool = False
    budget_minor: int | None = None
    priority: int = 0
    merchant_id: str | None = None
    category: str = ""
    starts: datetime | None = None
    ends: datetime | None = None

    def pays(self, order: Order) -> bool:
        if self.currency and self.currency != order.currency:
            return False
        if self.minimum_order_minor is None:
            return True
        return order.total >= self.minimum_order_minor

    def at_most(self, amount: Fraction) -> Fraction:
        return amount if self.cap_minor is None else min(amount, Fraction(self.cap_minor))


@dataclass
class Version:
    """Of the rule `name`; it holds after `published` and before `ended`."""

    name: str
    promise: Promise
    published: datetime
    ended: datetime | None = None

    def holds(self, at: datetime) -> bool:
        said = self.promise
        return (
            self.published < at
            and (self.ended is None or at < self.ended)
            and (said.starts is None or said.starts <= at)
            and (said.ends is None or at < said.ends)
        )

    @property
    def strength(self) -> tuple[int, int, datetime]:
        said = self.promise
        return said.priority, 2 * bool(said.merchant_id) + bool(said.category), self.published


@dataclass(frozen=True)
class Terms:
    """The strongest rule for a whole order (None: the default share), and those for categories."""

    base: Version | None
    for_lines: tuple[Version, ...] = ()

    def of_line(self, category: str) -> Version | None:
        fitting = [one for one in self.for_lines if one.promise.category.lower() == category]
        if self.base is not None:
            fitting.append(self.base)
        return max(fitting, key=lambda one: one.strength, default=None)

    def reward(self, order: Order, worth: State) -> tuple[int, str]:
        """Minor units, and of what."""
        commission, said = worth.amount, self.base.promise if self.base else Promise()
        if said.kind.startswith("points"):
            points = Fraction(said.points, 10)
            if said.kind == "points_per_unit":
                points *= Fraction(commission, 10 ** DIGITS[order.currency])
            is_paid = commission > 0 and said.pays(order)
            return (floor(said.at_most(points)) if is_paid else 0), "PTS"
        if commission <= 0:
            return 0, order.currency
        if said.kind == "fixed":
            amount = said.at_most(Fraction(said.fixed_minor if said.pays(order) else 0))
            most = amount if said.is_promotion else Fraction(commission)
            return floor(min(amount, most)), order.currency
        parts: Counter[int] = Counter()
        by: dict[int, Promise | None] = {}
        rest = commission - sum(minor for _, minor in worth.lines)
        for version, minor in [
            *((self.of_line(category), minor) for category, minor in worth.lines),
            (self.base, rest),
        ]:
            parts[id(version)] += minor
            by[id(version)] = version.promise if version else None
        exact = Fraction(0)
        for key, minor in parts.items():
            promise = by[key]
            if promise is None:
                exact += Fraction(minor * DEFAULT_BPS, 10_000)
            elif promise.pays(order):
                exact += promise.at_most(Fraction(minor * promise.share_bps, 10_000))
        return floor(exact), order.currency


@dataclass(frozen=True)
class Click:
    member: str
    merchant_id: str
    at: datetime
    terms: Terms


@dataclass(frozen=True)
class State:
    """One state of one `tx` id; `lines` are (category, commission)."""

    tx: int
    status: str
    amount: int
    created: datetime
    modified: datetime
    lines: tuple[tuple[str, int], ...] = ()


FACTS = ("publisher_customer_id", "pub_ref", "merchant", "purchased")


@dataclass
class Order:
    """An order as it truly is, and what was told of it so far."""

    currency: str
    merchant_id: str
    customer_id: str | None
    click: Click | None
    """The one that the reference told is of, word for word."""
    purchased: datetime
    total: int
    states: list[State]
    told: dict[int, set[str]] = field(default_factory=dict)
    """Number of a state → the facts told with it."""

    def hear(self, number: int, facts: set[str]) -> None:
        self.told.setdefault(number, set()).update(facts)

    def knows(self, fact: str) -> bool:
        return any(fact in facts for facts in self.told.values())

    def counting_click(self) -> Click | None:
        is_told = self.knows("pub_ref") and self.knows("merchant")
        is_here = self.click is not None and self.click.merchant_id == self.merchant_id
        return self.click if is_told and is_here else None

    def member(self, field_name: str) -> str | None:
        by_name = self.customer_id if self.knows("publisher_customer_id") else None
        click = self.counting_click()
        by_click = click.member if click else None
        return {
            "either": by_name or by_click,
            "publisher_customer_id": by_name,
            "pub_ref": by_click,
        }[field_name]

    def bought_at(self) -> datetime:
        if self.knows("purchased"):
            return self.purchased
        return min(self.states[number].created for number in self.told)

    def worth(self) -> State:
        """The child that decides, as last told."""
        last: dict[int, State] = {}
        for number in sorted(self.told):
            last[self.states[number].tx] = self.states[number]
        valid = [state for state in last.values() if state.status == "validated"]
        return max(
            valid or last.values(),
            key=lambda one: (one.created, one.modified, one.status != "declined", one.tx),
        )


class World:
    """Rules, taps and orders so far; what everybody must have."""

    def __init__(self, field_name: str) -> None:
        self.field_name = field_name
        self.versions: list[Version] = []
        self.clicks: list[Click] = []
        self.orders: list[Order] = []

    def publish(self, name: str, promise: Promise, *, at: datetime) -> None:
        for version in self.versions:
            if version.name == name and version.ended is None:
                version.ended = at + TICK  # the next one holds from there
        self.versions.append(Version(name, promise, at))

    def withdraw(self, name: str, *, at: datetime) -> None:
        for version in self.versions:
            if version.name == name and version.ended is None:
                version.ended = at

    def tap(self, member: str, merchant_id: str, *, at: datetime) -> Click:
        offered = [version for version in self.versions if not self._is_spent(version)]
        self.clicks.append(Click(member, merchant_id, at, _terms(offered, merchant_id, at)))
        return self.clicks[-1]

    def _is_spent(self, version: Version) -> bool:
        said = version.promise
        if not said.is_promotion:
            return False
        assert said.budget_minor is not None
        used = 0
        for order in self.orders:
            base = self.terms(order).base if order.told else None
            if base and base.promise.is_promotion and base.name == version.name:
                minor, unit = self.reward(order)
                used += minor if unit == said.currency else 0
        return used >= said.budget_minor

    def terms(self, order: Order) -> Terms:
        click, member = order.counting_click(), order.member(self.field_name)
        bought_at = order.bought_at()
        if click and click.member == member and click.at.replace(microsecond=0) <= bought_at:
            return click.terms
        return _terms(
            self.versions, order.merchant_id if order.knows("merchant") else None, bought_at
        )

    def reward(self, order: Order) -> tuple[int, str]:
        worth = order.worth()
        minor, unit = self.terms(order).reward(order, worth)
        return (0 if worth.status == "declined" else minor), unit

    def _rewards(self) -> Iterator[tuple[str | None, str, str, int]]:
        for order in self.orders:
            if order.told:
                minor, unit = self.reward(order)
                pot = {"pending": "pending", "validated": "available"}.get(order.worth().status)
                if pot and minor:
                    yield order.member(self.field_name), unit, pot, minor

    def balances(self) -> Balances:
        found: Balances = {}
        for member, unit, pot, minor in self._rewards():
            if member is not None:
                pots = found.setdefault(member, {}).setdefault(unit, {})
                pots[pot] = pots.get(pot, 0) + minor
        return found

    def waiting(self) -> Counter[tuple[str, str]]:
        """(currency, pot) → what waits for its member."""
        kept: Counter[tuple[str, str]] = Counter()
        for member, unit, pot, minor in self._rewards():
            if member is None:
                kept[unit, pot] += minor
        return kept

    def margins(self) -> Counter[tuple[str, str]]:
        """(currency, pot) → what the publisher keeps of commissions; it may be below zero."""
        kept: Counter[tuple[str, str]] = Counter()
        for order in self.orders:
            status = order.worth().status if order.told else "declined"
            if status != "declined":
                minor, unit = self.reward(order)
                pot = "pending" if status == "pending" else "available"
                kept[order.currency, pot] += order.worth().amount
                kept[order.currency, pot] -= minor if unit == order.currency else 0
        return Counter({key: minor for key, minor in kept.items() if minor})


def _terms(versions: list[Version], merchant_id: str | None, at: datetime) -> Terms:
    holding = [
        version
        for version in versions
        if version.holds(at) and version.promise.merchant_id in (None, merchant_id)
    ]
    whole = [version for version in holding if not version.promise.category]
    return Terms(
        base=max(whole, key=lambda one: one.strength, default=None),
        for_lines=tuple(version for version in holding if version.promise.category),
    )
