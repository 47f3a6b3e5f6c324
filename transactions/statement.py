"""What members read of their money: balances and transactions.

Values go out as frozen dataclasses without commission or margin, which are the publisher's secret;
they are not even loaded here. Amounts are minor units of the currency beside them.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from rewards_site.button.schemas import APP_INSTALL, ButtonStatus
from rewards_site.kernel.errors import NotFound
from rewards_site.members.queries import find_member
from transactions.effective import fact
from transactions.history import HistoryStep, MemberStatus, history_of
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account
from transactions.models import Transaction, TransactionChild, TransactionRevision
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
    """Not estimated yet."""
    available_at: datetime | None
    click_id: str | None = None
    """No clicks are recorded yet."""
    lines: list[StatementLine] = field(default_factory=list)
    history: list[HistoryStep] = field(default_factory=list)


def balances_of(customer_id: str) -> list[Balance]:
    """The balances of a customer id, by currency; empty where it never had money. One query."""
    balances: dict[str, Balance] = {}
    rows = (
        Account.objects.filter(member__customer_id=customer_id)
        .order_by("currency", "kind")
        .values_list("currency", "kind", "credited_minor", "debited_minor", "earned_minor")
    )
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


def transactions_of(
    customer_id: str, *, status: MemberStatus | None = None
) -> QuerySet[Transaction]:
    """What the member of this customer id may see, ready for `statement_of`, unordered.

    Four queries in all, whatever the number of rows, the one for the member among them.
    """
    member = find_member(customer_id)
    if member is None:
        return Transaction.objects.none()
    rows = Transaction.objects.filter(member_id=member.pk, is_test=False).exclude(
        category=APP_INSTALL
    )
    if status is not None:
        rows = rows.filter(status=status.at_button.value)
    return (
        rows.select_related("merchant")
        .only(
            *("public_id", "button_order_id", "status", "currency", "reward_minor", "member_id"),
            *("order_total_minor", "order_currency", "purchased_at", "final_at"),
            *("revision_count", "merchant__merchant_id", "merchant__name"),
        )
        .prefetch_related(
            Prefetch("children", queryset=_children()), Prefetch("revisions", queryset=_revisions())
        )
    )


def find_transaction(customer_id: str, transaction_id: str) -> Transaction:
    """One of them by its public id. Raises: NotFound, also for another member's."""
    try:
        public_id = uuid.UUID(transaction_id)
    except ValueError:
        public_id = None
    if public_id is not None and str(public_id) == transaction_id:
        found = transactions_of(customer_id).filter(public_id=public_id).first()
        if found is not None:
            return found
    raise NotFound(_("You have no such transaction."))


def statement_of(transaction: Transaction) -> StatementTransaction:
    """One row of `transactions_of`, without a further query."""
    status = MemberStatus.of(transaction.status)
    merchant = transaction.merchant
    # The row was read first; a revision booked since is not in its figures, so not in its history.
    revisions = [
        revision
        for revision in transaction.revisions.all()
        if revision.number <= transaction.revision_count
    ]
    return StatementTransaction(
        id=transaction.public_id,
        button_order_id=transaction.button_order_id,
        merchant=(
            StatementMerchant(merchant_id=merchant.merchant_id, name=merchant.name)
            if merchant is not None
            else None
        ),
        order_total=transaction.order_total_minor,
        order_currency=transaction.order_currency or None,
        reward=transaction.reward_minor,
        currency=transaction.currency,
        status=status,
        purchased_at=transaction.purchased_at,
        available_at=transaction.final_at if status is MemberStatus.AVAILABLE else None,
        lines=_lines(transaction.children.all()),
        history=history_of(
            revisions, member_id=transaction.member_id, currency=transaction.currency
        ),
    )


def _children() -> QuerySet[TransactionChild]:
    return TransactionChild.objects.only(
        "transaction_id", "tx_id", "status", "created_at", "modified_at", "read_at", "told"
    )


def _revisions() -> QuerySet[TransactionRevision]:
    return TransactionRevision.objects.only(
        "transaction_id", "number", "kind", "recorded_at", "status", "reward_minor", "member_id"
    ).order_by("number")


def _lines(children: Collection[TransactionChild]) -> list[StatementLine]:
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


def _as_state(child: TransactionChild) -> ChildState:
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
