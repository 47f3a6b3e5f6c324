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
    BALANCE_EXPIRING = "balance.expiring"
    """Nothing changed yet: what is there expires in some days."""
    BALANCE_EXPIRED = "balance.expired"


REWARD_KINDS = tuple(kind for kind in NewsKind if kind.startswith("reward."))
BALANCE_KINDS = tuple(kind for kind in NewsKind if kind.startswith("balance."))
REDEMPTION_KINDS = tuple(kind for kind in NewsKind if kind.startswith("redemption."))
CLAIM_KINDS = tuple(kind for kind in NewsKind if kind.startswith("claim."))
CHANGE_KINDS = tuple(
    kind for kind in (*REWARD_KINDS, *BALANCE_KINDS) if kind != NewsKind.BALANCE_EXPIRING
)
"""Told only where something changed."""

FACTS = frozenset({"store", "reason", "method", "destination", "verdict", "days"})
"""All that may stand in News.facts. A name of a shop; a code, or a sentence that staff wrote for
the member; how and where to (masked) it is paid; how a claim was answered; a number of days.
Never a customer id, an e-mail address, or anything that a member wrote."""
FACT_LENGTH_MAX = 500
KEY_LENGTH_MAX = 255


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
    """What the words need besides; of FACTS alone. Empty texts count as not told."""


def objection_to(news: News) -> str:
    """Why nobody may be told this, for whoever made it; empty where they may."""
    if not 0 < len(news.key) <= KEY_LENGTH_MAX:
        return f"a key has 1 to {KEY_LENGTH_MAX} characters"
    if news.kind in CHANGE_KINDS and not _changes(news):
        return "nothing changed"
    if news.kind not in CLAIM_KINDS and not news.currency:
        return "an amount has a currency"
    if news.kind in REDEMPTION_KINDS and news.redemption_id is None:
        return "it does not say which redemption"
    if news.kind in CLAIM_KINDS and news.claim_id is None:
        return "it does not say which claim"
    if not news.facts.keys() <= FACTS:
        return f"facts are {sorted(FACTS)}, not {sorted(news.facts.keys() - FACTS)}"
    for value in news.facts.values():
        if isinstance(value, str) and len(value) > FACT_LENGTH_MAX:
            return f"a fact has at most {FACT_LENGTH_MAX} characters"
        if not (value is None or type(value) in (str, int)):
            return "a fact is a text or a whole number"
    return ""


def _changes(news: News) -> bool:
    return bool(
        (news.before_minor or 0) != (news.after_minor or 0)
        or news.pending_change_minor
        or news.available_change_minor
    )
