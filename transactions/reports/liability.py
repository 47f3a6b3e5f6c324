"""`liability`: what is owed to each member at an instant, by currency."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from operator import itemgetter

from django.db.models import BigIntegerField, Case, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce

from rewards_site.reports.registry import Cell, Column, ColumnKind, Query, Report, Row
from transactions.ledger.chart import AccountKind
from transactions.ledger.horizon import settle
from transactions.ledger.models import Account, Entry

UNATTRIBUTED = "unattributed"
"""Stands for the member of rewards that still wait for theirs."""

_OWED = (AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.REDEEMING)
_WAITING = {
    AccountKind.UNATTRIBUTED_PENDING: AccountKind.PENDING,
    AccountKind.UNATTRIBUTED_AVAILABLE: AccountKind.AVAILABLE,
}
_CHUNK = 5_000


def rows(query: Query) -> Iterator[Row]:
    """By currency, then member id; `unattributed` comes last. Who is owed nothing is left out."""
    return heapq.merge(_members(query), _unattributed(query), key=itemgetter(1, 0))


def _members(query: Query) -> Iterator[Row]:
    balance = Case(
        When(last_posted_at__lte=query.as_of, then=F("credited_minor") - F("debited_minor")),
        default=_balance_at(query),
        output_field=BigIntegerField(),
    )
    found = (
        _accounts(query, kinds=_OWED)
        .filter(member__isnull=False)
        .annotate(balance=balance)
        .values("currency", "member__public_id")
        .annotate(
            pending_minor=_total(AccountKind.PENDING),
            available_minor=_total(AccountKind.AVAILABLE),
            redeeming_minor=_total(AccountKind.REDEEMING),
        )
        .exclude(pending_minor=0, available_minor=0, redeeming_minor=0)
        .order_by("currency", "member__public_id")
    )
    names = ["member__public_id", "currency", "pending_minor", "available_minor", "redeeming_minor"]
    if query.with_customer_ids:
        names.append("member__customer_id")
    for member_id, *cells in found.values_list(*names).iterator(chunk_size=_CHUNK):
        yield (str(member_id), *cells)


def _total(kind: AccountKind) -> Coalesce:
    amount = Sum("balance", filter=Q(kind=kind))
    return Coalesce(amount, 0, output_field=BigIntegerField())


def _balance_at(query: Query) -> Coalesce:
    """A member's balance after the last entry of then: found from the newest entry backwards."""
    latest = (
        Entry.objects.filter(
            account=OuterRef("pk"),
            number__gt=0,  # the index by number is of these alone
            group__posted_at__lte=query.as_of,
        )
        .order_by("-number")
        .values("balance_after_minor")[:1]
    )
    return Coalesce(Subquery(latest), 0, output_field=BigIntegerField())


def _unattributed(query: Query) -> Iterator[Row]:
    """House accounts carry no balance: the few that wait are summed."""
    found = (
        Entry.objects.filter(
            account__in=_accounts(query, kinds=tuple(_WAITING)).values("pk"),
            group__posted_at__lte=query.as_of,
        )
        .values_list("account__currency", "account__kind")
        .annotate(balance=Sum("credit_minor") - Sum("debit_minor"))
        .order_by("account__currency")
    )
    amounts: dict[str, dict[AccountKind, int]] = {}
    for currency, kind, balance in found:
        amounts.setdefault(currency, {})[_WAITING[AccountKind(kind)]] = balance
    for currency, by_kind in sorted(amounts.items()):
        cells: list[Cell] = [by_kind.get(kind, 0) for kind in _OWED]
        if any(cells):
            yield (UNATTRIBUTED, currency, *cells, *([""] if query.with_customer_ids else []))


def _accounts(query: Query, *, kinds: tuple[AccountKind, ...]) -> QuerySet[Account]:
    wanted = Q(kind__in=kinds)
    if query.currency:
        wanted &= Q(currency=query.currency)
    return Account.objects.filter(wanted)


LIABILITY = Report(
    name="liability",
    title="Liability",
    what="What is owed to each member at an instant, by currency.",
    columns=(
        Column("member_id"),
        Column("currency"),
        *(Column(kind.value, ColumnKind.NUMBER) for kind in _OWED),
    ),
    rows=rows,
    settle=settle,
)
