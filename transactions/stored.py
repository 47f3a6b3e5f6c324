"""Between rows and the pure values of fold.py: reading states from rows, writing them back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from offers.rules.reward import Terms
from rewards_site.button.schemas import ButtonStatus, LineItem
from transactions.effective import fact
from transactions.holdings import Holding
from transactions.models import Transaction, TransactionChild
from transactions.order import OrderState
from transactions.states import HEARD, ChildState
from transactions.told import Channel

ORDER_FIELDS = (
    "order_key",
    "button_order_id",
    "category",
    "status",
    "commission_minor",
    "reward_minor",
    "reward_currency",
    "click_id",
    "member_id",
    "merchant_id",
    "customer_id_told",
    "pub_ref",
    "order_total_minor",
    "order_currency",
    "purchased_at",
    "terms",
    "promotion",
    "flags",
    "is_test",
    "changed_at",
    "final_at",
    "is_held",
    "released_at",
    "unrecovered",
    "revision_count",
)
"""What apply and attribution write of an order."""

CHILD_FIELDS = (
    "status",
    "amount_minor",
    "created_at",
    "modified_at",
    "source",
    "read_at",
    "told",
)
"""What apply writes of a known child."""

_TIME_FACTS = {"purchased_at", "attribution_at", "event_at", "validated_at"}


def child_state(row: TransactionChild) -> ChildState:
    return ChildState(
        tx_id=row.tx_id,
        status=ButtonStatus(row.status),
        amount_minor=row.amount_minor,
        created_at=row.created_at,
        modified_at=row.modified_at,
        channel=Channel(row.source),
        read_at=row.read_at,
        facts={
            name: (_fact_value(name, value), datetime.fromisoformat(at))
            for name, (value, at) in row.told.items()
        },
    )


def write_child(row: TransactionChild, state: ChildState) -> None:
    row.status = state.status
    row.amount_minor = state.amount_minor
    row.created_at = state.created_at
    row.modified_at = state.modified_at
    row.source = state.channel
    row.read_at = state.read_at
    row.told = {
        name: [_fact_json(value), at.isoformat()] for name, (value, at) in state.facts.items()
    }


def pub_refs_of(row: TransactionChild) -> set[str]:
    """Every `pub_ref` that was told of it and may still matter."""
    words = row.told[HEARD][0] if HEARD in row.told else []
    told = [word[-1].get("pub_ref") for word in words]
    told += row.told.get("pub_ref", ())[:1]
    return {ref for ref in told if ref}


def order_state(
    row: Transaction, children: list[TransactionChild], *, customer_id: str | None
) -> OrderState:
    return OrderState(
        currency=row.currency,
        category=row.category,
        is_test=row.is_test,
        children={child.tx_id: child_state(child) for child in children},
        terms=Terms.from_json(row.terms) if row.terms else None,
        customer_id=customer_id,
        merchant_id=row.merchant_id,
        click_id=row.click_id,
        flags=tuple(row.flags),
        status=ButtonStatus(row.status),
        commission_minor=row.commission_minor,
        reward_minor=row.reward_minor,
        purchased_at=row.purchased_at if row.revision_count else None,
        is_held=row.is_held,
        unrecovered=read_unrecovered(row.unrecovered),
    )


def write_order(
    row: Transaction, state: OrderState, *, member_id: int | None, at: datetime
) -> None:
    """Put `state` on the row; the caller counts the revision and writes the row."""
    children = state.children.values()
    assert state.terms is not None
    assert state.purchased_at is not None
    if row.button_order_id is None and fact(children, "button_order_id"):
        row.order_key = row.button_order_id = fact(children, "button_order_id")
    row.category = state.category
    row.status = state.status
    row.commission_minor = state.commission_minor
    row.reward_minor = state.reward_minor
    row.reward_currency = state.reward_currency
    row.click_id = state.click_id
    row.member_id = member_id
    row.merchant_id = state.merchant_id
    row.customer_id_told = fact(children, "publisher_customer_id") or ""
    row.pub_ref = fact(children, "pub_ref") or ""
    row.order_total_minor = fact(children, "order_total_minor")
    row.order_currency = fact(children, "order_currency") or ""
    row.purchased_at = state.purchased_at
    row.terms = state.terms.as_json()
    row.promotion = (state.terms.rule_id or "") if state.terms.is_promotion else ""
    row.flags = list(state.flags)
    row.is_test = state.is_test
    if row.is_held and not state.is_held and state.status is ButtonStatus.VALIDATED:
        row.released_at = at
    row.is_held = state.is_held
    row.unrecovered = write_unrecovered(state)
    row.changed_at = at


def final_since(
    known: datetime | None, before: OrderState, after: OrderState, *, at: datetime
) -> datetime | None:
    """When the order became what it finally is; None while pending. `known` is until when it was
    `before`.
    """
    if not after.status.is_final:
        return None
    return known if known is not None and before.status is after.status else at


def read_unrecovered(stored: Mapping[str, int]) -> dict[int, int]:
    return {int(member_id): minor for member_id, minor in stored.items()}


def write_unrecovered(state: OrderState) -> dict[str, int]:
    return {str(member_id): minor for member_id, minor in sorted(state.unrecovered.items())}


def holding(state: OrderState, *, member_id: int | None, is_booked: bool = True) -> Holding:
    """What the books hold, or should hold, for an order in this state."""
    if not is_booked:
        return Holding(currency=state.currency)
    return Holding(
        currency=state.currency,
        reward_currency=state.reward_currency,
        status=state.status,
        commission_minor=state.commission_minor,
        reward_minor=state.reward_minor,
        member_id=member_id,
        merchant_id=state.merchant_id,
        is_test=state.is_test,
        is_held=state.is_held,
        unrecovered=state.unrecovered,
    )


def _fact_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_line_json(line) for line in value]
    return value


def _line_json(line: LineItem) -> dict[str, Any]:
    values = ((name, getattr(line, name)) for name in LineItem.__dataclass_fields__)
    return {name: value for name, value in values if value is not None}


def _fact_value(name: str, value: Any) -> Any:
    if name in _TIME_FACTS:
        return datetime.fromisoformat(value)
    if name == "lines":
        return tuple(LineItem(**line) for line in value)
    return value
