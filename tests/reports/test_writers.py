"""Rows → bytes: exact, safe in a spreadsheet, with memory that does not grow."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

import pytest

from rewards_site.kernel.errors import Refused
from rewards_site.reports import writers
from rewards_site.reports.registry import Cell, Query
from rewards_site.reports.writers import Format, Tally, write
from tests.reports.made_up import NOON, made_up

QUERY = Query(as_of=NOON)
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def written(rows: Sequence[Sequence[Cell]], chosen: Format = Format.CSV) -> bytes:
    return b"".join(write(made_up(lambda _query: iter(rows)), QUERY, chosen, Tally()))


def cells(workbook: bytes, sheet: int = 1) -> list[list[str | float]]:
    """The cells of a sheet: numbers as floats, text as text."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        root = ET.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))
    assert not list(root.iter(f"{SHEET}f")), "there is a formula"
    return [[_cell(cell) for cell in row] for row in root.iter(f"{SHEET}row")]


def _cell(cell: ET.Element) -> str | float:
    if cell.get("t") == "inlineStr":
        return "".join(cell.itertext()).replace("_x000D_", "\r")  # as XLSX spells it
    return float(cell.findtext(f"{SHEET}v") or "nan")


def test_csv_is_rfc_4180_with_empty_cells_empty() -> None:
    text = written([("a", 'say "1,2"\nnext', -5), ("b", None, None), ("c", "", 0)])

    assert text == (b'id,told,amount\r\na,"say ""1,2""\nnext",-5\r\nb,,\r\nc,,0\r\n')


def test_a_report_without_rows_still_has_its_heading() -> None:
    assert written([]) == b"id,told,amount\r\n"


@pytest.mark.parametrize(
    "evil",
    [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
    ],
)
def test_text_that_a_spreadsheet_would_run_gets_one_apostrophe(evil: str) -> None:
    (row,) = csv.DictReader(io.StringIO(written([("a", evil, 1)]).decode(), newline=""))
    assert row["told"] == f"'{evil}"

    assert cells(written([("a", evil, 1)], Format.XLSX))[1][1] == f"'{evil}"


@pytest.mark.parametrize("harmless", ["'=1", "a=1", " =1", "0012", "1-1", "ünï ✓", "=".join("ab")])
def test_other_text_stays_as_it_is(harmless: str) -> None:
    (row,) = csv.DictReader(io.StringIO(written([("a", harmless, 1)]).decode(), newline=""))
    assert row["told"] == harmless


def test_numbers_stay_numbers_negative_ones_too() -> None:
    assert written([("a", "b", -1000)]).endswith(b"a,b,-1000\r\n")
    assert cells(written([("a", "0012", -1000)], Format.XLSX))[1] == ["a", "0012", -1000.0]


def test_a_number_that_a_spreadsheet_would_round_stands_as_text() -> None:
    exact, greater = 2**53, 2**53 + 1

    sheet = cells(written([("a", "", exact), ("b", "", greater)], Format.XLSX))

    assert [row[-1] for row in sheet[1:]] == [float(exact), str(greater)]


def test_what_does_not_fit_on_a_sheet_goes_on_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "XLSX_ROWS_MAX", 3)
    rows = [(f"row-{number}", "", number) for number in range(5)]

    workbook = written(rows, Format.XLSX)

    assert [row[0] for row in cells(workbook)] == ["id", "row-0", "row-1", "row-2"]
    assert [row[0] for row in cells(workbook, 2)] == ["id", "row-3", "row-4"]


def test_a_cell_that_no_sheet_takes_is_refused_not_cut() -> None:
    with pytest.raises(Refused, match="say --format csv"):
        written([("a", "x" * 40_000, 1)], Format.XLSX)


@pytest.mark.parametrize("chosen", [Format.CSV, Format.XLSX])
def test_memory_does_not_grow_with_the_rows(chosen: Format) -> None:
    def peak(count: int) -> int:
        def rows(_query: Query) -> Iterator[Sequence[Cell]]:
            return ((f"row-{number}", "x" * 100, number) for number in range(count))

        tracemalloc.start()
        try:
            for _piece in write(made_up(rows), QUERY, chosen, Tally()):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(100)

    assert peak(8_000) < peak(2_000) * 1.5
