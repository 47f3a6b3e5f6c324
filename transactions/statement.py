"""What members read of their money: balances and transactions.

Values go out as frozen dataclasses without commission or margin, which are the publisher's secret;
they are not even loaded here. Amounts are minor units of the currency beside them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from offers.brandrecord.expecting import expected_available_at
from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel.api.seek import SeekRows
from rewards_site.kernel.errors import NotFound
from transactions.effective import fact
from transactions.history import HistoryStep, MemberStatus, history_of
from transactions.ledger.chart import AccountKind
from transactions.releases.choices import ReleaseMode
from transactions.statement_rows import ChildRow, OrderRow, find_order, orders_of
from transactions.states import ChildState
from transactions.told import Channel


@dataclass(slots=True, kw_only=True)
class Balance:
    """A member's money in one currency; `lifetime_earned` is never reduced."""

    currency: str
    pending: int = 0
    available: int = 0
    redeeming: int = 0
    paid_out: int = 0
    lifetime_earned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One line of an order. `amount` is the price of one, `total` of all of the line."""

    description: str | None
    category: str | None
    quantity: int | None
    amount: int | None
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementMerchant:
    merchant_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTransaction:
    """An order as its member sees it."""

    id: uuid.UUID
    button_order_id: str | None
    merchant: StatementMerchant | None
    order_total: int | None
    order_currency: str | None
    reward: int
    currency: str
    status: MemberStatus
    purchased_at: datetime
    expected_available_at: datetime | None = None
    """By what the merchant's earlier orders took, else by its window; only while pending, and where
    one of the two is known."""
    available_at: datetime | None
    click_id: uuid.UUID | None = None
    """Of the tap that it came by."""
    lines: list[StatementLine] = field(default_factory=list)
    history: list[HistoryStep] = field(default_factory=list)


_BALANCES = """
SELECT currency, kind, credited_minor, debited_minor, earned_minor FROM ledger_account
WHERE member_id = (SELECT COALESCE(same_as_id, id) FROM members_member WHERE customer_id = %s)
ORDER BY currency, kind
"""


def balances_of(customer_id: str) -> list[Balance]:
    """The balances of a customer id, by currency; empty where it never had money.

    One statement, made once: the most frequent question of all.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BALANCES, [customer_id])
        rows = cursor.fetchall()
    balances: dict[str, Balance] = {}
    for currency, kind, credited, debited, earned in rows:
        balance = balances.setdefault(currency, Balance(currency=currency))
        match AccountKind(kind):
            case AccountKind.PENDING:
                balance.pending = credited - debited
            case AccountKind.AVAILABLE:
                balance.available = credited - debited
                balance.lifetime_earned = earned
            case AccountKind.REDEEMING:
                balance.redeeming = credited - debited
            case AccountKind.PAID_OUT:
                balance.paid_out = credited - debited
            case unexpected:
                raise AssertionError(f"{unexpected} is no account of a member")
    return list(balances.values())


def transactions_of(customer_id: str, *, status: MemberStatus | None = None) -> SeekRows[OrderRow]:
    """What the member of this customer id may see, for NewestFirst and `statement_of`."""
    return orders_of(customer_id, status=status.at_button.value if status is not None else None)


def find_transaction(customer_id: str, transaction_id: str) -> OrderRow:
    """One of them by its public id. Raises: NotFound, also for another member's."""
    try:
        public_id = uuid.UUID(transaction_id)
    except ValueError:
        public_id = None
    if public_id is not None and str(public_id) == transaction_id:
        found = find_order(customer_id, public_id)
        if found is not None:
            return found
    raise NotFound(_("You have no such transaction."))


def statement_of(order: OrderRow) -> StatementTransaction:
    """One row of `transactions_of`, as its member sees it."""
    status = MemberStatus.of(order.status, is_held=order.is_held)
    return StatementTransaction(
        id=order.public_id,
        button_order_id=order.button_order_id,
        merchant=(
            StatementMerchant(merchant_id=order.merchant_id, name=order.merchant_name or "")
            if order.merchant_id is not None
            else None
        ),
        order_total=order.order_total_minor,
        order_currency=order.order_currency or None,
        reward=order.reward_minor,
        currency=order.reward_currency,
        status=status,
        purchased_at=order.purchased_at,
        expected_available_at=(
            _expected_available_at(order) if status is MemberStatus.PENDING else None
        ),
        available_at=_available_at(order) if status is MemberStatus.AVAILABLE else None,
        click_id=order.click_id,
        lines=_lines(order.children),
        history=history_of(
            order.revisions, member_id=order.member_id, currency=order.reward_currency
        ),
    )


def _available_at(order: OrderRow) -> datetime | None:
    return order.released_at or order.final_at


def _expected_available_at(order: OrderRow) -> datetime | None:
    """Of a pending order; a date that is past stays: then it is any day now.

    None where nobody knows: where a reward is final, and waits for the brand to pay us.
    """
    mode, days = order.release
    if order.is_held:
        if mode == ReleaseMode.PAID or order.final_at is None:
            return None
        return order.final_at + timedelta(days=days)
    if mode == ReleaseMode.PAID:
        return None
    confirmed_at = expected_available_at(
        order.window_history,
        record_days=order.record_days,
        purchased_at=order.purchased_at,
        reported_at=min((child.created_at for child in order.children), default=order.purchased_at),
    )
    return confirmed_at + timedelta(days=days) if confirmed_at is not None else None


def _lines(children: Collection[ChildRow]) -> list[StatementLine]:
    """The lines last told: those of the child that decides, else of the newest that has some."""
    lines: list[dict[str, Any]] = fact([_as_state(child) for child in children], "lines") or []
    return [
        StatementLine(
            description=line.get("description"),
            category=line.get("category"),
            quantity=line.get("quantity"),
            amount=line.get("amount_minor"),
            total=line.get("total_minor"),
        )
        for line in lines
    ]


def _as_state(child: ChildRow) -> ChildState:
    """As much of a child as says which one decides, and its lines; never its commission."""
    lines = child.told.get("lines")
    return ChildState(
        tx_id=child.tx_id,
        status=ButtonStatus(child.status),
        amount_minor=0,
        created_at=child.created_at,
        modified_at=child.modified_at,
        channel=Channel.SYNC,
        read_at=child.read_at,
        facts={"lines": (lines[0], child.modified_at)} if lines else {},
    )
