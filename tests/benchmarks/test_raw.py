"""The peer that we are measured beside must write what we write, or the ratio means nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from accounts_sync.inbox.ingest import Delivery, ingest
from accounts_sync.rows import apply_rows, read_row
from rewards_site.button.wirejson import parse
from rewards_site.kernel.db import atomic, check_constraints_now, undo
from tests.benchmarks import orders, raw
from transactions.verify import verify_ledger

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TABLES = (
    "inbox_webhookevent",
    "transactions_buttonaccount",
    "transactions_transaction",
    "transactions_transactionchild",
    "transactions_transactionrevision",
    "ledger_account",
    "ledger_entry",
    "ledger_entrygroup",
    "activity_activitycount",
    "activity_memberactivity",
    "members_member",
    "offers_merchant",
    "notifications_noticecount",
    "notifications_notice",
    "notifications_outbox",
)
OWN = {"id", "public_id", "cause", "posted_at", "changed_at", "recorded_at", "last_posted_at"}
"""What differs from run to run: keys, random ids, and the instant at which it is booked."""
OWN |= {f"{name}_id" for name in ("transaction", "child", "group", "entry_group", "account")}
OWN |= {"member_id", "key", "at", "activity_id", "notice_id"}


def test_a_webhook_leaves_the_same_rows_by_either_way() -> None:
    told = [orders.order(number, customer_id=f"user-{number % 3}") for number in range(1, 8)]

    def by_us() -> None:
        for one in told:
            body, _ = orders.signed(one, secret="x")
            ingest(Delivery(body=body, is_test=False, at=AT))

    def by_raw_sql() -> None:
        with connection.cursor() as cursor:
            for one in told:
                event = orders.event(one)
                hook = raw.Hook(body=json.dumps(event).encode(), event=event)
                assert raw.take_webhook(cursor, hook, at=AT)

    ours, raws = _left_by(by_us), _left_by(by_raw_sql)

    assert ours["counts"] == dict.fromkeys(TABLES, 7) | {
        "transactions_buttonaccount": 1,
        "ledger_account": 17,
        "ledger_entry": 21,
        "activity_activitycount": 3,
        "members_member": 3,
        "notifications_noticecount": 3,
    }
    _assert_same(raws, ours)


def test_a_page_leaves_the_same_rows_by_either_way() -> None:
    told = [orders.order(number, customer_id=f"user-{number % 3}") for number in range(1, 8)]
    page = parse(json.dumps(told).encode())
    assert isinstance(page, list)

    def by_us() -> None:
        with atomic():
            apply_rows([read_row(row, read_at=AT) for row in page], at=AT)

    def by_raw_sql() -> None:
        with connection.cursor() as cursor:
            assert raw.load_page(cursor, told[:3], at=AT) == 3
            assert raw.load_page(cursor, told, at=AT) == 4
            assert raw.load_page(cursor, told, at=AT) == 0

    ours, raws = _left_by(by_us), _left_by(by_raw_sql)

    assert ours["counts"]["inbox_webhookevent"] == 0
    assert ours["counts"]["transactions_transaction"] == 7
    _assert_same(raws, ours)


def test_raw_sql_takes_a_webhook_once() -> None:
    event = orders.event(orders.order(1))
    hook = raw.Hook(body=json.dumps(event).encode(), event=event)

    with connection.cursor() as cursor:
        assert raw.take_webhook(cursor, hook, at=AT)
        assert not raw.take_webhook(cursor, hook, at=AT)

    assert _rows("SELECT sum(credit_minor)::int FROM ledger_entry") == [{"sum": 338}]


def _left_by(work: Callable[[], None]) -> dict[str, Any]:
    """What `work` left in each table, before it was undone."""
    left: dict[str, Any] = {"counts": {}, "rows": {}}
    with atomic():
        work()
        check_constraints_now()
        for table in TABLES:
            rows = [
                {name: value for name, value in row["row"].items() if name not in OWN}
                for row in _rows(f"SELECT to_jsonb(t) AS row FROM {table} AS t")
            ]
            left["counts"][table] = len(rows)
            left["rows"][table] = sorted(json.dumps(row, sort_keys=True) for row in rows)
        left["balances"] = _rows(_BALANCES)
        left["wrong"] = verify_ledger().differences
        undo()
    return left


def _assert_same(raws: dict[str, Any], ours: dict[str, Any]) -> None:
    assert raws["counts"] == ours["counts"]
    for table in TABLES:
        assert raws["rows"][table] == ours["rows"][table], table
    assert raws["balances"] == ours["balances"]
    assert not raws["wrong"]


def _rows(query: str) -> Sequence[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        assert cursor.description is not None
        names = [column[0] for column in cursor.description]
        return [
            {
                name: json.loads(value) if name == "row" and isinstance(value, str) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in cursor.fetchall()
        ]


_BALANCES = """
SELECT account.kind, account.currency, customer_id, merchant_id,
       sum(debit_minor) AS debits, sum(credit_minor) AS credits, count(*) AS entries,
       max(number) AS last
FROM ledger_entry JOIN ledger_account AS account ON account.id = account_id
LEFT JOIN members_member AS member ON member.id = member_id
GROUP BY account.id, member.id ORDER BY 1, 2, 3, 4
"""
