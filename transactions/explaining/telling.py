"""What members read about their money: of an order, and of what each balance consists.

No commission and no terms by which one could be computed: they are not even loaded here.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from offers.brandrecord.models import BrandRecord
from rewards_site.members.queries import find_member
from transactions.activity.models import MemberActivity
from transactions.expiry.models import ExpiryPolicy
from transactions.explaining.lots import Lot
from transactions.explaining.parts import KINDS, Explanation, Where, explain
from transactions.explaining.words import Standing, can_change, why, why_origin
from transactions.freezes.queries import frozen_reason
from transactions.history import MemberStatus
from transactions.models import Transaction
from transactions.redemptions.models import Redemption
from transactions.statement import statement_of
from transactions.statement_rows import OrderRow, orders_by_id


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandHistory:
    """How long the store's earlier orders took, and how often what was expected held."""

    sample_size: int
    usual_days: int
    range_days: list[int]
    kept_percent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExplanation:
    """Of one order's reward, in minor units of its currency."""

    why: str
    expected_basis: str | None
    brand_record: BrandHistory | None
    promised: Mapping[str, Any] | None
    """What was shown at the tap that it came by: {"type", "value", "currency"}."""
    can_change: list[str]
    parts: Where
    redemptions: list[dict[str, Any]] = field(default_factory=list)
    activity: list[uuid.UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancePart:
    """Some money of one origin in one balance."""

    number: int
    """The oldest is 1."""
    balance: str
    amount: int
    origin: str
    transaction: uuid.UUID | None
    store: str | None
    redemption: uuid.UUID | None
    since: datetime | None
    why: str
    expected_available_at: datetime | None
    standing: Standing | None
    """Of an order's: what its words go by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A member's balances in one currency, and their parts; of each balance they add up to it."""

    currency: str
    totals: dict[str, int]
    lots: list[tuple[str, Lot]]
    """(balance, part), the oldest first."""
    explanation: Explanation | None
    is_frozen: bool = False
    idle_days: int | None = None


def explain_order(order: OrderRow, *, at: datetime) -> OrderExplanation:
    """Of one row of `transactions_of`, its member's."""
    row = (
        Transaction.objects.filter(public_id=order.public_id)
        .values_list("pk", "click__reward", "merchant_id")
        .get()
    )
    order_id, promised, merchant_id = row
    told = explain(order.member_id, order.reward_currency)
    origin = f"transaction/{order_id}"
    where = told.where(origin)
    standing = _standing(
        order,
        where,
        idle_days=_idle_days(order.reward_currency),
        is_frozen=bool(frozen_reason(order.member_id, at)),
    )
    shown = statement_of(order)
    return OrderExplanation(
        why=why(standing),
        expected_basis=_basis(order) if shown.expected_available_at is not None else None,
        brand_record=_brand_history(merchant_id),
        promised=promised,
        can_change=can_change(standing),
        parts=where,
        redemptions=_redemptions(told, origin),
        activity=list(
            MemberActivity.objects.filter(
                member=order.member_id,
                currency=order.reward_currency,
                group__transactionrevision__transaction=order_id,
            )
            .order_by("number")
            .values_list("public_id", flat=True)
        ),
    )


def explain_balances(customer_id: str, currency: str, *, at: datetime) -> Explained:
    """Of what each balance in this currency consists; nothing where there never was money."""
    member = find_member(customer_id)
    if member is None:
        zero = {kind.value: 0 for kind in KINDS}
        return Explained(currency=currency, totals=zero, lots=[], explanation=None)
    told = explain(member.pk, currency)
    lots = [(kind.value, lot) for kind in KINDS for lot in told.parts[kind]]
    return Explained(
        currency=currency,
        totals={kind.value: told.total(kind) for kind in KINDS},
        lots=sorted(lots, key=lambda part: (part[1], part[0], part[1].held_by)),
        explanation=told,
        is_frozen=bool(frozen_reason(member.pk, at)),
        idle_days=_idle_days(currency),
    )


def tell_parts(explained: Explained, *, numbers: Sequence[int]) -> list[BalancePart]:
    """These parts, by their number, in words; the statements do not grow with them."""
    lots = {number: explained.lots[number - 1] for number in numbers}
    orders = _orders({lot.origin for _balance, lot in lots.values()})
    redemptions = _redemption_ids({lot.held_by for _balance, lot in lots.values()})
    return [_part(explained, number, orders=orders, redemptions=redemptions) for number in numbers]


def _part(
    explained: Explained,
    number: int,
    *,
    orders: Mapping[str, OrderRow],
    redemptions: Mapping[str, uuid.UUID],
) -> BalancePart:
    balance, lot = explained.lots[number - 1]
    order = orders.get(lot.origin)
    words, expected_at, standing = why_origin(kind_of(lot.origin)), None, None
    if order is not None:
        standing = _standing(
            order,
            Where(**{balance: lot.amount_minor}),
            idle_days=explained.idle_days,
            is_frozen=explained.is_frozen,
        )
        words = why(standing)
        expected_at = statement_of(order).expected_available_at if balance == "pending" else None
    return BalancePart(
        number=number,
        balance=balance,
        amount=lot.amount_minor,
        origin=kind_of(lot.origin),
        transaction=order.public_id if order is not None else None,
        store=order.merchant_name if order is not None else None,
        redemption=redemptions.get(lot.held_by),
        since=lot.at,
        why=words,
        expected_available_at=expected_at,
        standing=standing,
    )


def kind_of(origin: str) -> str:
    """`order`, `opening`, `adjustment`, or `other`."""
    first = origin.partition("/")[0]
    return {"transaction": "order"}.get(
        first, first if first in ("opening", "adjustment") else "other"
    )


def order_ids(origins: Collection[str]) -> dict[int, str]:
    """Primary key → origin, of those that are orders."""
    found = (origin.split("/") for origin in origins)
    return {int(parts[1]): "/".join(parts) for parts in found if parts[0] == "transaction"}


def _orders(origins: Collection[str]) -> dict[str, OrderRow]:
    wanted = order_ids(origins)
    keys = dict(Transaction.objects.filter(pk__in=wanted).values_list("public_id", "pk"))
    return {wanted[keys[row.public_id]]: row for row in orders_by_id(sorted(wanted))}


def _redemption_ids(holders: Collection[str]) -> dict[str, uuid.UUID]:
    keys = [int(holder.split("/")[1]) for holder in holders if holder.startswith("redemption/")]
    rows = Redemption.objects.filter(pk__in=keys).values_list("pk", "public_id")
    return {f"redemption/{pk}": public_id for pk, public_id in rows}


def _redemptions(told: Explanation, origin: str) -> list[dict[str, Any]]:
    """By which redemptions its money went out, and how much with each."""
    lots = [
        lot for kind in KINDS for lot in told.parts[kind] if lot.origin == origin and lot.held_by
    ]
    ids = _redemption_ids({lot.held_by for lot in lots})
    return [
        {"redemption": ids[lot.held_by], "amount": lot.amount_minor}
        for lot in lots
        if lot.held_by in ids
    ]


def _standing(order: OrderRow, where: Where, *, idle_days: int | None, is_frozen: bool) -> Standing:
    mode, days = order.release
    return Standing(
        status=MemberStatus.of(order.status, is_held=order.is_held),
        reward_minor=order.reward_minor,
        where=where,
        is_held=order.is_held,
        release_mode=mode,
        release_days=days,
        idle_days=idle_days,
        is_frozen=is_frozen,
    )


def _basis(order: OrderRow) -> str:
    """What `expected_available_at` rests on: the store's earlier orders, its window, our release.

    As expected_available_at() decides: an order reported late goes by the window.
    """
    if order.is_held:
        return "release"
    reported_at = min((child.created_at for child in order.children), default=order.purchased_at)
    record = order.record_days
    if record is not None and reported_at <= order.purchased_at + timedelta(days=record[0]):
        return "history"
    return "window"


def _brand_history(merchant_id: str | None) -> BrandHistory | None:
    record = BrandRecord.objects.filter(merchant=merchant_id).first() if merchant_id else None
    if record is None:
        return None
    judged = record.judged_count
    return BrandHistory(
        sample_size=record.sample_size,
        usual_days=record.median_days,
        range_days=[record.low_days, record.high_days],
        kept_percent=100 * record.inside_count // judged if judged else None,
    )


def _idle_days(currency: str) -> int | None:
    policy = ExpiryPolicy.objects.filter(currency=currency, is_on=True).first()
    return policy.idle_days if policy is not None else None
