"""A model of one member's life with money: what they should have, and what they should be told.

It shares no code with the product. It knows the contract: half of a commission, rounded down; a
pending order moves by differences; a final one stays; a redemption holds, pays or gives back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BRAND, SLOW_BRAND = "org-quick", "org-slow"
"""The second one's final rewards are held back."""
MINIMUM = 500

Step = tuple[str, dict[str, Any]]
"""What is done, and with what; the story's driver does it to the product and to the model."""


@dataclass
class Order:
    """One order: its reward, and where that is."""

    reward: int
    brand: str
    state: str = "pending"
    is_held: bool = False


@dataclass
class Payout:
    amount: int
    state: str = "requested"


@dataclass
class Life:
    """Amounts in cents. `told` is what the member was told: (kind, before, after)."""

    pending: int = 0
    available: int = 0
    redeeming: int = 0
    paid_out: int = 0
    lifetime_earned: int = 0
    orders: dict[str, Order] = field(default_factory=dict)
    payouts: dict[int, Payout] = field(default_factory=dict)
    told: list[tuple[str, int | None, int | None]] = field(default_factory=list)
    moves: list[tuple[int, int]] = field(default_factory=list)
    """(pending, available): what each item of activity changed."""
    open_claim: str = ""
    """The order that a claim waits for."""

    def _move(self, pending: int, available: int) -> None:
        self.pending += pending
        self.available += available
        self.moves.append((pending, available))

    def hear(self, order_id: str, status: str, commission: int, brand: str) -> None:
        """Button tells of an order; after its final state nothing counts."""
        is_first = order_id not in self.orders
        order = self.orders.setdefault(order_id, Order(0, brand))
        if order.state != "pending":
            return
        before, after = order.reward, commission // 2
        if status == "declined":
            after = 0
        is_freed = status == "validated" and brand != SLOW_BRAND
        order.reward, order.state = after, status
        order.is_held = status == "validated" and not is_freed and after > 0
        if is_freed and (before or after):
            self._move(-before, after)
            self.lifetime_earned += after
            kind = "reward.available" if after else "reward.adjusted"
            self.told.append((kind, before or None, after))
        elif before != after:
            self._move(after - before, 0)
            self.told.append((_kind(status, before), before or None, after))
        if is_first and self.open_claim == order_id:
            self.open_claim = ""
            self.told.append(("claim.answered", None, None))

    def release_all(self) -> None:
        for order in self.orders.values():
            if order.is_held:
                order.is_held = False
                self._move(-order.reward, order.reward)
                self.lifetime_earned += order.reward
                self.told.append(("reward.available", order.reward, order.reward))

    def ask(self, number: int, amount: int) -> int:
        """Ask for a payout; the HTTP status that answers."""
        if amount < MINIMUM or amount > self.available:
            return 422
        self.payouts[number] = Payout(amount)
        self.redeeming += amount
        self._move(0, -amount)
        self.told.append(("redemption.requested", None, amount))
        return 201

    def may(self, number: int, to: str) -> bool:
        state = self.payouts[number].state
        return to in {
            "requested": {"approved", "rejected", "cancelled"},
            "approved": {"paid", "rejected", "failed"},
            "paid": {"failed"},
        }.get(state, set())

    def turn(self, number: int, to: str) -> None:
        """A payout goes on; the caller asked may()."""
        payout = self.payouts[number]
        before, payout.state = payout.state, to
        self.told.append((f"redemption.{to}", None, payout.amount))
        if to == "approved":
            return
        if before == "paid":
            self.paid_out -= payout.amount
        else:
            self.redeeming -= payout.amount
        if to == "paid":
            self.paid_out += payout.amount
            self.moves.append((0, 0))
        else:
            self._move(0, payout.amount)

    def adjust(self, amount: int) -> bool:
        """Two people change the balance; whether it can bear it."""
        if self.available + amount < 0:
            return False
        self._move(0, amount)
        self.lifetime_earned += max(0, amount)
        self.told.append(("balance.adjusted", None, None))
        return True


def _kind(status: str, before: int) -> str:
    if status == "declined":
        return "reward.declined"
    return "reward.adjusted" if before else "reward.pending"


def steps(dice: random.Random, life: Life, *, length: int) -> Iterator[Step]:
    """A life, step by step: each is drawn when the one before it was lived."""
    for number in range(length):
        names = ["hear"] * 6 + ["ask"] * 2 + ["turn"] * 3 + ["adjust", "release", "claim"]
        name = dice.choice(names)
        if name == "turn" and life.payouts:
            to = dice.choice(["approved", "paid", "paid", "rejected", "cancelled", "failed"])
            yield "turn", {"number": dice.choice(sorted(life.payouts)), "to": to}
        elif name == "ask":
            most = max(600, life.available + 300)
            amount = dice.choice([life.available, dice.randint(1, most), 499, 500])
            yield "ask", {"number": number, "amount": amount}
        elif name == "adjust":
            yield "adjust", {"amount": dice.choice([250, 1000, -100, -700])}
        elif name == "release":
            yield "release", {}
        elif name == "claim" and not life.open_claim:
            yield "claim", {"order_id": f"c{number}", "number": number}
        else:
            yield "hear", _word(dice, life, number)


def _word(dice: random.Random, life: Life, number: int) -> dict[str, Any]:
    known = sorted(life.orders) + ([life.open_claim] if life.open_claim else [])
    order_id = dice.choice([*known, f"o{number}"])
    brand = BRAND if dice.randrange(4) else SLOW_BRAND
    if order_id in life.orders:
        brand = life.orders[order_id].brand
    elif order_id == life.open_claim:
        brand = BRAND
    return {
        "order_id": order_id,
        "status": dice.choice(["pending", "pending", "validated", "validated", "declined"]),
        "commission": dice.choice([0, 1, 2, 999, 1000, 2401, 10_000]),
        "brand": brand,
    }
