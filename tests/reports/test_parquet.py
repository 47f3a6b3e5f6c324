"""Parquet: the content of the CSV with types, as pyarrow, pandas and databases read it."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.errors import Refused
from rewards_site.reports import parquet, registry
from rewards_site.reports.models import ReportResult
from rewards_site.reports.registry import Cell, Query, Report
from rewards_site.reports.writers import Format, Tally, write
from tests.factories import observe, tell
from tests.reports.made_up import NOON, made_up
from tests.reports.reading import export
from transactions.ledger.horizon import settle

NUMBERS = {"pending", "available", "redeeming", "order_total", "commission", "reward", "debit"}


def written(rows: Sequence[Sequence[Cell]], **asked: Any) -> pa.Table:
    query = Query(as_of=NOON, **asked)
    pieces = write(made_up(lambda _query: iter(rows)), query, Format.PARQUET, Tally())
    return pq.read_table(io.BytesIO(b"".join(pieces)))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["liability", "transactions", "journal"])
@pytest.mark.parametrize("with_customer_ids", [True, False])
def test_every_report_has_the_content_of_its_csv(
    name: str, with_customer_ids: bool, tmp_path: Path
) -> None:
    tell(observe("tx-1", publisher_customer_id="=1+1"))
    tell(observe("tx-2", status="validated"), observe("tx-3", publisher_customer_id=None))
    tell(observe("tx-4", currency="JPY", account_id="acc-yen", button_order_id=None))
    as_of, file = settle(), tmp_path / "file.parquet"
    asked = {"with_customer_ids": with_customer_ids}

    call_command(
        "export_report",
        name,
        as_of=wire_text(as_of),
        format="parquet",
        out=str(file),
        stderr=io.StringIO(),
        **asked,
    )

    table = pq.read_table(file)
    text = csv.reader(io.StringIO(export(name, as_of=as_of, **asked), newline=""))
    assert table.column_names == next(text)
    as_csv = [["" if cell is None else str(cell) for cell in row.values()] for row in rows(table)]
    assert as_csv == list(text)
    assert len(as_csv) > 2
    types = {field.name: field.type for field in table.schema if field.name in NUMBERS}
    assert set(types.values()) == {pa.int64()}
    assert ReportResult.objects.get(run__format="parquet").row_count == len(as_csv)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert ReportResult.objects.get(run__format="parquet").sha256 == digest


def rows(table: pa.Table) -> list[dict[str, str | int | None]]:
    found: list[dict[str, str | int | None]] = table.to_pylist()
    return found


def test_numbers_are_integers_and_what_is_empty_is_null() -> None:
    table = written([("a", "", -(2**63 - 1)), (None, "0012", 0), ("c", None, None)])

    assert [str(field.type) for field in table.schema] == ["string", "string", "int64"]
    assert rows(table) == [
        {"id": "a", "told": None, "amount": -9223372036854775807},
        {"id": None, "told": "0012", "amount": 0},
        {"id": "c", "told": None, "amount": None},
    ]


def test_text_that_a_spreadsheet_would_run_is_as_safe_as_in_the_csv() -> None:
    assert rows(written([("a", "=cmd|' /C calc'!A0", 1)]))[0]["told"] == "'=cmd|' /C calc'!A0"


def test_a_report_without_rows_has_its_columns() -> None:
    table = written([])

    assert (table.num_rows, table.column_names) == (0, ["id", "told", "amount"])


def test_the_file_says_what_it_is_and_how_to_read_its_amounts() -> None:
    end = datetime(2026, 11, 1, tzinfo=UTC)

    told = written([], end=end, currency="JPY").schema.metadata

    assert {name.decode(): text.decode() for name, text in told.items()} == {
        "report": "made-up",
        "title": "Made up",
        "as_of": wire_text(NOON),
        "to": wire_text(end),
        "currency": "JPY",
        "amounts": "integers in the minor unit of the currency beside them in the row, "
        "by ISO 4217: USD has 2 digits, JPY 0, KWD 3; PTS, points, has 0",
        "times": "RFC 3339, UTC",
        "empty": "null: not known, or does not apply",
    }


def test_a_number_that_does_not_fit_is_refused_not_rounded() -> None:
    with pytest.raises(Refused, match="amount is greater than Parquet takes: say --format csv"):
        written([("a", "", 2**63)])


def test_it_streams_group_by_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_PER_GROUP", 1_500)
    read = 0

    def count(_query: Query) -> Iterator[Sequence[Cell]]:
        nonlocal read
        for read in range(1, 4_001):
            yield (f"row-{read}", "x", read)

    pieces = write(made_up(count), Query(as_of=NOON), Format.PARQUET, tally := Tally())
    file = next(pieces)
    assert (file[:4], read, tally.rows) == (b"PAR1", 1_500, 1_500)
    file += b"".join(pieces)

    metadata = pq.read_metadata(io.BytesIO(file))
    groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    assert groups == [1_500, 1_500, 1_000]
    assert pq.read_table(io.BytesIO(file)).column("amount").to_pylist() == [*range(1, 4_001)]


def test_memory_does_not_grow_with_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROWS_PER_GROUP", 1_000)

    def peaks(count: int) -> tuple[int, int]:
        """Python's own, and what Arrow holds when a piece is handed over."""

        def many(_query: Query) -> Iterator[Sequence[Cell]]:
            return ((f"row-{number}", "x" * 100, number) for number in range(count))

        tracemalloc.start()
        try:
            arrow = 0
            for _piece in write(made_up(many), Query(as_of=NOON), Format.PARQUET, Tally()):
                arrow = max(arrow, pa.total_allocated_bytes())
            return tracemalloc.get_traced_memory()[1], arrow
        finally:
            tracemalloc.stop()

    few, many = peaks(2_000), peaks(8_000)

    assert few[1] > 100_000
    assert [more < fewer * 1.5 for more, fewer in zip(many, few, strict=True)] == [True, True]


@pytest.mark.django_db
def test_an_export_that_fails_is_no_parquet(tmp_path: Path, half_a_report: Report) -> None:
    file = tmp_path / "half.parquet"
    asked = {"format": "parquet", "stderr": io.StringIO()}

    with pytest.raises(ZeroDivisionError):
        call_command("export_report", half_a_report.name, out=str(file), **asked)

    assert not file.exists()
    assert ReportResult.objects.get().status == "failed"
    with pytest.raises(ZeroDivisionError):
        pieces = write(registry.find("half"), Query(as_of=NOON), Format.PARQUET, Tally())
        assert b"".join(pieces) == b"never"


def test_who_wants_no_parquet_pays_nothing_for_it() -> None:
    script = (
        "import django, sys; django.setup(); import rewards_site.urls;"
        "assert 'rewards_site.reports.writers' in sys.modules; print('pyarrow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == "False"
