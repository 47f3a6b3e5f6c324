"""`transactions`: every order as it stood at an instant.

An order that has not changed since is read from its row. One that has is derived again from its
revisions up to then, by the rules that verify_ledger checks all rows with.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Q

from rewards_site.kernel.clock import wire_text
from rewards_site.reports.registry import Column, ColumnKind, Query, Report, Row
from transactions.ledger.horizon import settle
from transactions.models import Transaction
from transactions.reports.then import values_as_of

_CHUNK = 2_000
_TERMS = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_FIELDS = (
    "public_id",
    "button_order_id",
    "account_id",
    "merchant_id",
    "member__public_id",
    "status",
    "category",
    "purchased_at",
    "first_seen_at",
    "final_at",
    "order_currency",
    "order_total_minor",
    "currency",
    "commission_minor",
    "reward_minor",
    "reward_currency",
    "terms",
    "is_test",
    "member__customer_id",
)
"""Of an order, in the order that _cells() takes them; customer ids stay out unless asked for."""


def rows(query: Query) -> Iterator[Row]:
    """By transaction id, which follows the time of first sight. Raises: NotDerivedError."""
    found = (
        Transaction.objects.filter(_wanted(query))
        .order_by("public_id")
        .values_list("pk", "changed_at", *_FIELDS)
        .iterator(chunk_size=_CHUNK)
    )
    while chunk := list(islice(found, _CHUNK)):
        changed = [pk for pk, changed_at, *_ in chunk if changed_at > query.as_of]
        earlier = values_as_of(changed, _FIELDS, query.as_of)
        for pk, changed_at, *values in chunk:
            if changed_at > query.as_of:
                if pk not in earlier:
                    continue  # not known then
                values = earlier[pk]  # noqa: PLW2901
            if _is_in_period(query, values[7]):
                yield _cells(values, query)


def _wanted(query: Query) -> Q:
    """Orders that may be in the report: what changed since, and so may have been, too."""
    wanted, period = Q(), Q()
    if query.currency:
        wanted &= Q(currency=query.currency)
    if query.start is not None:
        period &= Q(purchased_at__gte=query.start)
    if query.end is not None:
        period &= Q(purchased_at__lt=query.end)
    return wanted & (Q(changed_at__gt=query.as_of) | period) if period else wanted


def _is_in_period(query: Query, purchased_at: datetime) -> bool:
    is_after_start = query.start is None or purchased_at >= query.start
    return is_after_start and (query.end is None or purchased_at < query.end)


def _cells(values: Sequence[Any], query: Query) -> Row:
    public_id, order_id, account_id, merchant_id, member_id, status, category = values[:7]
    purchased_at, first_seen_at, final_at, order_currency, order_total = values[7:12]
    currency, commission, reward, reward_currency, terms, is_test, customer_id = values[12:]
    return (
        str(public_id),
        order_id,
        account_id,
        merchant_id,
        str(member_id) if member_id else "",
        str(status),
        str(category),
        wire_text(purchased_at),
        wire_text(first_seen_at),
        wire_text(final_at) if final_at else "",
        order_currency,
        order_total,
        currency,
        commission,
        reward_currency,
        reward,
        _TERMS.encode(terms),
        "true" if is_test else "false",
        *((customer_id or "",) if query.with_customer_ids else ()),
    )


_TEXT, _NUMBER = ColumnKind.TEXT, ColumnKind.NUMBER
TRANSACTIONS = Report(
    name="transactions",
    title="Transactions",
    what="Every order as it stood at an instant, with its commission, its reward and its terms.",
    columns=(
        Column("transaction_id"),
        Column("button_order_id", _TEXT),
        Column("account_id", _TEXT),
        Column("merchant_id", _TEXT),
        Column("member_id"),
        Column("status"),
        Column("category"),
        Column("purchased_at"),
        Column("first_seen_at"),
        Column("final_at"),
        Column("order_currency", _TEXT),
        Column("order_total", _NUMBER),
        Column("currency"),
        Column("commission", _NUMBER),
        Column("reward_currency"),
        Column("reward", _NUMBER),
        Column("terms", _TEXT),
        Column("test"),
    ),
    rows=rows,
    settle=settle,
    period_of="purchased_at",
)
