"""The journal as a Beancount file: one directive after another, as they stream.

Accounts are opened at the beginning of time, before the first transaction, so that nothing has to
be remembered while transactions stream. A journal of everything ends with what each account of the
`liability` report holds: `bean-check` then proves the one against the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Exists, F, Min, OuterRef, QuerySet

from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.money import decimal_text
from rewards_site.reports.registry import Query
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, Entry
from transactions.reports import liability
from transactions.reports.names import account_name, head

_OPENED_ON = "1970-01-01"
_CHUNK = 5_000
_WAITING = {
    AccountKind.PENDING: AccountKind.UNATTRIBUTED_PENDING,
    AccountKind.AVAILABLE: AccountKind.UNATTRIBUTED_AVAILABLE,
}


def directives(query: Query, entries: QuerySet[Entry]) -> Iterator[str]:
    """The whole file; `entries` in the order of the journal."""
    yield from _opening(query, entries)
    yield from _transactions(entries)
    if query.start is None and query.end is None:
        yield from _assertions(query)


def _opening(query: Query, entries: QuerySet[Entry]) -> Iterator[str]:
    yield f'option "title" "Rewards, as of {wire_text(query.as_of)}"\n\n'
    heads = [head(kind) for kind in _WAITING.values()]
    for name in heads:
        yield f"{_OPENED_ON} open {name}\n"
    used = Exists(entries.order_by().filter(account=OuterRef("pk")))
    names = ["kind", "member__public_id", "merchant_id"]
    if query.with_customer_ids:
        names.append("member__customer_id")
    # One name for all currencies, in the order in which they were first used: no collation sorts it
    found = (
        Account.objects.filter(used)
        .values_list(*names)
        .annotate(first_id=Min("pk"))
        .order_by("first_id")
    )
    for kind, member_id, merchant_id, *customer_id, _ in found.iterator(chunk_size=_CHUNK):
        name = _name(kind, member_id, merchant_id)
        if name in heads:
            continue
        yield f"{_OPENED_ON} open {name}\n"
        if merchant_id:
            yield f"  merchant_id: {_text(merchant_id)}\n"
        if any(customer_id):
            yield f"  customer_id: {_text(customer_id[0])}\n"
    yield "\n"


def _transactions(entries: QuerySet[Entry]) -> Iterator[str]:
    rows = entries.annotate(net_minor=F("debit_minor") - F("credit_minor")).values_list(
        "group_id",
        "group__posted_at",
        "group__kind",
        "group__cause",
        "account__kind",
        "account__member__public_id",
        "account__merchant_id",
        "net_minor",
        "account__currency",
    )
    stream: Iterator[tuple[Any, ...]] = rows.iterator(chunk_size=_CHUNK)
    for (group, at, kind, cause), legs in groupby(stream, key=itemgetter(0, 1, 2, 3)):
        lines = [
            f"{_date(at)} * {_text(kind)} {_text(cause)}",
            f'  group: "{group}"',
            f'  posted_at: "{wire_text(at)}"',
        ]
        lines += [
            f"  {_name(leg[4], leg[5], leg[6])}  {decimal_text(leg[7], leg[8])} {leg[8]}"
            for leg in legs
        ]
        yield "\n".join(lines) + "\n\n"


def _assertions(query: Query) -> Iterator[str]:
    """Balances are asserted for the start of a day: of the first one that is wholly after."""
    day = _date(query.as_of) + timedelta(days=1)
    kinds = (AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.REDEEMING)
    for member_id, currency, *cells in liability.rows(query):
        for kind, minor in zip(kinds, cells, strict=False):  # a customer id may come last
            if not minor:
                continue
            if member_id == liability.UNATTRIBUTED:
                name = head(_WAITING[kind])
            else:
                name = account_name(kind, member_id=str(member_id))
            amount = decimal_text(-int(minor), str(currency))
            yield f"{day} balance {name}  {amount} {currency}\n"


def _name(kind: str, member_id: object, merchant_id: str | None) -> str:
    return account_name(
        kind, member_id=str(member_id) if member_id else "", merchant_id=merchant_id or ""
    )


def _date(at: datetime) -> date:
    """In UTC, whatever the zone of the business: it may be set anew, the bytes stay the same."""
    return at.astimezone(UTC).date()


def _text(text: str) -> str:
    """A Beancount string: on one line, quotes and backslashes escaped."""
    plain = "".join(mark if mark.isprintable() else " " for mark in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
