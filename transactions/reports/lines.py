"""`lines`: the lines last told of each order, as they were known at an instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db.models import Q

from rewards_site.button.schemas import LineItem
from rewards_site.reports.registry import Column, ColumnKind, Query, Report, Row
from transactions.effective import fact
from transactions.ledger.horizon import settle
from transactions.models import Transaction, TransactionChild
from transactions.reports.then import steps_until
from transactions.states import ChildState
from transactions.stored import child_state

_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class _Then:
    """An order as it was known, as far as it is told here."""

    purchased_at: datetime
    customer_id: str | None
    lines: Sequence[LineItem]


def rows(query: Query) -> Iterator[Row]:
    """By transaction id, then as they were told. Raises: NotDerivedError."""
    found = (
        Transaction.objects.filter(_wanted(query))
        .order_by("public_id")
        .values_list("pk", "public_id", "changed_at", "purchased_at", "member__customer_id")
        .iterator(chunk_size=_CHUNK)
    )
    while chunk := list(islice(found, _CHUNK)):
        lines = _lines_now([pk for pk, _, changed_at, *_ in chunk if changed_at <= query.as_of])
        known = _known_then([pk for pk, *_ in chunk if pk not in lines], query.as_of)
        for pk, public_id, _, purchased_at, customer_id in chunk:
            if pk in lines:
                known[pk] = _Then(purchased_at, customer_id, lines[pk])
            if pk in known and _is_in_period(query, known[pk].purchased_at):
                whose = (known[pk].customer_id or "",) if query.with_customer_ids else ()
                for number, line in enumerate(known[pk].lines, start=1):
                    yield (str(public_id), number, *_cells(line), *whose)


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


def _lines_now(pks: Sequence[int]) -> dict[int, Sequence[LineItem]]:
    """Of orders that have not changed since."""
    children: dict[int, list[ChildState]] = {pk: [] for pk in pks}
    for child in TransactionChild.objects.filter(transaction__in=pks):
        children[child.transaction_id].append(child_state(child))
    return {pk: fact(states, "lines") or () for pk, states in children.items() if states}


def _known_then(pks: Sequence[int], as_of: datetime) -> dict[int, _Then]:
    """Orders that have changed since, but for those that were not known then."""
    known: dict[int, _Then] = {}
    for pk, steps in steps_until(pks, as_of):
        revision, then = steps[-1]
        assert then.order.purchased_at is not None
        known[pk] = _Then(
            then.order.purchased_at,
            revision.member.customer_id if revision.member else None,
            fact(then.order.children.values(), "lines") or (),
        )
    return known


def _cells(line: LineItem) -> Row:
    return (
        line.identifier,
        line.description,
        line.category,
        line.quantity,
        line.amount_minor,
        line.total_minor,
        line.commission_minor,
    )


_TEXT, _NUMBER = ColumnKind.TEXT, ColumnKind.NUMBER
LINES = Report(
    name="lines",
    title="Lines",
    what="The lines last told of each order: what was bought, for how much, for which commission.",
    columns=(
        Column("transaction_id"),
        Column("line", _NUMBER),
        Column("identifier", _TEXT),
        Column("description", _TEXT),
        Column("category", _TEXT),
        Column("quantity", _NUMBER),
        Column("amount", _NUMBER),
        Column("total", _NUMBER),
        Column("commission", _NUMBER),
    ),
    rows=rows,
    settle=settle,
    period_of="purchased_at",
)
