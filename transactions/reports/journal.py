"""`journal`: every entry, in the order it was posted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from rewards_site.kernel.clock import wire_text
from rewards_site.reports.registry import Column, ColumnKind, Query, Report, Row
from transactions.ledger.horizon import settle
from transactions.ledger.models import Entry
from transactions.reports import beancount
from transactions.reports.names import account_name

_FIELDS = (
    "group_id",
    "group__posted_at",
    "group__kind",
    "group__cause",
    "account__kind",
    "account__member__public_id",
    "account__merchant_id",
    "debit_minor",
    "credit_minor",
    "account__currency",
)
_CHUNK = 5_000


def rows(query: Query) -> Iterator[Row]:
    """By when it was posted, then by group, then as it was written."""
    names = (*_FIELDS, "account__member__customer_id") if query.with_customer_ids else _FIELDS
    last_at, at_text = None, ""
    entries = entries_of(query).values_list(*names)
    for group, at, kind, cause, *account, debit, credit, currency in _split(entries):
        if at != last_at:
            last_at, at_text = at, wire_text(at)
        account_kind, member_id, merchant_id, *customer_id = account
        name = account_name(
            account_kind,
            member_id=str(member_id) if member_id else "",
            merchant_id=merchant_id or "",
        )
        yield (group, at_text, kind, cause, name, debit, credit, currency, *customer_id)


def _split(entries: QuerySet[Entry, Any]) -> Iterator[tuple[Any, ...]]:
    """Each row with its optional last cell, the customer id, among those of the account."""
    for row in entries.iterator(chunk_size=_CHUNK):
        yield (*row[:7], *(("" if cell is None else cell) for cell in row[10:]), *row[7:10])


def entries_of(query: Query) -> QuerySet[Entry]:
    """The entries asked for, in the order of the journal."""
    wanted = Q(group__posted_at__lte=query.as_of)
    if query.start is not None:
        wanted &= Q(group__posted_at__gte=query.start)
    if query.end is not None:
        wanted &= Q(group__posted_at__lt=query.end)
    if query.currency:
        wanted &= Q(account__currency=query.currency)
    return Entry.objects.filter(wanted).order_by("group__posted_at", "group_id", "pk")


def directives(query: Query) -> Iterator[str]:
    return beancount.directives(query, entries_of(query))


JOURNAL = Report(
    name="journal",
    title="Journal",
    what="Every entry of the books in the order it was posted; debits equal credits in each group.",
    columns=(
        Column("group", ColumnKind.NUMBER),
        Column("posted_at"),
        Column("kind"),
        Column("cause", ColumnKind.TEXT),
        Column("account"),
        Column("debit", ColumnKind.NUMBER),
        Column("credit", ColumnKind.NUMBER),
        Column("currency"),
    ),
    rows=rows,
    settle=settle,
    period_of="posted_at",
    beancount=directives,
)
