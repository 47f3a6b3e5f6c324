"""What a batch changes, before it is booked: each observation's order before and after it."""

from __future__ import annotations

from dataclasses import dataclass, field

from transactions.fold import Step
from transactions.holdings import Holding
from transactions.models import Transaction
from transactions.order import OrderState
from transactions.stored import holding
from transactions.told import Outcome, Told


@dataclass(slots=True)
class Change:
    """One observation that changes its order, before it is booked."""

    index: int
    told: Told
    row: Transaction
    before: OrderState
    step: Step
    number: int

    @property
    def cause(self) -> str:
        return f"transaction/{self.row.pk}/revision/{self.number}"


@dataclass(slots=True)
class Folded:
    changes: list[Change] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    states: dict[int, OrderState] = field(default_factory=dict)
    """By the transaction's pk: the order when the batch is through."""
    members: dict[str, int] = field(default_factory=dict)
    """customer id → pk of the members that are known."""
    stores: dict[str, str] = field(default_factory=dict)
    """merchant id → the name that members read."""


def member_id_of(state: OrderState, members: dict[str, int]) -> int | None:
    return members[state.customer_id] if state.customer_id is not None else None


def holdings_of(change: Change, members: dict[str, int]) -> tuple[Holding, Holding]:
    """What the books hold for its order, and what they should hold after it."""
    before, after = change.before, change.step.order
    held = holding(before, member_id=member_id_of(before, members), is_booked=bool(before.children))
    return held, holding(after, member_id=member_id_of(after, members))
