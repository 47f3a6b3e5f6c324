"""What becomes of an order after the purchase: which changes, how many, when.

Times are minutes of Button's own pace; the sandbox divides them by its speed, 60 unless told
otherwise, so that a minute takes a second and a whole life a minute and a half.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from rewards_site.button.sandbox.records import Basket, Status

REPORTED_MINUTES = (1.0, 5.0)
ADJUSTED_MINUTES = (15.0, 38.0)
FINAL_MINUTES = (40.0, 90.0)


class Fate(StrEnum):
    """How an order goes. What is not declined is validated in the end."""

    PLAIN = "plain"
    ADJUSTED_DOWN = "adjusted-down"
    ADJUSTED_UP = "adjusted-up"
    ADJUSTED_TWICE = "adjusted-twice"
    ADJUSTED_THRICE = "adjusted-thrice"
    EMPTIED = "emptied"
    """Everything is sent back, line by line: adjusted to 0, and validated so."""
    DECLINED = "declined"
    ADJUSTED_THEN_DECLINED = "adjusted-then-declined"
    ZERO = "zero"
    """An order of nothing, commission 0, as a free trial is."""
    INSTALL = "install"


OPENING = (
    Fate.PLAIN,
    Fate.ADJUSTED_DOWN,
    Fate.DECLINED,
    Fate.ADJUSTED_UP,
    Fate.INSTALL,
    Fate.EMPTIED,
    Fate.PLAIN,
    Fate.ADJUSTED_TWICE,
)
"""The first orders of a run: whoever watches sees every kind of change soon."""

DECK = (
    *(Fate.PLAIN,) * 6,
    *(Fate.ADJUSTED_DOWN,) * 3,
    *(Fate.ADJUSTED_UP,) * 2,
    *(Fate.DECLINED,) * 3,
    Fate.ADJUSTED_TWICE,
    Fate.ADJUSTED_THRICE,
    Fate.EMPTIED,
    Fate.ADJUSTED_THEN_DECLINED,
    Fate.ZERO,
    Fate.INSTALL,
)
"""Shuffled for every twenty orders after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step after the report: an adjustment to `basket` (status pending) or the end."""

    after_minutes: float
    status: Status
    basket: Basket


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    reported_after_minutes: float
    changes: tuple[Change, ...]


def live(fate: Fate, basket: Basket, *, chance: random.Random) -> Life:
    """All that will happen to an order of `basket`."""
    reported_after_minutes = chance.uniform(*REPORTED_MINUTES)
    changes: list[Change] = []
    baskets = _baskets(fate, basket, chance=chance)
    first, last = ADJUSTED_MINUTES
    share = (last - first) / max(len(baskets), 1)
    for number, adjusted in enumerate(baskets):
        after = first + share * number + chance.uniform(0, share * 0.8)
        changes.append(Change(after_minutes=after, status=Status.PENDING, basket=adjusted))
    is_declined = fate in {Fate.DECLINED, Fate.ADJUSTED_THEN_DECLINED}
    end = Status.DECLINED if is_declined else Status.VALIDATED
    after = chance.uniform(*FINAL_MINUTES)
    last_basket = baskets[-1] if baskets else basket
    changes.append(Change(after_minutes=after, status=end, basket=last_basket))
    return Life(reported_after_minutes=reported_after_minutes, changes=tuple(changes))


def _baskets(fate: Fate, basket: Basket, *, chance: random.Random) -> list[Basket]:
    match fate:
        case Fate.ADJUSTED_DOWN | Fate.ADJUSTED_THEN_DECLINED:
            return [_fewer(basket, chance=chance)]
        case Fate.ADJUSTED_UP:
            return [_more(basket, chance=chance)]
        case Fate.ADJUSTED_TWICE:
            more = _more(basket, chance=chance)
            return [more, _fewer(more, chance=chance)]
        case Fate.ADJUSTED_THRICE:
            fewer = _fewer(basket, chance=chance)
            more = _more(fewer, chance=chance)
            return [fewer, more, _fewer(more, chance=chance)]
        case Fate.EMPTIED:
            return [tuple(line.of(0) for line in basket)]
        case _:
            return []


def _fewer(basket: Basket, *, chance: random.Random) -> Basket:
    """One article of a line is sent back; a line of one stays in the order with quantity 0."""
    return _with_quantity(basket, -1, chance=chance)


def _more(basket: Basket, *, chance: random.Random) -> Basket:
    return _with_quantity(basket, +1, chance=chance)


def _with_quantity(basket: Basket, change: int, *, chance: random.Random) -> Basket:
    movable = [n for n, line in enumerate(basket) if line.amount > 0 and line.quantity > 0]
    if not movable:
        return basket
    chosen = chance.choice(movable)
    return tuple(
        line.of(line.quantity + change) if number == chosen else line
        for number, line in enumerate(basket)
    )
