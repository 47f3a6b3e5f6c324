"""csv, xlsx, parquet, beancount from a stream of rows. Memory does not grow with the rows."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import UTC
from enum import StrEnum
from itertools import islice
from typing import IO

import xlsxwriter

from rewards_site.kernel.errors import Refused
from rewards_site.reports.registry import Column, ColumnKind, Query, Report, Row

ROWS_PER_CHUNK = 1_000
_BYTES_PER_CHUNK = 64 * 1024
XLSX_ROWS_MAX = 1_048_575
"""Rows of a sheet below its heading; further ones stand on further sheets."""
_XLSX_EXACT_MAX = 2**53
"""A spreadsheet's numbers are floats: greater integers stand as text, so that no digit is lost."""

_RUN_BY_SPREADSHEETS = frozenset("=+-@\t\r\n＝＋－＠")
"""What begins a formula, or is stripped before one; the wide ones count in some locales."""


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    BEANCOUNT = "beancount"

    @property
    def media_type(self) -> str:
        return _MEDIA_TYPES[self]

    @property
    def is_text(self) -> bool:
        return self in (Format.CSV, Format.BEANCOUNT)


_MEDIA_TYPES = {
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.BEANCOUNT: "text/plain; charset=utf-8",
}


class Tally:
    """How many rows (of a Beancount file: directives) were written so far."""

    def __init__(self) -> None:
        self.rows = 0


def write(report: Report, query: Query, chosen: Format, tally: Tally) -> Generator[bytes]:
    """The whole report in pieces. Call it in a snapshot, and close it."""
    match chosen:
        case Format.CSV:
            return _csv(report.columns_for(query), report.rows(query), tally)
        case Format.XLSX:
            return _xlsx(report, query, tally)
        case Format.BEANCOUNT:
            assert report.beancount is not None
            return _text(report.beancount(query), tally)
        case Format.PARQUET:
            return _parquet(report, query, tally)


def safe_text(text: str) -> str:
    """`text` with one leading apostrophe where a spreadsheet would run it."""
    return f"'{text}" if text and text[0] in _RUN_BY_SPREADSHEETS else text


def safe_rows(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows, with what was told from outside made safe for spreadsheets."""
    told = [number for number, column in enumerate(columns) if column.kind is ColumnKind.TEXT]
    for row in rows:
        for number in told:
            cell = row[number]
            if cell and str(cell)[0] in _RUN_BY_SPREADSHEETS:
                row = (*row[:number], safe_text(str(cell)), *row[number + 1 :])  # noqa: PLW2901
        yield row


def _csv(columns: Sequence[Column], rows: Iterator[Row], tally: Tally) -> Generator[bytes]:
    """RFC 4180, UTF-8, no byte order mark."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([column.name for column in columns])
    stream = safe_rows(columns, rows)
    while chunk := list(islice(stream, ROWS_PER_CHUNK)):
        writer.writerows(chunk)
        tally.rows += len(chunk)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    if buffer.tell():
        yield buffer.getvalue().encode()


def _text(directives: Iterator[str], tally: Tally) -> Generator[bytes]:
    while chunk := list(islice(directives, ROWS_PER_CHUNK)):
        tally.rows += len(chunk)
        yield "".join(chunk).encode()


def _parquet(report: Report, query: Query, tally: Tally) -> Generator[bytes]:
    from rewards_site.reports.parquet import parquet  # noqa: PLC0415  # 40 MB that few exports need

    def counted() -> Iterator[Row]:
        for row in safe_rows(report.columns_for(query), report.rows(query)):
            tally.rows += 1
            yield row

    return parquet(report, query, counted())


def _xlsx(report: Report, query: Query, tally: Tally) -> Generator[bytes]:
    """Made in a temporary file, row by row, then sent: its directory stands at its end."""
    with tempfile.TemporaryFile() as file:
        _fill_workbook(file, report, query, tally)
        file.seek(0)
        while piece := file.read(_BYTES_PER_CHUNK):
            yield piece


def _fill_workbook(file: IO[bytes], report: Report, query: Query, tally: Tally) -> None:
    columns = report.columns_for(query)
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    book.set_properties(
        {
            "title": report.title,
            "created": query.as_of.astimezone(UTC).replace(tzinfo=None),
            "comments": f"As of {query.as_of.isoformat()}; amounts in minor units.",
        }
    )
    bold = book.add_format({"bold": True})
    stream = safe_rows(columns, report.rows(query))
    sheet_count = 0
    while sheet_count == 0 or tally.rows == sheet_count * XLSX_ROWS_MAX:
        sheet_count += 1
        sheet = book.add_worksheet(report.name if sheet_count == 1 else None)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, 20)
        sheet.write_row(0, 0, [column.name for column in columns], bold)
        for number, row in enumerate(islice(stream, XLSX_ROWS_MAX), start=1):
            _fill_row(sheet, number, row)
            tally.rows += 1
    book.close()


def _fill_row(sheet: xlsxwriter.worksheet.Worksheet, number: int, row: Row) -> None:
    for position, cell in enumerate(row):
        if cell is None or cell == "":
            continue
        if isinstance(cell, int) and abs(cell) <= _XLSX_EXACT_MAX:
            sheet.write_number(number, position, cell)
        elif sheet.write_string(number, position, str(cell)) != 0:
            raise Refused("A cell is longer than a spreadsheet takes: say --format csv.")
