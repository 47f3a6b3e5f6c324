"""`earnings`: what came in and went out on each day, by brand and currency.

The amounts are the movements of the brand's own ledger accounts, so they add up to the journal's
balances. Each posting of an order lies between an asset and a claim on it (holdings.py): what came
to the brand's assets and did not come to its margin, came to members.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

from django.conf import settings

from rewards_site.reports.registry import Column, ColumnKind, Query, Report, Row
from transactions.ledger.chart import AccountKind
from transactions.ledger.horizon import settle
from transactions.reports.counted import Figure, counted
from transactions.reports.days import Days
from transactions.reports.journal import entries_of

_CHUNK = 5_000
_PENDING, _VALIDATED, _REWARDS, _MARGIN = (
    *("commission_pending", "commission_validated", "rewards", "margin"),
)
_FIGURES = (
    *(Figure.ORDERS.value, Figure.ORDER_TOTAL.value, _PENDING, _VALIDATED),
    *(Figure.DECLINED.value, _REWARDS, _MARGIN),
)
"""The columns of amounts, in their order."""
_COLUMNS_OF = {
    AccountKind.COMMISSION_PENDING: ((_PENDING, 1), (_REWARDS, 1)),
    AccountKind.COMMISSION_RECEIVABLE: ((_VALIDATED, 1), (_REWARDS, 1)),
    AccountKind.POINTS_ISSUED: ((_REWARDS, 1),),
    AccountKind.MARGIN_PENDING: ((_MARGIN, -1), (_REWARDS, 1)),
    AccountKind.MARGIN_EARNED: ((_MARGIN, -1), (_REWARDS, 1)),
}
"""What a debit of an account adds to which columns."""

_Movement = tuple[date, tuple[str, str], str, int]
"""(day, (merchant id, currency), column, change)"""


def rows(query: Query) -> Iterator[Row]:
    """By day, merchant id, currency; where nothing moved is no row. Raises: NotDerivedError."""
    moved = heapq.merge(_booked(query), _counted(query), key=itemgetter(0))
    for day, of_day in groupby(moved, key=itemgetter(0)):
        figures: dict[tuple[str, str], Counter[str]] = {}
        for _, key, column, change in of_day:
            figures.setdefault(key, Counter())[column] += change
        for (merchant_id, currency), sums in sorted(figures.items()):
            cells = [sums[column] for column in _FIGURES]
            if any(cells):
                nobody = ("",) if query.with_customer_ids else ()
                yield (day.isoformat(), merchant_id, currency, *cells, *nobody)


def _booked(query: Query) -> Iterator[_Movement]:
    days = Days(settings.BUSINESS_TIME_ZONE)
    found = (
        entries_of(query)
        .filter(account__kind__in=[kind.value for kind in _COLUMNS_OF])
        .values_list(
            *("group__posted_at", "account__merchant_id", "account__currency", "account__kind"),
            *("debit_minor", "credit_minor"),
        )
        .iterator(chunk_size=_CHUNK)
    )
    for at, merchant_id, currency, kind, debit, credit in found:
        day, key = days.of(at), (merchant_id or "", currency)
        for column, sign in _COLUMNS_OF[AccountKind(kind)]:
            yield day, key, column, sign * (debit - credit)


def _counted(query: Query) -> Iterator[_Movement]:
    days = Days(settings.BUSINESS_TIME_ZONE)
    for one in counted(query):
        if query.currency in ("", one.currency):
            yield days.of(one.at), (one.merchant_id, one.currency), one.figure.value, one.change


EARNINGS = Report(
    name="earnings",
    title="Earnings",
    what="What was earned, settled and declined on each day, by brand and currency.",
    columns=(
        Column("day"),
        Column("merchant_id", ColumnKind.TEXT),
        Column("currency", ColumnKind.TEXT),
        *(Column(name, ColumnKind.NUMBER) for name in _FIGURES),
    ),
    rows=rows,
    settle=settle,
    period_of="day",
)
