"""The member's ledger as a statement: what each booking did to their balances, and why, in words.

Numbered and summed when it was booked (ledger/activity.py). Commission and margin are the
publisher's secret: they are not even loaded here.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel.api.seek import Seek, SeekRows
from rewards_site.kernel.sql_values import as_instant, as_uuid
from transactions.ledger.chart import GroupKind
from transactions.models import RevisionKind


class ActivityKind(StrEnum):
    """What happened, in the member's words. Rooms that book other things add theirs."""

    REWARD_PENDING = "reward_pending"
    REWARD_ADJUSTED = "reward_adjusted"
    REWARD_AVAILABLE = "reward_available"
    REWARD_DECLINED = "reward_declined"
    REWARD_MOVED = "reward_moved"
    """The order turned out to be another member's."""
    OPENING_BALANCE = "opening_balance"
    """Brought along from another system, or the end of what was brought along as pending."""
    ACCOUNTS_MERGED = "accounts_merged"
    """Two customer ids turned out to be this member's: what the other held came along."""
    REDEMPTION_REQUESTED = "redemption_requested"
    REDEMPTION_PAID = "redemption_paid"
    REDEMPTION_RETURNED = "redemption_returned"
    """Rejected, cancelled, failed, or come back: the money is available again."""
    BALANCE_ADJUSTED = "balance_adjusted"
    """Two people of ours changed it, for a reason."""
    BALANCE_EXPIRED = "balance_expired"
    CORRECTION = "correction"
    """Any other booking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityItem:
    """One booking, as its member reads it. Amounts in minor units of `currency`."""

    id: uuid.UUID
    number: int
    at: datetime
    kind: ActivityKind
    currency: str
    pending_change: int
    available_change: int
    pending_after: int
    available_after: int
    transaction: uuid.UUID | None
    redemption: uuid.UUID | None = None
    description: str


@dataclass(frozen=True, slots=True)
class Cause:
    """The revision of an order that a booking is of."""

    kind: str
    status: str
    reward_minor: int
    member_id: int | None
    transaction_id: uuid.UUID
    store: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """An item as it is stored, with its cause."""

    public_id: uuid.UUID
    member_id: int
    number: int
    posted_at: datetime
    currency: str
    pending_change_minor: int
    available_change_minor: int
    pending_after_minor: int
    available_after_minor: int
    cause: Cause | None
    group_kind: str
    redemption_id: uuid.UUID | None


def activity_of(customer_id: str) -> SeekRows[ItemRow]:
    """The items of the member of this customer id, for NewestNumberFirst: one statement a page."""

    def read(seek: Seek) -> list[ItemRow]:
        sql = _page_sql(has_position=seek.position is not None, is_ascending=seek.is_ascending)
        position = [int(seek.position)] if seek.position is not None else []
        with connection.cursor() as cursor:
            cursor.execute(sql, [customer_id, *position, seek.limit])
            return [_item_row(row) for row in cursor.fetchall()]

    return SeekRows(read)


@cache
def _page_sql(*, has_position: bool, is_ascending: bool) -> str:
    before = f" AND number {'>' if is_ascending else '<'} %s" if has_position else ""
    direction = "" if is_ascending else " DESC"
    return f"""
    SELECT item.public_id, item.member_id, item.number, groups.posted_at, item.currency,
        item.pending_change_minor, item.available_change_minor,
        item.pending_after_minor, item.available_after_minor,
        revision.kind, revision.status, revision.reward_minor, revision.member_id,
        orders.public_id, COALESCE(NULLIF(overlay.shown_name, ''), merchant.name),
        groups.kind, redemption.public_id
    FROM (SELECT * FROM activity_memberactivity
        WHERE member_id = (
            SELECT COALESCE(same_as_id, id) FROM members_member WHERE customer_id = %s){before}
        ORDER BY number{direction} LIMIT %s) item
    JOIN ledger_entrygroup groups ON groups.id = item.group_id
    LEFT JOIN transactions_transactionrevision revision ON revision.entry_group_id = item.group_id
    LEFT JOIN transactions_transaction orders ON orders.id = revision.transaction_id
    LEFT JOIN redemptions_redemptionstep step ON step.entry_group_id = item.group_id
    LEFT JOIN redemptions_redemption redemption ON redemption.id = step.redemption_id
    LEFT JOIN offers_merchant merchant ON merchant.merchant_id = revision.merchant_id
    LEFT JOIN offers_merchantoverlay overlay ON overlay.merchant_id = revision.merchant_id
    ORDER BY item.number{direction}
    """  # noqa: S608  # our own names


def _item_row(row: Sequence[Any]) -> ItemRow:
    kind, status, reward_minor, member_id, transaction_id, store, group_kind = row[9:16]
    return ItemRow(
        public_id=as_uuid(row[0]),
        member_id=row[1],
        number=row[2],
        posted_at=as_instant(row[3]),
        currency=row[4],
        pending_change_minor=row[5],
        available_change_minor=row[6],
        pending_after_minor=row[7],
        available_after_minor=row[8],
        cause=(
            Cause(kind, status, reward_minor, member_id, as_uuid(transaction_id), store)
            if kind is not None
            else None
        ),
        group_kind=group_kind,
        redemption_id=as_uuid(row[16]) if row[16] is not None else None,
    )


def item_of(row: ItemRow) -> ActivityItem:
    """One row of `activity_of`, in words."""
    kind, description = _told(row)
    return ActivityItem(
        id=row.public_id,
        number=row.number,
        at=row.posted_at,
        kind=kind,
        currency=row.currency,
        pending_change=row.pending_change_minor,
        available_change=row.available_change_minor,
        pending_after=row.pending_after_minor,
        available_after=row.available_after_minor,
        transaction=row.cause.transaction_id if row.cause is not None else None,
        redemption=row.redemption_id,
        description=description,
    )


def _told(row: ItemRow) -> tuple[ActivityKind, str]:
    """What to call it, and one plain sentence."""
    cause = row.cause
    if cause is None:
        return _told_of_no_order(row.group_kind)
    if cause.member_id != row.member_id:
        return (
            ActivityKind.REWARD_MOVED,
            _("This purchase turned out to be another member's; its reward was taken back."),
        )
    kind, words = _told_of_order(row, cause)
    return kind, words % {"store": cause.store or _("The store")}


def _told_of_no_order(group_kind: str) -> tuple[ActivityKind, str]:
    match group_kind:
        case GroupKind.OPENING:
            return ActivityKind.OPENING_BALANCE, _("Opening balance.")
        case GroupKind.OPENING_RELEASED:
            return ActivityKind.OPENING_BALANCE, _(
                "Opening balance: what was pending of it is yours."
            )
        case GroupKind.OPENING_CANCELLED:
            return ActivityKind.OPENING_BALANCE, _(
                "Opening balance: what was pending of it came to nothing."
            )
        case GroupKind.ADJUSTMENT:
            return ActivityKind.BALANCE_ADJUSTED, _("Your balance was adjusted by our team.")
        case GroupKind.EXPIRY:
            return ActivityKind.BALANCE_EXPIRED, _(
                "This balance had not been used for a long time, and expired."
            )
        case GroupKind.REDEMPTION:
            return ActivityKind.REDEMPTION_REQUESTED, _("You asked for a payout; it is on hold.")
        case GroupKind.REDEMPTION_PAID:
            return ActivityKind.REDEMPTION_PAID, _("Your payout was sent.")
        case GroupKind.REDEMPTION_RETURNED:
            return ActivityKind.REDEMPTION_RETURNED, _(
                "Your payout did not go through; the money is yours again."
            )
        case GroupKind.MERGE:
            return ActivityKind.ACCOUNTS_MERGED, _(
                "Two of your accounts became one; the balance of the other came along."
            )
        case _:
            return ActivityKind.CORRECTION, _("Your balance was corrected.")


def _told_of_order(row: ItemRow, cause: Cause) -> tuple[ActivityKind, str]:
    gained = row.pending_change_minor + row.available_change_minor
    is_all_of_it = 0 < gained == cause.reward_minor  # nothing of it was theirs before
    if gained > 0 and cause.kind in (RevisionKind.ASSIGNED, RevisionKind.MOVED):
        if row.available_change_minor:
            return ActivityKind.REWARD_AVAILABLE, _(
                "Your purchase was matched to you; the reward is yours."
            )
        return ActivityKind.REWARD_PENDING, _("Your purchase was matched to you.")
    match ButtonStatus(cause.status):
        case ButtonStatus.DECLINED:
            return ActivityKind.REWARD_DECLINED, _(
                "%(store)s cancelled or returned this order; the reward was taken back."
            )
        case ButtonStatus.PENDING:
            if is_all_of_it:
                return ActivityKind.REWARD_PENDING, _("%(store)s reported your purchase.")
            return ActivityKind.REWARD_ADJUSTED, _(
                "%(store)s changed your order, and the reward with it."
            )
        case ButtonStatus.VALIDATED:
            if row.available_change_minor > 0:
                return ActivityKind.REWARD_AVAILABLE, _(
                    "%(store)s confirmed your purchase; the reward is yours."
                )
            if row.pending_change_minor:
                return ActivityKind.REWARD_ADJUSTED, _(
                    "%(store)s confirmed your purchase. It earned no reward."
                )
            return ActivityKind.REWARD_ADJUSTED, _("Your reward was corrected.")
