"""A page of orders is read by the member's own index, however the orders are spread."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import observe, tell
from tests.members.calling import read

pytestmark = pytest.mark.django_db


def plans(path: str, *, customer_id: str) -> str:
    """How PostgreSQL would run the one statement of this call, the planner's own choice."""
    with CaptureQueriesContext(connection) as captured:
        read(path, customer_id=customer_id)
    (query,) = captured
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + query["sql"])
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.fixture
def many() -> None:
    """One member has nearly all orders; another's few are the oldest."""
    tell(*(observe(f"tx-old-{number}", publisher_customer_id="few") for number in range(3)))
    for start in range(0, 2000, 500):
        tell(*(observe(f"tx-{number}") for number in range(start, start + 500)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.postgres
@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("customer_id", ["few", "u-8f14e45fceea"])
def test_orders_are_sought_by_member_and_never_walked(customer_id: str) -> None:
    plan = plans("transactions/?limit=1", customer_id=customer_id)

    assert "using transaction_of_member" in plan
    assert "transaction_public_id" not in plan
    assert plan.count("Sort Key") <= 1, "the page itself may be sorted again, no more"


@pytest.mark.postgres
@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("customer_id", ["few", "u-8f14e45fceea"])
def test_activity_is_sought_by_member_and_number(customer_id: str) -> None:
    first = read("activity/?limit=1", customer_id=customer_id)
    second = read(first["next"], customer_id=customer_id)

    for path in ("activity/?limit=1", first["next"], second["previous"]):
        plan = plans(path, customer_id=customer_id)
        assert "using activity_numbered_once_per_member" in plan


def test_one_members_children_and_revisions_stay_with_their_order() -> None:
    tell(observe("tx-1", button_order_id="order-1"), observe("tx-2", button_order_id="order-1"))
    tell(observe("tx-3", button_order_id="order-3", amount_minor=500))
    tell(observe("tx-3", minutes=5, amount_minor=600, button_order_id="order-3"))

    rows: dict[str, Any] = {row["button_order_id"]: row for row in read("transactions/")["results"]}

    assert [step["reward"] for step in rows["order-3"]["history"]] == [250, 300]
    assert {step["reward"] for step in rows["order-1"]["history"]} == {500}
