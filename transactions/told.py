"""What goes into apply_observations() and what comes out; values only, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rewards_site.button.schemas import TransactionObservation


class Channel(StrEnum):
    """The way Button told it. A row of the API wins a tie over a webhook (contract, section 4)."""

    WEBHOOK = "webhook"
    SYNC = "sync"


class Ruling(StrEnum):
    """What staff said to a change of the member, the brand or the category that Button told."""

    ACCEPTED = "accepted"
    """It is so from now on."""
    KEPT = "kept"
    """Ours stay as they are; whatever else was told holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A ruling with who made it and why. Two people where the money asks for two."""

    ruling: Ruling
    actor_id: int
    reason: str
    approver_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One observation with the way it came, and when it was received (aware UTC)."""

    observation: TransactionObservation
    channel: Channel
    read_at: datetime
    is_test: bool = False
    """Signed by a secret of Button's sandbox mode: test money, whatever it says."""
    raw: object = None
    """A row of the API as it was parsed, kept with what it changes; a webhook's is in the inbox."""
    decided: Decided | None = None
    """What staff decided about the change that it tells; such a one is a batch of its own."""


class OutcomeKind(StrEnum):
    APPLIED = "applied"
    IGNORED = "ignored"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one observation. `reason` is one plain sentence; empty when applied."""

    kind: OutcomeKind
    reason: str = ""
    transaction_id: int | None = None
    """Primary key of the Transaction it was about, where there is one."""
    is_retried: bool = False
    """Deferred, and trying again later may help without anybody acting."""
    known_at: int | None = None
    """Number of the order's revision at which its child stands exactly as a row of the API told:
    as long as the order has no later one, the same row again is no news."""


def applied(transaction_id: int) -> Outcome:
    return Outcome(kind=OutcomeKind.APPLIED, transaction_id=transaction_id)


def ignored(reason: str, transaction_id: int | None = None) -> Outcome:
    return Outcome(kind=OutcomeKind.IGNORED, reason=reason, transaction_id=transaction_id)


def deferred(
    reason: str, transaction_id: int | None = None, *, is_retried: bool = False
) -> Outcome:
    return Outcome(
        kind=OutcomeKind.DEFERRED,
        reason=reason,
        transaction_id=transaction_id,
        is_retried=is_retried,
    )
