"""verify_ledger over rows that somebody deleted or wrote over with the owner's rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories import NOON, observe, tell, tell_each
from tests.spending import differences
from transactions.attribution import move_order
from transactions.models import Transaction
from transactions.orphans import references
from transactions.told import Channel

pytestmark = pytest.mark.django_db

Corrupt = Callable[[str], None]
REVISION = "transactions_transactionrevision"


@pytest.fixture
def books() -> None:
    """Two orders of two members; the first in two revisions."""
    tell_each(
        observe(),
        observe(minutes=5, status="validated"),
        observe("tx-2", publisher_customer_id="ann"),
    )
    assert differences() == []


@pytest.fixture
def unchecked(corrupt: Corrupt) -> Iterator[None]:
    """Without the check on the kinds of accounts, which the owner of a database can drop, too."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'c' "
                "AND conrelid = 'ledger_account'::regclass"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE ledger_account DROP CONSTRAINT "{name}"')
            yield
            return
        cursor.execute("PRAGMA ignore_check_constraints = 1")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = 0")


def found(words: str) -> str:
    """The one difference with these words."""
    all_of_them = differences()
    [difference] = [text for text in all_of_them if words in text] or [f"none: {all_of_them}"]
    return difference


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("transactions_transaction", "is the transaction of 2 × transaction revision"),
        ("transactions_transaction", "is the transaction of 1 × transaction child"),
        ("transactions_transactionchild", "is the child of 2 × transaction revision"),
        ("ledger_entrygroup", "is the entry_group of 1 × transaction revision, the first of them"),
        ("ledger_entrygroup", "is the group of 3 × entry"),
        ("ledger_entrygroup", "is the group of 1 × item of activity"),
        ("ledger_account", "is the account of 2 × entry"),
        ("members_member", "is the member of 2 × transaction revision"),
        ("members_member", "is the member of 1 × activity count"),
        ("offers_merchant", "is the merchant of 2 × transaction"),
        ("transactions_buttonaccount", "is the account of 2 × transaction"),
    ],
)
def test_rows_that_are_gone_are_told_by_those_that_name_them(
    table: str, words: str, books: None, corrupt: Corrupt
) -> None:
    corrupt(f"DELETE FROM {table}")

    told = [text for text in differences() if words in text]
    assert told
    assert all("is not there, and " in text for text in told)
    with pytest.raises(CommandError) as error:
        call_command("verify_ledger", stdout=StringIO())
    assert error.value.returncode == 1


def test_it_says_which_row_is_gone_and_who_names_it(books: None, corrupt: Corrupt) -> None:
    order = Transaction.objects.get(order_key="btnorder-1")
    first = order.revisions.get(number=1)

    corrupt(f"DELETE FROM transactions_transaction WHERE id = {order.pk}")

    assert differences() == [
        f"transaction {order.pk}: is not there, and is the transaction of 1 × transaction child, "
        f"the first of them {first.child_id}",
        f"transaction {order.pk}: is not there, and is the transaction of 2 × transaction "
        f"revision, the first of them {first.pk}",
    ]


def test_every_way_from_one_row_of_the_books_to_another_is_looked_at() -> None:
    ways = {f"{field.model.__name__}.{field.name}" for field in references()}

    assert ways >= {
        *("Transaction.account", "Transaction.member", "Transaction.merchant"),
        *("TransactionChild.transaction", "TransactionRevision.transaction"),
        *("TransactionRevision.child", "TransactionRevision.entry_group"),
        *("TransactionRevision.member", "TransactionRevision.actor"),
        *("Entry.group", "Entry.account", "Account.member", "Account.merchant"),
        *("MemberActivity.group", "MemberActivity.member", "ActivityCount.member"),
        *("MergedBalance.change", "MergedBalance.entry_group", "Member.same_as"),
        *("CustomerIdChange.alias", "CustomerIdChange.member", "CustomerIdChange.actor"),
        *("OpeningLine.opening", "OpeningLine.entry_group", "OpeningLine.member"),
        *("OpeningTotal.opening", "OpeningClosing.line", "OpeningClosing.entry_group"),
        "WebhookEvent.transaction",
    }


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"UPDATE {REVISION} SET unrecovered = '[\"x\"]'{{json}} WHERE number = 2", "read: "),
        (
            f"UPDATE {REVISION} SET unrecovered = '{{{{\"x\":1}}}}'{{json}} WHERE number = 2",
            "read: ",
        ),
        ("UPDATE transactions_transactionchild SET told = '{{\"x\":1}}'{json}", "read: TypeError"),
        (f"UPDATE {REVISION} SET terms = '{{{{}}}}'{{json}} WHERE number = 2", "read: KeyError"),
        (f"UPDATE {REVISION} SET observation = '7'{{json}} WHERE number = 2", "read: "),
        ("UPDATE transactions_transaction SET unrecovered = '7'{json}", "read: TypeError"),
    ],
)
def test_what_cannot_be_read_is_told_and_hides_nothing_else(
    sql: str, words: str, books: None, corrupt: Corrupt
) -> None:
    corrupt("UPDATE transactions_transaction SET customer_id_told = 'x' WHERE order_key LIKE '%-2'")
    assert "customer_id_told stands as x" in found("customer_id_told")

    corrupt(sql.replace("{{", "{").replace("}}", "}"))

    told = differences()
    assert [text for text in told if f"cannot be {words}" in text], told
    if "SET told" not in sql:
        assert [text for text in told if "customer_id_told stands as x" in text], told


