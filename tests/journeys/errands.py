"""What a few shoppers do, step by step, and what it must come to: worked out by hand.

A member gets half of the commission, rounded down, once per order; nothing of a declined order,
nothing of a commission that is not above 0, and nothing of an app install.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.button.sandbox.caller import Caller
from tests.journeys.books import Balances


@dataclass(frozen=True)
class Errand:
    """An order: its commission as first told and as adjusted, and how it ends."""

    customer: str | None
    currency: str
    amounts: tuple[int, ...]
    end: str


ERRANDS = (
    Errand("anna", "USD", (587,), "validate"),  # 293 available
    Errand("anna", "USD", (587, 347), "validate"),  # 173 available
    Errand("anna", "USD", (100, 150), "decline"),
    Errand("anna", "USD", (998, 999), "pending"),  # 499 pending
    Errand("ben", "GBP", (250, 0), "validate"),
    Errand("ben", "JPY", (0,), "validate"),
    Errand("ben", "JPY", (90, 45, 135), "pending"),  # 67 pending
    Errand("ben", "USD", (1,), "validate"),
    Errand("cleo", "KWD", (12345, 12344), "validate"),  # 6172 available
    Errand("cleo", "USD", (-300,), "validate"),
    Errand(None, "USD", (400,), "validate"),
)
EXPECTED: Balances = {
    "anna": {"USD": {"pending": 499, "available": 466}},
    "ben": {"JPY": {"pending": 67}},
    "cleo": {"KWD": {"available": 6172}},
}
ORDERS_AND_INSTALL = len(ERRANDS) + 1
EVENTS = sum(len(errand.amounts) + (errand.end != "pending") for errand in ERRANDS) + 1


def lines(amount: int) -> list[dict[str, Any]]:
    """Two lines that come to a commission of `amount`, one of them a discount."""
    return [
        {
            "identifier": "sku-1",
            "description": "Jacket",
            "category": "Clothes",
            "amount": 1000,
            "quantity": 2,
            "publisher_commission": amount + 10,
        },
        {"identifier": "promo", "amount": -100, "publisher_commission": -10},
    ]


def run_errands(caller: Caller, pause: Callable[[], object], *, named: str = "") -> list[str]:
    """Report, adjust and end them all, with a `pause` after each round; their order ids.

    `named` goes before the customers' names.
    """
    caller.control("installs", customer=f"{named}anna", amount=150)
    ids = [
        caller.order(
            customer=errand.customer and named + errand.customer,
            currency=errand.currency,
            lines=lines(errand.amounts[0]),
        )["button_order_id"]
        for errand in ERRANDS
    ]
    pause()
    for adjustment in range(1, max(len(errand.amounts) for errand in ERRANDS)):
        for order_id, errand in zip(ids, ERRANDS, strict=True):
            if adjustment < len(errand.amounts):
                told = lines(errand.amounts[adjustment])
                caller.control(f"orders/{order_id}/adjust", lines=told)
        pause()
    for order_id, errand in zip(ids, ERRANDS, strict=True):
        if errand.end != "pending":
            caller.control(f"orders/{order_id}/{errand.end}")
    pause()
    return ids


def worth(errand: Errand) -> dict[str, int]:
    """What its member holds of it in the end, without zeros."""
    reward = max(errand.amounts[-1], 0) // 2
    kind = {"pending": "pending", "validate": "available"}.get(errand.end)
    return {kind: reward} if kind and reward else {}
