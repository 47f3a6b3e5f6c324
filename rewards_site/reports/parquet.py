"""Rows → Parquet, row group by row group. Loaded only when one is asked for: it takes 40 MB."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq

from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.errors import Refused
from rewards_site.reports.registry import Cell, Column, ColumnKind, Query, Report, Row

ROWS_PER_GROUP = 20_000
"""What readers skip or take as one; it, not the report, is what memory holds."""
_ROWS_PER_BATCH = 1_000
"""As Python's own values, which take ten times as much as Arrow's."""
_INT64_MAX = 2**63 - 1

_AMOUNTS = (
    "integers in the minor unit of the currency beside them in the row, by ISO 4217: "
    "USD has 2 digits, JPY 0, KWD 3; PTS, points, has 0"
)
_TIMES = "RFC 3339, UTC"
_EMPTY = "null: not known, or does not apply"


class _Pieces:
    """A file that the writer writes to and that is read from while it grows."""

    closed = False

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._written.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self.closed = True

    def take(self) -> bytes:
        taken = b"".join(self._written)
        self._written.clear()
        return taken


def parquet(report: Report, query: Query, rows: Iterator[Row]) -> Generator[bytes]:
    """The file in pieces, one a row group, then its end; a file without its end is no Parquet."""
    columns = report.columns_for(query)
    schema = _schema(report, query, columns)
    pieces = _Pieces()
    with pq.ParquetWriter(pieces, schema) as writer:
        while batches := _batches(schema, columns, islice(rows, ROWS_PER_GROUP)):
            writer.write_table(pa.Table.from_batches(batches), row_group_size=ROWS_PER_GROUP)
            yield pieces.take()
    yield pieces.take()


def _schema(report: Report, query: Query, columns: Sequence[Column]) -> pa.Schema:
    told = {
        "report": report.name,
        "title": report.title,
        "as_of": wire_text(query.as_of),
        "from": wire_text(query.start) if query.start else "",
        "to": wire_text(query.end) if query.end else "",
        "currency": query.currency,
        "amounts": _AMOUNTS,
        "times": _TIMES,
        "empty": _EMPTY,
    }
    fields = [pa.field(column.name, _type_of(column)) for column in columns]
    return pa.schema(fields, metadata={name: text for name, text in told.items() if text})


def _type_of(column: Column) -> pa.DataType:
    return pa.int64() if column.kind is ColumnKind.NUMBER else pa.string()


def _batches(
    schema: pa.Schema, columns: Sequence[Column], rows: Iterator[Row]
) -> list[pa.RecordBatch]:
    batches = []
    while chunk := list(islice(rows, _ROWS_PER_BATCH)):
        arrays = [
            pa.array(_values(column, cells), type=_type_of(column))
            for column, cells in zip(columns, zip(*chunk, strict=True), strict=True)
        ]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return batches


def _values(column: Column, cells: Sequence[Cell]) -> list[Cell]:
    """Raises: Refused (a number with more digits than Parquet's integers have)."""
    if column.kind is not ColumnKind.NUMBER:
        return [None if cell is None or cell == "" else str(cell) for cell in cells]
    numbers = [None if cell is None or cell == "" else int(cell) for cell in cells]
    if any(number is not None and abs(number) > _INT64_MAX for number in numbers):
        raise Refused(f"A number in {column.name} is greater than Parquet takes: say --format csv.")
    return [*numbers]
