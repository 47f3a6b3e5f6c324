"""A report is a name, columns and a stream of rows. Rooms register theirs when they start.

Amounts are integers in the minor unit of the `currency` that stands in the same row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rewards_site.kernel.errors import NotFound

Cell = str | int | None
Row = tuple[Cell, ...]


class ColumnKind(StrEnum):
    """What stands in a column; empty cells may stand in any."""

    TEXT = "text"
    """Told from outside: a spreadsheet must not run it (writers.py)."""
    OURS = "ours"
    """Text that we made and that no spreadsheet would run: ids, times, words of ours."""
    NUMBER = "number"
    """An integer; an amount is in minor units."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: ColumnKind = ColumnKind.OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a report is asked for. Times are aware; the period is half open."""

    as_of: datetime
    """What was posted at or before it, and nothing else; it is settled already."""
    start: datetime | None = None
    end: datetime | None = None
    currency: str = ""
    """Only this one; all where empty."""
    with_customer_ids: bool = False


CUSTOMER_ID = Column("customer_id", ColumnKind.TEXT)
"""The last column of every row where customer ids are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    name: str
    title: str
    what: str
    """One sentence for people who look for a report."""
    columns: tuple[Column, ...]
    rows: Callable[[Query], Iterator[Row]]
    """Streams rows in an order that never changes, with constant memory; in a snapshot."""
    settle: Callable[[datetime | None], datetime]
    """The instant asked for, or now, once nothing can be posted at or before it any more.

    Raises: InvalidInput (in the future), Unavailable.
    """
    period_of: str = ""
    """The column that --from and --to go by; empty where a report is of an instant alone."""
    beancount: Callable[[Query], Iterator[str]] | None = None
    """The same as directives of a Beancount file, each with its last line break."""

    def columns_for(self, query: Query) -> tuple[Column, ...]:
        return (*self.columns, CUSTOMER_ID) if query.with_customer_ids else self.columns


_reports: dict[str, Report] = {}


def register(report: Report) -> None:
    """Offer `report` on the command line, in the admin and over HTTP, under its name."""
    _reports[report.name] = report


def unregister(name: str) -> None:
    """Offer it no longer."""
    _reports.pop(name, None)


def names() -> list[str]:
    return sorted(_reports)


def reports() -> list[Report]:
    return [_reports[name] for name in names()]


def find(name: str) -> Report:
    """Raises: NotFound, which lists what there is."""
    try:
        return _reports[name]
    except KeyError:
        raise NotFound(f"There is no report {name!r}. There are: {', '.join(names())}.") from None
