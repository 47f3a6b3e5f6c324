"""The database is the last line: what it refuses, whoever asks, by plain SQL of the app's role."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from rewards_site.kernel.db import atomic, check_constraints_now, is_postgres
from tests.factories import balances, observe, tell
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, Entry, EntryGroup
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

APPEND_ONLY = ["ledger_entry", "ledger_entrygroup", "transactions_transactionrevision"]
NEVER_DELETED = [*APPEND_ONLY, "ledger_account", "transactions_transaction"]


@pytest.fixture(autouse=True)
def one_order() -> None:
    tell(observe())


def refused(sql: str) -> str:
    """Run `sql` and give the refusal's words; fails when it is taken."""
    with pytest.raises(DatabaseError) as error, atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        check_constraints_now()
    return str(error.value)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_written_is_never_changed(table: str) -> None:
    assert "append-only" in refused(f"UPDATE {table} SET id = id + 1000000")


@pytest.mark.parametrize("table", NEVER_DELETED)
def test_what_was_written_is_never_deleted(table: str) -> None:
    refusal = refused(f"DELETE FROM {table}")
    assert "append-only" in refusal


@pytest.mark.postgres
@pytest.mark.parametrize("table", NEVER_DELETED)
def test_tables_are_never_emptied(table: str) -> None:
    assert "append-only" in refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.skipif("is_postgres()", reason="INSERT OR REPLACE is SQLite's own")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_rows_are_never_replaced(table: str) -> None:
    refusal = refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    assert "append-only" in refusal or "sealed" in refusal


def test_an_account_never_becomes_anothers() -> None:
    assert "append-only" in refused("UPDATE ledger_account SET currency = 'EUR'")


def test_a_members_balance_never_falls_below_zero() -> None:
    assert "account_member_never_below_zero" in refused(
        "UPDATE ledger_account SET debited_minor = credited_minor + 1 WHERE member_id IS NOT NULL"
    )


def test_an_entry_alone_is_refused() -> None:
    account = Account.objects.get(kind=AccountKind.MARGIN_PENDING)
    with pytest.raises(DatabaseError), atomic():
        Entry.objects.create(
            group_id=10**6, account=account, number=0, debit_minor=5, credit_minor=0
        )
        check_constraints_now()
        if not is_postgres():  # SQLite asks for the group at commit: ask it now
            connection.check_constraints()


def test_a_group_that_does_not_balance_is_refused() -> None:
    one, other = Account.objects.filter(member=None)
    with pytest.raises(DatabaseError, match="does not balance"), atomic():
        Entry.objects.create(group_id=10**6, account=one, number=0, debit_minor=5, credit_minor=0)
        Entry.objects.create(group_id=10**6, account=other, number=0, debit_minor=0, credit_minor=4)
        EntryGroup.objects.create(
            pk=10**6,
            cause="by hand",
            kind="transaction",
            posted_at=Transaction.objects.get().first_seen_at,
            entry_count=2,
        )
        check_constraints_now()


def test_no_entry_joins_a_group_later() -> None:
    """Two entries that balance, added to a group that was booked: still refused."""
    group = EntryGroup.objects.get()
    tell(observe("tx-2", merchant_id="org-other"))
    one, other = Account.objects.filter(merchant_id="org-other")
    with pytest.raises(DatabaseError), atomic():
        Entry.objects.create(group=group, account=one, number=0, debit_minor=5, credit_minor=0)
        Entry.objects.create(group=group, account=other, number=0, debit_minor=0, credit_minor=5)
        check_constraints_now()


@pytest.mark.parametrize(
    ("debit", "credit"), [(0, 0), (5, 5), (-5, 0)], ids=["zero", "both sides", "negative"]
)
def test_an_entry_is_a_debit_or_a_credit_of_more_than_zero(debit: int, credit: int) -> None:
    account = Account.objects.filter(member=None).earliest("pk")
    with pytest.raises(DatabaseError, match="entry_is_debit_or_credit"), atomic():
        Entry.objects.create(
            group_id=10**6, account=account, number=0, debit_minor=debit, credit_minor=credit
        )


def test_a_number_of_an_account_is_given_once() -> None:
    account = Account.objects.get(kind=AccountKind.PENDING)
    with pytest.raises(DatabaseError), atomic():
        Entry.objects.create(
            group_id=10**6,
            account=account,
            number=1,
            debit_minor=0,
            credit_minor=5,
            balance_after_minor=5,
        )
    assert balances() == {"pending": 500}


def test_an_install_or_test_money_never_has_a_reward() -> None:
    assert "transaction_install_never_rewarded" in refused(
        "UPDATE transactions_transaction SET category = 'app-install'"
    )


def test_a_tx_id_stands_once_over_all_accounts() -> None:
    order = Transaction.objects.get()
    child = order.children.get()
    child.pk = None
    with pytest.raises(DatabaseError), atomic():
        child.save(force_insert=True)
