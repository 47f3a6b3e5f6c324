"""Pure: what a redemption can be, what may follow, and which money moves with it.

    requested → approved → paid → failed (a payout that comes back)
    requested → rejected | cancelled
    approved → rejected | failed

Each state is reached once at most, so (redemption, state) names a step for ever. An unknown outcome
of a payout is no state: the redemption stays approved until the provider says what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from transactions.ledger.chart import AccountKind, GroupKind


class Status(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    PAID = "paid"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"


NEXT: Mapping[Status, frozenset[Status]] = {
    Status.REQUESTED: frozenset({Status.APPROVED, Status.REJECTED, Status.CANCELLED}),
    Status.APPROVED: frozenset({Status.PAID, Status.REJECTED, Status.FAILED}),
    Status.PAID: frozenset({Status.FAILED}),
    Status.REJECTED: frozenset(),
    Status.CANCELLED: frozenset(),
    Status.FAILED: frozenset(),
}
OPEN = frozenset({Status.REQUESTED, Status.APPROVED})
"""The money is held: it is in the member's redeeming balance."""
STANDING = OPEN | {Status.PAID}
"""The money is gone from what is available, and has not come back."""


class Verdict(StrEnum):
    APPLIES = "applies"
    ALREADY = "already"
    """It is so, by the same cause: a repeat, which changes nothing."""
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class Cause:
    """By whom a state was reached, and the provider's reference for it."""

    actor_id: int | None
    reference: str


def decide(now: Status, to: Status, *, cause: Cause, cause_of_now: Cause) -> Verdict:
    """What becomes of a move to `to`, when `now` was reached by `cause_of_now`."""
    if to in NEXT[now]:
        return Verdict.APPLIES
    if to is now and cause == cause_of_now:
        return Verdict.ALREADY
    return Verdict.IMPOSSIBLE


@dataclass(frozen=True, slots=True)
class Booking:
    """The money of a step: from one of the member's accounts to another."""

    kind: GroupKind
    debit: AccountKind
    credit: AccountKind


_HELD = Booking(GroupKind.REDEMPTION, AccountKind.AVAILABLE, AccountKind.REDEEMING)
_PAID = Booking(GroupKind.REDEMPTION_PAID, AccountKind.REDEEMING, AccountKind.PAID_OUT)
_LET_GO = Booking(GroupKind.REDEMPTION_RETURNED, AccountKind.REDEEMING, AccountKind.AVAILABLE)
_CAME_BACK = Booking(GroupKind.REDEMPTION_RETURNED, AccountKind.PAID_OUT, AccountKind.AVAILABLE)


def booking(before: Status | None, to: Status) -> Booking | None:
    """What the step from `before` (None: there was nothing) to `to` books; an approval, nothing."""
    if before is None:
        return _HELD
    if to is Status.APPROVED:
        return None
    if to is Status.PAID:
        return _PAID
    return _CAME_BACK if before is Status.PAID else _LET_GO


def cause_of(redemption_id: int, status: Status) -> str:
    """The cause of the step's entry group, and the key of its news."""
    return f"redemption/{redemption_id}/{status}"
