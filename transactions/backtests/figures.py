"""Pure: adding up what orders are rewarded with now, and would have been, one order at a time.

Orders come by their member, so that what one member wins or loses is known as soon as the next one
begins: memory grows with brands and days, never with orders or members.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from rewards_site.kernel.currencies import POINTS

EXTREMES = 10
BRANDS_MAX = 100
"""Brands that stand in the result, those with the greatest difference first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One order. Rewards in minor units of their own currency, the commission of `currency`."""

    member_id: int | None
    merchant_id: str | None
    day: date
    currency: str
    commission_minor: int
    now_minor: int
    now_currency: str
    then_minor: int
    then_currency: str

    @property
    def is_changed(self) -> bool:
        return (self.now_minor, self.now_currency) != (self.then_minor, self.then_currency) and (
            self.now_minor > 0 or self.then_minor > 0
        )


@dataclass(slots=True)
class Sums:
    """Of orders whose commission is of one currency, or of points: in its minor units."""

    orders: int = 0
    changed: int = 0
    commission: int = 0
    now: int = 0
    then: int = 0

    @property
    def difference(self) -> int:
        return self.then - self.now

    def add(self, *, now: int, then: int, commission: int = 0, is_changed: bool) -> None:
        self.orders += 1
        self.changed += is_changed
        self.commission += commission
        self.now += now
        self.then += then


@dataclass(slots=True)
class Figures:
    """What a back-test came to. Finish with `done()`."""

    is_without_window: bool = False
    """Whether the draft's window was left out, as no order of these days lies in it."""
    orders: int = 0
    members: int = 0
    """Of those whose reward differs."""
    brands: int = 0
    totals: dict[str, Sums] = field(default_factory=dict)
    """By currency; under PTS points, which are no part of any margin."""
    by_brand: dict[tuple[str, str], Sums] = field(default_factory=dict)
    """(merchant id or "", currency)."""
    by_day: dict[tuple[str, str], Sums] = field(default_factory=dict)
    """(day, currency)."""
    winners: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """Currency → (difference, member), the greatest first."""
    losers: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    _member_id: int | None = None
    _of_member: dict[str, int] = field(default_factory=dict)
    _is_affected: bool = False

    def add(self, outcome: Outcome) -> None:
        """Orders of one member come together, in any order of members."""
        if outcome.member_id != self._member_id:
            self._end_member()
            self._member_id = outcome.member_id
        self.orders += 1
        amounts: dict[str, list[int]] = {outcome.currency: [0, 0, outcome.commission_minor]}
        amounts.setdefault(outcome.now_currency, [0, 0, 0])[0] += outcome.now_minor
        amounts.setdefault(outcome.then_currency, [0, 0, 0])[1] += outcome.then_minor
        for currency, (now, then, commission) in amounts.items():
            for sums in self._sums(outcome, currency):
                sums.add(now=now, then=then, commission=commission, is_changed=outcome.is_changed)
            self._of_member[currency] = self._of_member.get(currency, 0) + then - now
        self._is_affected |= outcome.is_changed

    def _sums(self, outcome: Outcome, currency: str) -> tuple[Sums, Sums, Sums]:
        brand = (outcome.merchant_id or "", currency)
        day = (outcome.day.isoformat(), currency)
        return (
            self.totals.setdefault(currency, Sums()),
            self.by_brand.setdefault(brand, Sums()),
            self.by_day.setdefault(day, Sums()),
        )

    def _end_member(self) -> None:
        member_id = self._member_id
        if member_id is not None and self._is_affected:
            self.members += 1
            for currency, difference in self._of_member.items():
                entry = (difference, member_id)
                if difference > 0:
                    best = [*self.winners.get(currency, []), entry]
                    best.sort(key=lambda one: (-one[0], one[1]))
                    self.winners[currency] = best[:EXTREMES]
                elif difference < 0:
                    worst = [*self.losers.get(currency, []), entry]
                    self.losers[currency] = sorted(worst)[:EXTREMES]
        self._of_member, self._is_affected = {}, False

    def done(self) -> dict[str, Any]:
        """As JSON: integers and texts only."""
        self._end_member()
        self._member_id = None
        changed = [(key, sums) for key, sums in self.by_brand.items() if sums.changed]
        self.brands = len({merchant for (merchant, _), _ in changed})
        changed.sort(key=lambda item: (-abs(item[1].difference), item[0]))
        return {
            "is_without_window": self.is_without_window,
            "orders": self.orders,
            "members": self.members,
            "brands": self.brands,
            "totals": {key: asdict(sums) for key, sums in sorted(self.totals.items())},
            "by_brand": [[*key, asdict(sums)] for key, sums in changed[:BRANDS_MAX]],
            "by_day": [
                [day, currency, sums.now, sums.then]
                for (day, currency), sums in sorted(self.by_day.items())
            ],
            "winners": {key: list(map(list, rows)) for key, rows in sorted(self.winners.items())},
            "losers": {key: list(map(list, rows)) for key, rows in sorted(self.losers.items())},
        }


def margins(currency: str, sums: dict[str, int]) -> tuple[int, int] | None:
    """What the publisher keeps, now and then; None of points, which are no money."""
    if currency == POINTS:
        return None
    return sums["commission"] - sums["now"], sums["commission"] - sums["then"]
