"""Pure: what a batch and its items can be, and what a provider's word makes of an item.

    batch   open → closed → sending → sent → settled; cancelled before anything is sent
    item    waiting → sent → paid | failed | returned;  unknown where nobody can say;  removed

«Sending» begins before the first byte leaves: from then on the provider may have it. What it says
is never undone here: money that is told to have moved twice is a person's to look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class BatchStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    SENDING = "sending"
    SENT = "sent"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class ItemStatus(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    PAID = "paid"
    FAILED = "failed"
    UNKNOWN = "unknown"
    RETURNED = "returned"
    REMOVED = "removed"


BEFORE_SENDING = frozenset({BatchStatus.OPEN, BatchStatus.CLOSED})
UNDER_WAY = frozenset({BatchStatus.SENDING, BatchStatus.SENT})
IN_FLIGHT = frozenset({ItemStatus.WAITING, ItemStatus.SENT, ItemStatus.UNKNOWN})
"""Nobody has said yet what became of it."""
OVER = frozenset({ItemStatus.PAID, ItemStatus.FAILED, ItemStatus.RETURNED, ItemStatus.REMOVED})


class Outcome(StrEnum):
    """What a provider says of one payment, in our words."""

    PAID = "paid"
    FAILED = "failed"
    RETURNED = "returned"
    WAITING = "waiting"
    UNKNOWN = "unknown"


class Money(StrEnum):
    """What the redemption has to do."""

    PAY = "pay"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What becomes of an item. Without `money` no balance changes."""

    status: ItemStatus
    money: Money | None = None
    problem: str = ""
    """Why a person has to look; empty where nobody has to."""


_OPEN_MOVES: Mapping[Outcome, Move] = {
    Outcome.PAID: Move(status=ItemStatus.PAID, money=Money.PAY),
    Outcome.FAILED: Move(status=ItemStatus.FAILED, money=Money.FAIL),
    Outcome.RETURNED: Move(status=ItemStatus.RETURNED, money=Money.FAIL),
    Outcome.WAITING: Move(status=ItemStatus.SENT),
    Outcome.UNKNOWN: Move(status=ItemStatus.UNKNOWN),
}
_CAME_BACK = frozenset({Outcome.FAILED, Outcome.RETURNED})


def decide(now: ItemStatus, outcome: Outcome) -> Move:
    """What `outcome` makes of an item that is `now`; a repeat and an older word make nothing."""
    if now in IN_FLIGHT:
        return _OPEN_MOVES[outcome]
    if now is ItemStatus.PAID and outcome in _CAME_BACK:
        return Move(status=ItemStatus.RETURNED, money=Money.FAIL)
    if now is not ItemStatus.PAID and outcome is Outcome.PAID:
        return Move(
            status=now,
            problem=f"The provider says it is paid, and here it is {now}: see what was paid.",
        )
    return Move(status=now)


def reply_refuses_for_good(*, was_unsure: bool) -> bool:
    """Whether a provider's no means that it has nothing of the batch.

    A no to the second question says nothing about the first one, whose answer was lost.
    """
    return not was_unsure
