"""`redemptions`: every redemption as it stood at an instant, told from its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rewards_site.kernel.clock import wire_text
from rewards_site.reports.registry import Column, ColumnKind, Query, Report, Row
from transactions.ledger.horizon import settle
from transactions.redemptions.batches import batches_at
from transactions.redemptions.checking import as_of
from transactions.redemptions.models import Redemption, RedemptionStep

_CHUNK = 2_000


def rows(query: Query) -> Iterator[Row]:
    """By redemption id, which follows the time of the request.

    The member is who asked: a later merge with another does not rewrite it.
    """
    found = Redemption.objects.filter(requested_at__lte=query.as_of)
    if query.currency:
        found = found.filter(currency=query.currency)
    if query.start is not None:
        found = found.filter(requested_at__gte=query.start)
    if query.end is not None:
        found = found.filter(requested_at__lt=query.end)
    stream = found.select_related("member").order_by("public_id").iterator(chunk_size=_CHUNK)
    while chunk := list(islice(stream, _CHUNK)):
        ids = [row.pk for row in chunk]
        steps = _steps(ids, query)
        batches = batches_at(ids, query.as_of)
        for row in chunk:
            yield _cells(row, steps[row.pk], batches.get(row.pk, ""), query)


def _steps(ids: Sequence[int], query: Query) -> dict[int, list[RedemptionStep]]:
    found: dict[int, list[RedemptionStep]] = {}
    told = RedemptionStep.objects.filter(redemption__in=ids, at__lte=query.as_of)
    for step in told.order_by("redemption", "number"):
        found.setdefault(step.redemption_id, []).append(step)
    return found


def _cells(row: Redemption, steps: Sequence[RedemptionStep], batch: str, query: Query) -> Row:
    then = as_of(steps)
    return (
        str(row.public_id),
        str(row.member.public_id),
        row.currency,
        row.amount_minor,
        row.method,
        then.status.value,
        wire_text(row.requested_at),
        wire_text(then.approved_at) if then.approved_at else "",
        wire_text(then.finished_at) if then.finished_at else "",
        batch,
        *((row.member.customer_id,) if query.with_customer_ids else ()),
    )


REDEMPTIONS = Report(
    name="redemptions",
    title="Redemptions",
    what="Every redemption as it stood at an instant, with the payout batch that paid it.",
    columns=(
        Column("redemption_id"),
        Column("member_id"),
        Column("currency"),
        Column("amount", ColumnKind.NUMBER),
        Column("method"),
        Column("status"),
        Column("requested_at"),
        Column("approved_at"),
        Column("finished_at"),
        Column("batch"),
    ),
    rows=rows,
    settle=settle,
    period_of="requested_at",
)
