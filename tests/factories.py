"""Plain functions that make what tests need, through the services whenever money moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rewards_site.button.schemas import ButtonStatus, TransactionObservation
from rewards_site.kernel.db import atomic
from transactions.apply import apply_observations
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account
from transactions.told import Channel, Decided, Outcome, Told

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""When what is told in tests happened, unless they say otherwise."""

ACCOUNT = "acc-5b1e7f20c9d84a63"
MEMBER = "u-8f14e45fceea"
MERCHANT = "org-7c1f09aa52d3e418"


def observe(
    tx_id: str = "tx-1",
    *,
    minutes: float = 0,
    channel: Channel = Channel.WEBHOOK,
    read_at: datetime | None = None,
    is_test: bool = False,
    decided: Decided | None = None,
    **fields: Any,
) -> Told:
    """What Button told of `tx_id`, `minutes` after noon: by default $10.00 pending for MEMBER."""
    modified_at = fields.pop("modified_at", NOON + timedelta(minutes=minutes))
    values: dict[str, Any] = {
        "tx_id": tx_id,
        "status": ButtonStatus.PENDING,
        "category": "new-user-order",
        "account_id": ACCOUNT,
        "amount_minor": 1000,
        "currency": "USD",
        "created_at": NOON,
        "modified_at": modified_at,
        "button_order_id": "btnorder-" + tx_id.removeprefix("tx-"),
        "publisher_customer_id": MEMBER,
        "merchant_id": MERCHANT,
    } | fields
    values["status"] = ButtonStatus(values["status"])
    return Told(
        observation=TransactionObservation(**values),
        channel=channel,
        read_at=read_at or modified_at + timedelta(seconds=5),
        is_test=is_test,
        decided=decided,
    )


def tell(*told: Told, at: datetime | None = None) -> list[Outcome]:
    """Have Button say all of this in one batch."""
    with atomic():
        return apply_observations(told, at=at or datetime.now(tz=UTC))


def tell_each(*told: Told) -> list[Outcome]:
    """Have Button say this one after another, each in a commit of its own."""
    return [tell(one)[0] for one in told]


def balances(customer_id: str = MEMBER, currency: str = "USD") -> dict[str, int]:
    """What the member has, in minor units: pending and available, only where not zero."""
    rows = Account.objects.filter(member__customer_id=customer_id, currency=currency)
    amounts = {row.kind: row.credited_minor - row.debited_minor for row in rows}
    return {kind: amount for kind, amount in amounts.items() if amount}


def house(kind: AccountKind, currency: str = "USD") -> int:
    """Debits less credits of one kind of house account, over all merchants, in minor units."""
    total = 0
    for account in Account.objects.filter(kind=kind, currency=currency, member=None):
        total += sum(entry.debit_minor - entry.credit_minor for entry in account.entries.all())
    return total
