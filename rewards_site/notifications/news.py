"""Pure: what a member is told of, and the publisher's own systems may hear of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class NewsKind(StrEnum):
    """The `type` of a notice and of an outward event."""

    REWARD_PENDING = "reward.pending"
    REWARD_ADJUSTED = "reward.adjusted"
    REWARD_AVAILABLE = "reward.available"
    REWARD_DECLINED = "reward.declined"
    REDEMPTION_REQUESTED = "redemption.requested"
    REDEMPTION_APPROVED = "redemption.approved"
    REDEMPTION_PAID = "redemption.paid"
    REDEMPTION_REJECTED = "redemption.rejected"
    REDEMPTION_CANCELLED = "redemption.cancelled"
    REDEMPTION_FAILED = "redemption.failed"
    CLAIM_OPENED = "claim.opened"
    CLAIM_ANSWERED = "claim.answered"
    BALANCE_ADJUSTED = "balance.adjusted"
    BALANCE_EXPIRED = "balance.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One thing that really changed for one member. Amounts in minor units of `currency`.

    Nothing that names the person stands in it: it is kept when the person is forgotten.
    """

    kind: NewsKind
    key: str
    """What it is told for, never used twice: the cause of the entry group, or `claim/12/answered`,
    with the member. At most 255 characters."""
    member_id: int
    at: datetime
    """When it was recorded: the `posted_at` of the booking."""
    currency: str = ""
    before_minor: int | None = None
    """The reward, or the amount, before; None where there was none."""
    after_minor: int | None = None
    pending_change_minor: int = 0
    available_change_minor: int = 0
    activity_id: UUID | None = None
    """The item of activity that tells of the same booking (ledger's Posted.activity)."""
    transaction_id: UUID | None = None
    redemption_id: UUID | None = None
    claim_id: UUID | None = None
    facts: Mapping[str, str | int | None] = field(default_factory=dict)
    """What the words need besides: `store`, `reason`, `method`, `destination` (masked), …"""
