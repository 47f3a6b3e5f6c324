"""Faults that fall to an order before it is reported: nobody's customer id, a checkout event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.checkouts import checkout_event
from rewards_site.button.sandbox.faults import FaultKind, Faults
from rewards_site.button.sandbox.records import Event, Purchase


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFaults:
    """`tell` gets the events, if there is anybody; the name of an order is its purchase's key."""

    seed: int
    faults: Faults
    tell: Callable[[Event], None] | None

    def meet(self, purchase: Purchase) -> Purchase:
        """The purchase as it will be reported; the checkout goes before that."""
        key = purchase.key
        if self.faults.meets(FaultKind.UNKNOWN_USER, key):
            purchase = replace(purchase, customer=make_id("nobody", self.seed, key))
        if self.tell is not None and self.faults.meets(FaultKind.ORDER_CHECKOUT, key):
            self.tell(
                checkout_event(
                    hook_id=make_id("hook", self.seed, "checkout", key),
                    brand=purchase.brand,
                    customer=purchase.customer,
                    btn_ref=purchase.btn_ref,
                    at=purchase.purchased_at,
                )
            )
        return purchase
