"""Pure: the clicks that orders name by their `pub_ref`, and whose they are.

A reference counts if it is, word for word, one that we wrote down with a click. Whatever is not, a
bare offer id or an altered text, is recorded and names nobody (contract, section 5).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from offers.rules.terms import Terms
from transactions.effective import fact
from transactions.states import ChildState

NO_ALIASES: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """A click, as far as an order that names it goes by it."""

    pk: int
    member_id: int
    """Of the member it is of now: who tapped may have been merged with another since."""
    customer_id: str
    """Theirs."""
    merchant_id: str
    clicked_at: datetime
    terms: Terms
    """Frozen with it."""

    def is_of(self, customer_id: str | None, known_as: Mapping[str, int]) -> bool:
        """Whether this customer id is that of its member; `known_as`: customer id → member."""
        if customer_id is None:
            return False
        return customer_id == self.customer_id or known_as.get(customer_id) == self.member_id

    def is_before(self, purchased_at: datetime) -> bool:
        """By whole second: Button tells some times without their fraction."""
        return self.clicked_at.replace(microsecond=0) <= purchased_at


Clicks = Mapping[str, Clicked]
"""By the `pub_ref` that was minted for it."""
NO_CLICKS: Clicks = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Whom Button's words name, and what the clicks that they tell of are."""

    attribution_field: str
    known_as: Mapping[str, int] = field(default_factory=lambda: NO_ALIASES)
    """customer id → member: one member may have many."""
    clicks: Clicks = field(default_factory=lambda: NO_CLICKS)


def click_named(
    children: Collection[ChildState], clicks: Clicks, *, merchant_id: str | None
) -> Clicked | None:
    """The click that the order names, if it is one at its merchant.

    While the merchant is not told it is nobody's: else an order could change hands as words arrive
    in another order.
    """
    click = clicks.get(fact(children, "pub_ref") or "")
    return click if click is not None and click.merchant_id == merchant_id else None
