"""`rate-audit`: what Button listed when a member tapped, beside what the order then earned.

For each order that came by a click and stands: the commission that its offer listed, reckoned on
the order's total, and the commission that Button reports. A brand may exclude part of an order, so
a difference is a question to ask, not a debt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q

from offers.clicks.models import Click
from rewards_site.button.schemas import ButtonStatus
from rewards_site.reports.registry import Column, ColumnKind, Query, Report, Row
from transactions.auditing import expected_minor, is_tapped_before
from transactions.ledger.horizon import settle
from transactions.models import Transaction
from transactions.reports.then import values_as_of

_CHUNK = 1_000
_FIELDS = (
    *("public_id", "click_id", "merchant_id", "status", "purchased_at", "order_total_minor"),
    *("order_currency", "commission_minor", "currency", "is_test", "member__customer_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One order beside its offer. Amounts in minor units of `currency`."""

    transaction_id: str
    click: Click
    merchant_id: str
    listed: str
    order_total: int | None
    """None where it is in another currency than the commission, or was not told."""
    earned: int
    expected: int | None
    """What was listed, rounded down; None where nothing can be reckoned."""
    currency: str
    customer_id: str

    @property
    def difference(self) -> int | None:
        return None if self.expected is None else self.earned - self.expected


def audited(query: Query) -> Iterator[Audited]:
    """By transaction id. Orders that were declined, test money, and taps after the purchase are
    left out. Raises: NotDerivedError.
    """
    wanted = Q(click__isnull=False) | (Q(changed_at__gt=query.as_of) & ~Q(pub_ref=""))
    if query.currency:
        wanted &= Q(currency=query.currency)
    found = (
        Transaction.objects.filter(wanted)
        .order_by("public_id")
        .values_list("pk", "changed_at", *_FIELDS)
        .iterator(chunk_size=_CHUNK)
    )
    while chunk := list(islice(found, _CHUNK)):
        changed = [pk for pk, changed_at, *_ in chunk if changed_at > query.as_of]
        earlier = values_as_of(changed, _FIELDS, query.as_of)
        then = [
            earlier.get(pk) if changed_at > query.as_of else list(values)
            for pk, changed_at, *values in chunk
        ]
        clicks = Click.objects.in_bulk({values[1] for values in then if values and values[1]})
        for values in then:
            row = _audited(values, clicks, query) if values else None
            if row is not None:
                yield row


def _audited(values: Sequence[Any], clicks: dict[int, Click], query: Query) -> Audited | None:
    public_id, click_id, merchant_id, status, purchased_at, total, total_currency = values[:7]
    commission, currency, is_test, customer_id = values[7:]
    click = clicks.get(click_id)
    if click is None or is_test or status == ButtonStatus.DECLINED:
        return None
    if not (_is_in_period(query, purchased_at) and is_tapped_before(click, purchased_at)):
        return None
    total = total if total_currency in ("", currency) else None
    return Audited(
        transaction_id=str(public_id),
        click=click,
        merchant_id=merchant_id,
        listed=f"{click.listed_value} {click.listed_currency}"
        if click.listed_currency
        else f"{click.listed_value}%",
        order_total=total,
        earned=commission,
        expected=expected_minor(click, total, currency),
        currency=currency,
        customer_id=customer_id or "",
    )


def _is_in_period(query: Query, purchased_at: datetime) -> bool:
    is_after_start = query.start is None or purchased_at >= query.start
    return is_after_start and (query.end is None or purchased_at < query.end)


def rows(query: Query) -> Iterator[Row]:
    for row in audited(query):
        yield (
            row.transaction_id,
            str(row.click.public_id),
            row.merchant_id,
            row.click.offer_id,
            row.listed,
            row.order_total,
            row.earned,
            row.expected,
            row.difference,
            row.currency,
            *((row.customer_id,) if query.with_customer_ids else ()),
        )


_TEXT, _NUMBER = ColumnKind.TEXT, ColumnKind.NUMBER
RATE_AUDIT = Report(
    name="rate-audit",
    title="Rate audit",
    what="Orders that came by a tap: the commission that was listed then, and what they earned.",
    columns=(
        Column("transaction_id"),
        Column("click_id"),
        Column("merchant_id", _TEXT),
        Column("offer_id", _TEXT),
        Column("listed"),
        Column("order_total", _NUMBER),
        Column("earned", _NUMBER),
        Column("expected", _NUMBER),
        Column("difference", _NUMBER),
        Column("currency"),
    ),
    rows=rows,
    settle=settle,
    period_of="purchased_at",
)
