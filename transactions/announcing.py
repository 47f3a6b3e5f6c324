"""What an order's members are told of a booking: one notice for each balance of theirs it changed.

None for a change of zero, none for test money, and none for what was bought before we went
live (go_live.py). Commission and margin are the publisher's secret: nothing here reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rewards_site.button.schemas import ButtonStatus
from rewards_site.notifications.news import News, NewsKind
from transactions.go_live import is_before_go_live
from transactions.holdings import Holding
from transactions.ledger.posting import Posted

MOVED = "moved"
"""The reason of a notice: the purchase turned out to be another member's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An order before and after something was booked for it."""

    cause: str
    transaction_id: UUID
    purchased_at: datetime
    store: str
    held: Holding
    should: Holding


def news_of(moved: Moved, posted: Posted) -> Iterator[News]:
    """One for each member and currency whose balance the booking changed, in order of those."""
    if is_before_go_live(moved.purchased_at):
        return
    before, after = _stakes(moved.held), _stakes(moved.should)
    for member_id, currency in sorted(before.keys() | after.keys()):
        had, has = (
            before.get((member_id, currency), _NOTHING),
            after.get((member_id, currency), _NOTHING),
        )
        if had == has:
            continue
        is_theirs = moved.should.member_id == member_id
        facts: dict[str, str | int | None] = {"store": moved.store}
        if not is_theirs:
            facts["reason"] = MOVED
        yield News(
            kind=_kind(had, has, status=moved.should.status if is_theirs else None),
            key=f"{moved.cause}/member/{member_id}/{currency}",
            member_id=member_id,
            at=posted.at,
            currency=currency,
            before_minor=had.total or None,
            after_minor=has.total,
            pending_change_minor=has.pending - had.pending,
            available_change_minor=has.available - had.available,
            activity_id=posted.activity.get((moved.cause, member_id, currency)),
            transaction_id=moved.transaction_id,
            facts=facts,
        )


@dataclass(frozen=True, slots=True)
class _Stake:
    """What a member has of an order, in minor units."""

    pending: int = 0
    available: int = 0

    @property
    def total(self) -> int:
        return self.pending + self.available


_NOTHING = _Stake()


def _stakes(holding: Holding) -> dict[tuple[int, str], _Stake]:
    """(member, currency) → what they have of it."""
    if holding.is_test or holding.status is ButtonStatus.DECLINED:
        return {}
    members = {*holding.unrecovered} | ({holding.member_id} - {None})
    stakes = {}
    for member_id in members:
        assert member_id is not None
        available = holding.available_of(member_id)
        is_pending = member_id == holding.member_id and not holding.is_final
        stakes[member_id, holding.claim_currency] = _Stake(
            pending=holding.reward_minor if is_pending else 0, available=available
        )
    return {key: stake for key, stake in stakes.items() if stake.total}


def _kind(had: _Stake, has: _Stake, *, status: ButtonStatus | None) -> NewsKind:
    """`status` of the order, where it is (still) that member's."""
    if status is ButtonStatus.DECLINED:
        return NewsKind.REWARD_DECLINED
    if has.available > had.available:
        return NewsKind.REWARD_AVAILABLE
    if not had.total:
        return NewsKind.REWARD_PENDING
    return NewsKind.REWARD_ADJUSTED
