"""The chart of accounts. Made once: entries are for ever.

What Button owes us is an asset; what we owe members, and what is left to us, are claims on it.

    asset    commission_pending     reported by Button, may still change
    asset    commission_receivable  validated: Button owes it for good
    asset    points_issued          the other side of rewards in points, which nobody pays us for
    claim    pending, available, redeeming, paid_out     a member's, one account per currency
    claim    unattributed_pending, unattributed_available   rewards that wait for their member
    claim    margin_pending, margin_earned               the publisher's own part; may be below zero
    claim    opening_balances       the other side of what members brought along; below zero
    claim    adjustments            the other side of what people gave a member, or took
    claim    expired                what members did not redeem in time
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class AccountKind(StrEnum):
    COMMISSION_PENDING = "commission_pending"
    COMMISSION_RECEIVABLE = "commission_receivable"
    POINTS_ISSUED = "points_issued"
    MARGIN_PENDING = "margin_pending"
    MARGIN_EARNED = "margin_earned"
    UNATTRIBUTED_PENDING = "unattributed_pending"
    UNATTRIBUTED_AVAILABLE = "unattributed_available"
    PENDING = "pending"
    AVAILABLE = "available"
    REDEEMING = "redeeming"
    PAID_OUT = "paid_out"
    OPENING_BALANCES = "opening_balances"
    ADJUSTMENTS = "adjustments"
    EXPIRED = "expired"


MEMBER_KINDS = frozenset(
    {AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.REDEEMING, AccountKind.PAID_OUT}
)
HOUSE_KINDS = frozenset(AccountKind) - MEMBER_KINDS
ASSET_KINDS = frozenset(
    {
        AccountKind.COMMISSION_PENDING,
        AccountKind.COMMISSION_RECEIVABLE,
        AccountKind.POINTS_ISSUED,
    }
)


class GroupKind(StrEnum):
    """Why a group of entries was booked."""

    TRANSACTION = "transaction"
    """Button told something about an order."""
    ATTRIBUTION = "attribution"
    """Ops named the member of an order."""
    MOVE = "move"
    """Ops moved an order from one member to another."""
    RETURN = "return"
    """Ops gave an order back to a member who had its final reward before: not earned again."""
    OPENING = "opening"
    """A member brought a balance along from another system."""
    OPENING_RELEASED = "opening_released"
    """What was brought along as pending became available."""
    OPENING_CANCELLED = "opening_cancelled"
    """What was brought along as pending came to nothing."""
    MERGE = "merge"
    """Two customer ids turned out to be one member's: all that one held goes to the other."""
    REDEMPTION = "redemption"
    """A member asked for money: it is held for them, available → redeeming."""
    REDEMPTION_PAID = "redemption_paid"
    """It was paid: redeeming → paid out."""
    REDEMPTION_RETURNED = "redemption_returned"
    """It was not, or came back: redeeming, or paid out, → available."""
    ADJUSTMENT = "adjustment"
    """Two people changed a balance, for a reason."""
    EXPIRY = "expiry"
    """A balance that lay idle for too long came to an end."""


EARNING_KINDS = frozenset(
    {GroupKind.TRANSACTION, GroupKind.ATTRIBUTION, GroupKind.MOVE, GroupKind.ADJUSTMENT}
)
"""Groups whose credits to a member's available account count as earned: `lifetime_earned` is the
final rewards plus approved adjustments."""


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """One ledger account: a member's by (kind, currency, member), ours by (kind, currency, brand).

    House accounts are split per merchant, so that no row is everyone's.
    """

    kind: AccountKind
    currency: str
    member_id: int | None = None
    merchant_id: str | None = None

    def __post_init__(self) -> None:
        if (self.kind in MEMBER_KINDS) != (self.member_id is not None):
            raise ValueError(f"{self.kind} and member {self.member_id} do not fit")
        if self.member_id is not None and self.merchant_id is not None:
            raise ValueError("a member's account is not split per merchant")
