"""Reports that go wrong, or on and on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from django.db import OperationalError

from rewards_site.reports import registry
from rewards_site.reports.registry import Cell, Query, Report
from tests.reports.made_up import made_up


@pytest.fixture
def half_a_report() -> Iterator[Report]:
    """Fails after 3,500 rows: of pieces of 1,000 three are out by then."""

    def rows(_query: Query) -> Iterator[Sequence[Cell]]:
        for number in range(3_500):
            yield (f"row-{number}", "", number)
        yield ("", "", 1 // 0)

    report = made_up(rows, name="half")
    registry.register(report)
    yield report
    registry.unregister("half")


@pytest.fixture
def broken_report() -> Iterator[Report]:
    """Fails at its first row, as a database does that is gone."""

    def rows(_query: Query) -> Iterator[Sequence[Cell]]:
        raise OperationalError("gone")

    report = made_up(rows, name="broken")
    registry.register(report)
    yield report
    registry.unregister("broken")
