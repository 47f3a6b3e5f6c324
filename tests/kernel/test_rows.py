"""The lean reads and writes say exactly what the ORM says, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic
from rewards_site.members.models import Member
from tests.factories import NOON
from transactions.models import ButtonAccount, Transaction

pytestmark = pytest.mark.django_db

ACCOUNT = "acc-1"
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
TIMES = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001  # the zone is the strategy's
    max_value=datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def order(key: str, **fields: Any) -> Transaction:
    values: dict[str, Any] = {
        "account_id": ACCOUNT,
        "order_key": key,
        "category": "new-user-order",
        "status": "pending",
        "currency": "USD",
        "reward_currency": "USD",
        "purchased_at": NOON,
        "first_seen_at": NOON,
        "changed_at": NOON,
    }
    return Transaction(**(values | fields))


@pytest.fixture(autouse=True)
def _account(db: None) -> None:
    ButtonAccount.objects.create(account_id=ACCOUNT, currency="USD", first_seen_at=NOON)


def fields_of(row: Transaction) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in Transaction._meta.fields}


VALUES = st.fixed_dictionaries(
    {
        "pub_ref": TEXTS,
        "flags": JSONS.filter(lambda value: value is not None),
        "terms": st.dictionaries(TEXTS, JSONS, max_size=2),
        "commission_minor": st.integers(-(2**63), 2**63 - 1),
        "order_total_minor": st.none() | st.integers(-(2**63), 2**63 - 1),
        "purchased_at": TIMES,
        "final_at": st.none() | TIMES,
        "is_test": st.booleans(),
    }
)


class TestRoundTrip(TestCase):
    @given(told=st.lists(VALUES, min_size=1, max_size=4))
    def test_what_is_written_lean_is_read_by_the_orm(self, told: list[dict[str, Any]]) -> None:
        ButtonAccount.objects.get_or_create(
            account_id=ACCOUNT, defaults={"currency": "USD", "first_seen_at": NOON}
        )
        made = [order(f"o-{number}", **values) for number, values in enumerate(told)]

        rows.run(rows.insert(made))

        found = rows.find(Transaction, {"account_id": [ACCOUNT]})
        by_orm = list(Transaction.objects.order_by("pk"))
        assert [fields_of(row) for row in found] == [fields_of(row) for row in by_orm]
        assert [fields_of(row) | {"id": None} for row in found] == [fields_of(row) for row in made]


def test_an_overwrite_writes_the_named_fields_of_each_row_and_no_other() -> None:
    rows.run(rows.insert([order(f"o-{number}") for number in range(3)]))
    found = rows.find(Transaction, {"account_id": [ACCOUNT]})
    for number, row in enumerate(found):
        row.commission_minor = number
        row.final_at = NOON + timedelta(days=1) if number == 1 else None
        row.flags = [f"flag {number}"]
        row.pub_ref = "not written"

    rows.run(rows.overwrite(found[:2], ["commission_minor", "final_at", "flags"]))

    assert list(
        Transaction.objects.order_by("pk").values_list(
            "order_key", "commission_minor", "final_at", "flags", "pub_ref"
        )
    ) == [
        ("o-0", 0, None, ["flag 0"], ""),
        ("o-1", 1, NOON + timedelta(days=1), ["flag 1"], ""),
        ("o-2", 0, None, [], ""),
    ]


def test_a_column_of_nothing_but_nulls_keeps_its_type() -> None:
    rows.run(rows.insert([order("o-1", order_total_minor=5, final_at=NOON)]))
    found = rows.find(Transaction, {"account_id": [ACCOUNT]})
    found[0].order_total_minor = found[0].final_at = found[0].member_id = None

    rows.run(rows.overwrite(found, ["order_total_minor", "final_at", "member"]))

    row = Transaction.objects.get()
    assert (row.order_total_minor, row.final_at, row.member_id) == (None, None, None)


def test_what_exists_is_left_alone_and_only_what_is_new_is_told() -> None:
    rows.run(rows.insert_missing([order("o-1", pub_ref="first")]))

    ids = rows.insert_new([order("o-1", pub_ref="second"), order("o-2")])

    assert ids == [Transaction.objects.get(order_key="o-2").pk]
    assert Transaction.objects.get(order_key="o-1").pub_ref == "first"
    assert rows.insert_new([order("o-1")]) == []


def test_rows_are_found_by_any_of_several_descriptions_in_order_of_their_key() -> None:
    rows.run(rows.insert([order(f"o-{number}", pub_ref=f"p-{number % 2}") for number in range(4)]))
    ids = list(Transaction.objects.order_by("pk").values_list("pk", flat=True))

    found = rows.find(
        Transaction, {"id": [ids[3]]}, {"pub_ref": ["p-0"], "order_key": ["o-0", "o-1"]}
    )

    assert [row.order_key for row in found] == ["o-0", "o-3"]
    assert rows.find(Transaction, {"id": []}) == []
    assert len(rows.find(Transaction, {"member_id": None})) == 4
    assert rows.find(Transaction, {"final_at": None, "order_key": ["o-1", 'x"y\\z', "é"]})


def test_a_row_with_its_own_key_keeps_it() -> None:
    rows.run(rows.insert([Member(pk=77, customer_id="u-1", created_at=NOON)]))

    assert Member.objects.get(customer_id="u-1").pk == 77


def test_several_writes_travel_to_postgresql_together_and_fail_together() -> None:
    writes = [
        *rows.insert([order("o-1")]),
        *rows.insert([Member(customer_id="u-1", created_at=NOON)]),
    ]

    with CaptureQueriesContext(connection) as queries:
        rows.run(writes)
    with pytest.raises(IntegrityError), atomic():
        rows.run([*rows.insert([Member(customer_id="u-2", created_at=NOON)]), *writes])

    assert len(queries) == (1 if connection.vendor == "postgresql" else 2)
    assert list(Member.objects.values_list("customer_id", flat=True)) == ["u-1"]


def test_several_questions_are_asked_together_after_what_they_ask_for_is_written() -> None:
    with CaptureQueriesContext(connection) as queries:
        orders, members, ids = rows.ask(
            rows.rows_of(Transaction, {"order_key": ["o-1", "o-2"]}, is_locked=True),
            rows.rows_of(Member, {"customer_id": ["nobody"]}),
            rows.next_ids(Transaction, 3),
            after=[
                *rows.insert([order("o-1"), order("o-2")]),
                *rows.insert_missing([order("o-2")]),
            ],
        )

    assert [row.order_key for row in orders] == ["o-1", "o-2"]
    assert members == []
    assert len(set(ids)) == 3
    assert min(ids) > orders[1].pk
    assert len(queries) == (1 if connection.vendor == "postgresql" else 5)


def test_thousands_of_rows_go_in_at_once() -> None:
    rows.run(rows.insert([order(f"o-{number}") for number in range(3000)]))

    found = rows.find(Transaction, {"order_key": [f"o-{number}" for number in range(3000)]})

    assert len(found) == 3000
    rows.run(rows.overwrite(found, ["commission_minor", "reward_minor", "flags", "terms"]))


def test_a_locked_row_is_waited_for() -> None:
    rows.run(rows.insert([order("o-1")]))
    with CaptureQueriesContext(connection) as queries:
        rows.find(Transaction, {"order_key": ["o-1"]}, is_locked=True)

    is_asked = "FOR NO KEY UPDATE" in queries[0]["sql"]
    assert is_asked == (connection.vendor == "postgresql")
