"""`lines`: what was bought, as it was last told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rewards_site.button.schemas import LineItem
from tests.factories import MEMBER, NOON, observe, tell
from tests.reports.reading import export, rows
from transactions.ledger.horizon import settle
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

SHOES = LineItem(
    identifier="sku-1",
    description="Running shoes, red",
    category="Shoes",
    quantity=2,
    amount_minor=4000,
    total_minor=8000,
    commission_minor=800,
)
LACES = LineItem(description="=laces()", quantity=-1, amount_minor=-150)


def lines_of(order_key: str = "btnorder-1", **asked: Any) -> list[tuple[str, ...]]:
    order = str(Transaction.objects.get(order_key=order_key).public_id)
    found = rows("lines", **asked)
    return [tuple(row.values())[1:] for row in found if row["transaction_id"] == order]


def test_a_line_with_all_its_columns_and_one_with_few() -> None:
    tell(observe("tx-1", lines=(SHOES, LACES)), observe("tx-2"))

    assert export("lines").splitlines() == [
        "transaction_id,line,identifier,description,category,quantity,amount,total,commission",
        f"{Transaction.objects.get(order_key='btnorder-1').public_id},1,sku-1,"
        '"Running shoes, red",Shoes,2,4000,8000,800',
        f"{Transaction.objects.get(order_key='btnorder-1').public_id},2,,'=laces(),,-1,-150,,0",
    ]


def test_the_lines_last_told_count_and_silence_takes_none_away() -> None:
    tell(observe("tx-1", lines=(SHOES, LACES)))
    tell(observe("tx-1", minutes=1, amount_minor=900))
    assert len(lines_of()) == 2

    tell(observe("tx-1", minutes=2, lines=(LACES,)))
    assert lines_of() == [("1", "", "'=laces()", "", "-1", "-150", "", "0")]

    later: dict[str, Any] = {"button_order_id": "btnorder-1", "created_at": NOON + timedelta(1)}
    tell(observe("tx-2", minutes=3, lines=(SHOES,), **later))
    assert [line[1] for line in lines_of()] == ["sku-1"]


def test_an_instant_stays_as_it_was_whatever_comes_later() -> None:
    tell(observe("tx-1", lines=(SHOES,), purchased_at=NOON))
    tell(observe("tx-2"))
    first = settle()
    asked: dict[str, Any] = {"start": "2026-11-20", "to": "2026-11-21", "as_of": first}
    made = export("lines", as_of=first), export("lines", **asked)
    tell(observe("tx-1", minutes=1, lines=(LACES,), purchased_at=NOON - timedelta(days=9)))
    tell(observe("tx-2", minutes=1, lines=(SHOES,)), observe("tx-3", lines=(LACES,)))

    assert (export("lines", as_of=first), export("lines", **asked)) == made
    assert made[0].count("sku-1") == made[1].count("sku-1") == 1
    assert lines_of("btnorder-2", as_of=first) == []
    assert lines_of("btnorder-1", start="2026-11-20") == []
    assert len(lines_of("btnorder-1", start="2026-11-11", to="2026-11-12")) == 1


def test_one_currency_and_customer_ids() -> None:
    tell(
        observe("tx-1", lines=(SHOES,)), observe("tx-4", publisher_customer_id=None, lines=(SHOES,))
    )
    tell(observe("tx-2", currency="JPY", account_id="acc-yen", lines=(LACES,)))
    as_of = settle()
    tell(observe("tx-1", minutes=1, status="validated"))

    for asked in ({}, {"as_of": as_of}):
        named = [row["customer_id"] for row in rows("lines", with_customer_ids=True, **asked)]
        assert sorted(named) == ["", MEMBER, MEMBER]
        assert len(lines_of("btnorder-2", currency="JPY", **asked)) == 1
        assert lines_of("btnorder-1", currency="JPY", **asked) == []


@pytest.mark.parametrize("name", ["lines", "earnings", "pending-aging"])
def test_it_costs_the_same_for_one_order_and_for_fifty(name: str) -> None:
    def statements() -> int:
        settled = settle()
        tell(observe("tx-0", minutes=statements_asked(), lines=(SHOES,)))
        with CaptureQueriesContext(connection) as captured:
            export(name, as_of=settled)
        return len(captured)

    asked = iter(range(1, 9))

    def statements_asked() -> int:
        return next(asked)

    tell(*(observe(tx_id, lines=(SHOES,), order_total_minor=100) for tx_id in ("tx-0", "tx-99")))
    tell(observe("tx-0", minutes=0.5, order_total_minor=90))
    few = statements()
    tell(*(observe(f"tx-{number}", lines=(SHOES,)) for number in range(1, 50)))

    assert statements() == few
