"""Pure: the children of an order → the one that decides, and what the order is worth."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rewards_site.button.schemas import ButtonStatus
from transactions.states import ChildState


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What the order is worth by the child that decides; never a sum of children."""

    status: ButtonStatus
    commission_minor: int
    """Minor units; 0 when declined, whatever Button says the amount was."""


def deciding(children: Collection[ChildState]) -> ChildState:
    """A validated child decides, whatever else is told; otherwise the newest does.

    Newest by (created_date, modified_date), declined or not; in a tie a live one before a declined
    one, then the greater id (contract, section 4). Compared by whole second, as within a child.
    """
    validated = [child for child in children if child.status is ButtonStatus.VALIDATED]
    return max(validated or children, key=_rank)


def ranked(children: Collection[ChildState]) -> list[ChildState]:
    """All children, the deciding one first, then from the newest to the oldest."""
    first = deciding(children)
    others = (child for child in children if child is not first)
    return [first, *sorted(others, key=_rank, reverse=True)]


def effective(children: Collection[ChildState]) -> Effective:
    child = deciding(children)
    is_owed = child.status is not ButtonStatus.DECLINED
    return Effective(status=child.status, commission_minor=child.amount_minor if is_owed else 0)


def fact(children: Collection[ChildState], name: str) -> Any:
    """The order's value of an optional field: the deciding child's, else the newest other's."""
    for child in ranked(children):
        if name in child.facts:
            return child.facts[name][0]
    return None


def purchased_at(children: Collection[ChildState]) -> datetime:
    """When it was bought, as well as it is known (sheet, C7)."""
    for name in ("purchased_at", "attribution_at", "event_at"):
        value = fact(children, name)
        if value is not None:
            assert isinstance(value, datetime)
            return value
    return min(child.created_at for child in children)


def _rank(child: ChildState) -> tuple[datetime, datetime, bool, str]:
    return (
        child.created_at.replace(microsecond=0),
        child.modified_at.replace(microsecond=0),
        child.status is not ButtonStatus.DECLINED,
        child.tx_id,
    )