def test_a_member_who_is_gone_is_told_and_hides_nothing_else(books: None, corrupt: Corrupt) -> None:
    move_order(
        transaction_id=Transaction.objects.get(order_key="btnorder-1").pk,
        customer_id="u-other",
        actor=User.objects.create(username="ops"),
        reason="case 7",
        at=NOON,
    )
    corrupt("UPDATE transactions_transaction SET customer_id_told = 'x' WHERE order_key LIKE '%-2'")

    corrupt("DELETE FROM members_member WHERE customer_id = 'u-other'")

    assert found("cannot be read: KeyError").startswith("transaction btnorder-1 (")
    assert found("customer_id_told stands as x").startswith("transaction btnorder-2 (")


def test_an_account_of_a_kind_that_is_nobodys(
    books: None, unchecked: None, corrupt: Corrupt
) -> None:
    corrupt("UPDATE ledger_account SET kind = 'margin_pending' WHERE kind = 'available'")

    assert "is of kind margin_pending, of member" in found("is of kind margin_pending")
    assert "margin_pending and member" in found("cannot be read: ValueError")


def test_an_account_of_the_house_carries_no_totals(
    books: None, unchecked: None, corrupt: Corrupt
) -> None:
    corrupt("UPDATE ledger_account SET debited_minor = 7 WHERE kind = 'commission_pending'")

    assert found("commission_pending").endswith(", and carries 7, 0, 0")


@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="its times are always times")
def test_a_time_that_is_none_is_told_of_its_order(books: None, corrupt: Corrupt) -> None:
    first, second = Transaction.objects.order_by("pk")
    corrupt(
        f"UPDATE {REVISION} SET read_at = '2026-13-45 00:00:00' WHERE transaction_id = {first.pk}"
    )
    corrupt(f"UPDATE transactions_transaction SET reward_minor = 7 WHERE id = {second.pk}")

    told = differences()
    assert f"transaction {first.pk}: cannot be read: ValueError: month must be in 1..12" in told
    assert "reward_minor stands as 7" in found("reward_minor stands")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (
            f"UPDATE {REVISION} SET source = 'staff' WHERE number = 2",
            "revision 2: cannot be read: ValueError: 'staff' is not a valid Channel",
        ),
        (
            f"UPDATE {REVISION} SET change_minor = 9 WHERE number = 2",
            "revision 2: says the reward changed by 9; derived again it is 0",
        ),
        (
            f"UPDATE {REVISION} SET child_id = (SELECT MAX(id) FROM transactions_transactionchild) "
            "WHERE number = 2",
            "Button told of tx-1",
        ),
        (
            f"UPDATE {REVISION} SET occurred_at = '2026-01-01 00:00:00+00' WHERE number = 2",
            "occurred at 2026-01-01 00:00:00+00:00; Button told 2026-11-20 12:05:00+00:00",
        ),
    ],
)
def test_what_a_revision_says_beside_the_order_is_derived_too(
    sql: str, words: str, books: None, corrupt: Corrupt
) -> None:
    corrupt(sql)

    [difference] = differences()
    assert difference.endswith(words)


def test_an_account_in_another_currency_than_its_orders(books: None, corrupt: Corrupt) -> None:
    corrupt("UPDATE transactions_buttonaccount SET currency = 'EUR'")

    assert [text.split(": ")[1] for text in differences()] == [
        f"is in USD; its account {Transaction.objects.all()[0].account_id} is in EUR"
    ] * 2


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ('{"id": "tx-9"', "cannot be read: The body is not JSON"),
        ('{"id": "tx-9"}', "cannot be read: "),
        (None, "keeps a row of the API that says ('tx-1', 'acc-5b1e7f20c9d84a63', 'pending', 1001"),
    ],
)
def test_the_row_of_the_api_that_is_kept_is_read_again(
    raw: str | None, words: str, corrupt: Corrupt
) -> None:
    row = (
        '{"id": "tx-1", "account_id": "acc-5b1e7f20c9d84a63", "status": "pending", '
        '"category": "new-user-order", "currency": "usd", "amount": 1000, '
        '"modified_date": "2026-11-20T12:00:00Z", "a field of tomorrow": [1.5]}'
    )
    tell(observe(channel=Channel.SYNC))
    corrupt(f"UPDATE {REVISION} SET raw_row = '{row}'")
    assert differences() == []

    corrupt(f"UPDATE {REVISION} SET raw_row = '{raw or row.replace('1000', '1001')}'")

    [difference] = differences()
    assert words in difference
