"""How orders went in and out of the count of orders: what `earnings` tells beside the money.

An order counts from when it is first booked until it is declined, with its total as it was known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from django.db.models import Q

from rewards_site.button.schemas import ButtonStatus
from rewards_site.reports.registry import Query
from transactions.effective import fact
from transactions.models import TransactionRevision
from transactions.reports.then import steps_until

_CHUNK = 2_000


class Figure(StrEnum):
    ORDERS = "orders"
    ORDER_TOTAL = "order_total"
    DECLINED = "commission_declined"


Worth = Counter[tuple[str, str, Figure]]
"""(merchant id or "", currency, figure) → how much of it an order is."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one revision of an order changed."""

    at: datetime
    merchant_id: str
    currency: str
    figure: Figure
    change: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """One revision, as far as it counts here. Amounts in minor units."""

    order: int
    number: int
    at: datetime
    status: str
    is_test: bool
    merchant_id: str
    currency: str
    commission: int
    order_total: int | None
    order_currency: str | None
    has_words: bool


_FIELDS = (
    *("transaction_id", "number", "recorded_at", "status", "is_test", "merchant_id"),
    *("transaction__currency", "commission_minor"),
    *("observation__order_total_minor", "observation__order_currency", "observation__tx_id"),
)


def counted(query: Query) -> Iterator[Counted]:
    """What was recorded in the period asked for, in its order. Raises: NotDerivedError."""
    wanted = Q(recorded_at__lte=query.as_of)
    if query.start is not None:
        wanted &= Q(recorded_at__gte=query.start)
    if query.end is not None:
        wanted &= Q(recorded_at__lt=query.end)
    stream = (
        TransactionRevision.objects.filter(wanted)
        .order_by("recorded_at", "pk")
        .values_list("transaction_id", "number")
        .iterator(chunk_size=_CHUNK)
    )
    while chunk := list(islice(stream, _CHUNK)):
        changes = _changes({order for order, _ in chunk}, query.as_of)
        for revision in chunk:
            yield from changes[revision]


def _changes(orders: set[int], as_of: datetime) -> dict[tuple[int, int], list[Counted]]:
    """(order, number of the revision) → what it changed."""
    found = (
        TransactionRevision.objects.filter(transaction__in=orders, recorded_at__lte=as_of)
        .order_by("transaction", "number")
        .values_list(*_FIELDS)
    )
    told = (_told(row) for row in found.iterator(chunk_size=_CHUNK))
    histories = [list(rows) for _, rows in groupby(told, attrgetter("order"))]
    totals = _told_totals([rows[0].order for rows in histories if not _is_plain(rows)], as_of)
    changes: dict[tuple[int, int], list[Counted]] = {}
    for rows in histories:
        first = rows[0].order_total, rows[0].order_currency
        known = totals.get(rows[0].order) or [first] * len(rows)
        for row, moved in zip(rows, _moved(rows, known), strict=True):
            changes[row.order, row.number] = [
                Counted(row.at, merchant_id, currency, figure, change)
                for (merchant_id, currency, figure), change in moved.items()
                if change
            ]
    return changes


def _told(row: Sequence[Any]) -> _Told:
    order, number, at, status, is_test, merchant_id, currency, commission, *words = row
    order_total, order_currency, tx_id = words
    return _Told(
        order=order,
        number=number,
        at=at,
        status=status,
        is_test=is_test,
        merchant_id=merchant_id or "",
        currency=currency,
        commission=commission,
        order_total=order_total,
        order_currency=order_currency,
        has_words=tx_id is not None,
    )


def _is_plain(rows: Sequence[_Told]) -> bool:
    """Whether the total and its currency are those of the first words, whatever child decides."""
    first = rows[0].order_total, rows[0].order_currency
    return all((row.order_total, row.order_currency) == first for row in rows if row.has_words)


def _told_totals(
    orders: Sequence[int], as_of: datetime
) -> dict[int, list[tuple[int | None, str | None]]]:
    """Order → its total, and its currency, after each of its revisions."""
    return {
        order: [
            (
                fact(step.order.children.values(), "order_total_minor"),
                fact(step.order.children.values(), "order_currency"),
            )
            for _, step in steps
        ]
        for order, steps in steps_until(sorted(orders), as_of)
    }


def _moved(
    rows: Sequence[_Told], totals: Sequence[tuple[int | None, str | None]]
) -> Iterator[Worth]:
    """What each revision changed, in their order."""
    before: Worth = Counter()
    lost: Worth = Counter()
    for row, (total, total_currency) in zip(rows, totals, strict=True):
        after: Worth = Counter()
        if row.is_test:
            lost = Counter()
        elif row.status == ButtonStatus.DECLINED:
            after.update(lost)
        else:
            after[row.merchant_id, row.currency, Figure.ORDERS] = 1
            total_key = row.merchant_id, total_currency or row.currency, Figure.ORDER_TOTAL
            after[total_key] = total or 0
            lost = Counter({(row.merchant_id, row.currency, Figure.DECLINED): row.commission})
        moved = Counter(after)
        moved.subtract(before)
        yield moved
        before = after
