"""Items of activity: guarded, checked against the entries, and filled in for old books."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection

from rewards_site.kernel.db import atomic
from tests.factories import observe, tell_each
from transactions.activity.models import ActivityCount, MemberActivity
from transactions.ledger.activity import wrong_activity
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture
def booked() -> None:
    tell_each(
        observe("tx-1"),
        observe("tx-2", account_id="acc-yen", currency="JPY"),
        observe("tx-1", minutes=5, status="validated"),
        observe("tx-3", publisher_customer_id="another"),
    )


def run_unguarded(*statements: str) -> None:
    """SQL that the triggers would refuse, with the rights of the database's owner."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def items() -> list[tuple[Any, ...]]:
    return list(
        MemberActivity.objects.order_by("member_id", "number").values_list(
            *("member_id", "number", "group_id", "currency"),
            *("pending_change_minor", "available_change_minor"),
            *("pending_after_minor", "available_after_minor"),
        )
    )


@pytest.mark.usefixtures("booked")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE activity_memberactivity SET pending_after_minor = 0",
        "UPDATE activity_memberactivity SET number = number + 100",
        "DELETE FROM activity_memberactivity",
    ],
)
def test_the_database_keeps_items_as_they_are(statement: str) -> None:
    before = items()

    with pytest.raises(DatabaseError), atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert items() == before


ONE = "member_id = (SELECT min(member_id) FROM activity_memberactivity) AND number = 2"


@pytest.mark.usefixtures("booked")
@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"UPDATE activity_memberactivity SET pending_change_minor = 7 WHERE {ONE}", "7 pending"),
        (f"UPDATE activity_memberactivity SET available_after_minor = 7 WHERE {ONE}", "ends at"),
        (f"UPDATE activity_memberactivity SET number = 9 WHERE {ONE}", "item 9 of member"),
        (f"DELETE FROM activity_memberactivity WHERE {ONE}", "no item of activity"),
        ("UPDATE activity_activitycount SET item_count = 9 WHERE item_count = 1", "does not count"),
        ("DELETE FROM activity_memberactivity WHERE number < 9", "counts items and has none"),
        (f"UPDATE activity_memberactivity SET currency = 'EUR' WHERE {ONE}", "and no entries"),
    ],
)
def test_what_is_wrong_is_found(sql: str, words: str) -> None:
    assert list(wrong_activity()) == []

    run_unguarded(sql)

    assert any(words in str(difference) for difference in wrong_activity())
    assert any(words in str(difference) for difference in verify_ledger().differences)


@pytest.mark.usefixtures("booked")
def test_old_books_are_numbered_by_the_migration_as_if_they_had_been_from_the_start() -> None:
    before = items()
    run_unguarded("DELETE FROM activity_memberactivity", "DELETE FROM activity_activitycount")
    migration = import_module("transactions.activity.migrations.0002_backfill")

    migration.number_what_was_booked(apps, SimpleNamespace(connection=connection))

    assert items() == before
    assert sorted(ActivityCount.objects.values_list("item_count", flat=True)) == [1, 3]
    assert len(set(MemberActivity.objects.values_list("public_id", flat=True))) == len(before)
    assert list(wrong_activity()) == []
    tell_each(observe("tx-4"))
    assert list(wrong_activity()) == []
