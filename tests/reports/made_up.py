"""A report without a book behind it: as many rows as wanted, of whatever a cell may hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from rewards_site.reports.registry import Cell, Column, ColumnKind, Query, Report

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def made_up(
    rows: Callable[[Query], Iterator[Sequence[Cell]]],
    *,
    name: str = "made-up",
    period_of: str = "",
) -> Report:
    return Report(
        name=name,
        title="Made up",
        what="Nothing of the books.",
        columns=(
            Column("id"),
            Column("told", ColumnKind.TEXT),
            Column("amount", ColumnKind.NUMBER),
        ),
        rows=lambda query: (tuple(row) for row in rows(query)),
        settle=lambda asked: asked or NOON,
        period_of=period_of,
    )
