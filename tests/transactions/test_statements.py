"""Any number of observations costs the same number of statements (asked of PostgreSQL)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import observe, tell
from transactions.told import OutcomeKind

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


def statements(count: int, *, minutes: int, prefix: str) -> int:
    told = [
        observe(
            f"tx-{prefix}{number}",
            minutes=minutes,
            amount_minor=1000 + minutes,
            publisher_customer_id=f"{prefix}{number}",
            merchant_id=f"org-{prefix}",
        )
        for number in range(count)
    ]
    with CaptureQueriesContext(connection) as captured:
        outcomes = tell(*told)
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.APPLIED}
    return len(captured)


def test_first_sight_of_500_orders_costs_as_much_as_of_one() -> None:
    statements(1, minutes=0, prefix="warm")

    assert statements(1, minutes=0, prefix="a") == statements(500, minutes=0, prefix="b")


def test_a_change_of_500_orders_costs_as_much_as_of_one() -> None:
    statements(1, minutes=0, prefix="a")
    statements(500, minutes=0, prefix="b")

    one = statements(1, minutes=5, prefix="a")
    assert statements(500, minutes=5, prefix="b") == one
    assert one <= 25


def test_an_unchanged_page_writes_nothing() -> None:
    told = [observe(f"tx-{number}") for number in range(100)]
    tell(*told)

    with CaptureQueriesContext(connection) as captured:
        tell(*told)

    writing = [query["sql"] for query in captured if query["sql"].startswith(("INSERT", "UPDATE"))]
    assert writing == []
