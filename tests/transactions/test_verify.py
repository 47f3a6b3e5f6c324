"""verify_ledger finds what was corrupted behind the product's back."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from tests.factories import MEMBER, NOON, observe, tell, tell_each
from tests.spending import differences, spend
from tests.transactions.tapping import tap
from transactions.attribution import move_order
from transactions.models import Transaction
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db


def test_a_sound_ledger_is_said_to_be_so_with_counts() -> None:
    tell_each(
        observe("tx-1"),
        observe("tx-1", minutes=5, status="validated"),
        observe("tx-2", publisher_customer_id=None),
    )

    out = StringIO()
    call_command("verify_ledger", stdout=out)

    assert out.getvalue() == (
        "checked: 2 transactions, 3 revisions, 3 entry groups, 12 entries, "
        "2 member accounts; 0 differences\n"
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (
            "UPDATE ledger_account SET credited_minor = credited_minor + 1 "
            "WHERE member_id IS NOT NULL",
            "its entries say",
        ),
        (
            "UPDATE ledger_account SET earned_minor = 7 WHERE kind = 'available'",
            "carries 7 as earned",
        ),
        ("UPDATE ledger_entry SET debit_minor = debit_minor + 1 WHERE debit_minor > 0", "debits"),
        (
            "UPDATE ledger_entry SET balance_after_minor = 77 WHERE number = 1",
            "says 77 as entry 1",
        ),
        ("DELETE FROM transactions_transactionrevision WHERE number = 2", "no revision caused it"),
        ("UPDATE transactions_transaction SET reward_minor = 1", "its revisions say"),
        (
            "UPDATE transactions_transactionrevision SET commission_minor = 2000 WHERE number = 1",
            "derived again it is",
        ),
        (
            "UPDATE transactions_transactionrevision SET observation = "
            "REPLACE(CAST(observation AS text), '1000', '1002'){json}",
            "derived again it is",
        ),
    ],
)
def test_every_corruption_is_reported(sql: str, words: str, corrupt: Callable[[str], None]) -> None:
    tell_each(observe(), observe(minutes=5, status="validated"))

    corrupt(sql.format(json="::jsonb" if connection.vendor == "postgresql" else ""))

    assert any(words in str(difference) for difference in verify_ledger().differences)
    with pytest.raises(CommandError) as error:
        call_command("verify_ledger", stdout=StringIO())
    assert error.value.returncode == 1


def test_it_costs_the_same_number_of_queries_for_one_and_for_many(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    tell(*[observe(f"tx-{number}") for number in range(60)])

    with django_assert_max_num_queries(300):
        assert verify_ledger().transactions == 60


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (
            "UPDATE transactions_transaction SET flags = '[\"odd\"]'{json}",
            "flags stands as ['odd']",
        ),
        ("UPDATE transactions_transaction SET final_at = NULL", "final_at stands as None"),
        (
            "UPDATE transactions_transaction SET unrecovered = '{{}}'{json}",
            "unrecovered stands as {}",
        ),
        (
            "UPDATE transactions_transactionrevision SET unrecovered = '{{}}'{json} WHERE number=2",
            "is flagged",
        ),
        (
            "UPDATE transactions_transactionrevision SET flags = '[]'{json} WHERE number = 2",
            "is flagged []",
        ),
        (
            "UPDATE transactions_transactionrevision SET kind = 'assigned' WHERE number = 2",
            "assigned, though its member was",
        ),
        (
            "UPDATE transactions_transactionrevision SET member_id = "
            "(SELECT member_id FROM transactions_transactionrevision WHERE number = 1) "
            "WHERE number = 2",
            "should be",
        ),
    ],
)
def test_what_staff_moved_is_derived_again_too(
    sql: str, words: str, corrupt: Callable[[str], None]
) -> None:
    tell(observe(status="validated"))
    spend(MEMBER, 380)
    move_order(
        transaction_id=Transaction.objects.get().pk,
        customer_id="u-other",
        actor=User.objects.create(username="ops"),
        reason="case 7",
        at=NOON,
    )
    assert differences() == []

    corrupt(sql.format(json="::jsonb" if connection.vendor == "postgresql" else ""))

    assert any(words in text for text in differences()), differences()


@pytest.mark.parametrize("stands", ["another's", "none"])
def test_a_click_that_the_words_do_not_name_is_told(stands: str) -> None:
    own, others = tap(), tap("u-somebody-else")
    tell(observe(pub_ref=own.pub_ref))
    assert verify_ledger().differences == []

    Transaction.objects.update(click=others if stands == "another's" else None)

    [difference] = verify_ledger().differences
    assert f"derived again it is {own.pk}" in str(difference)
