"""verify_ledger looks at when things are said to have happened: reports of an instant go by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from rewards_site.kernel import clock
from tests.factories import MEMBER, observe, tell, tell_each
from tests.spending import differences
from transactions.attribution import assign_member
from transactions.ledger.models import EntryGroup
from transactions.models import Transaction, TransactionRevision

pytestmark = pytest.mark.django_db

Corrupt = Callable[[str], None]
REVISION = "transactions_transactionrevision"


def test_a_group_that_was_dated_otherwise_than_its_revision(corrupt: Corrupt) -> None:
    tell(observe())
    recorded_at = TransactionRevision.objects.get().recorded_at

    corrupt("UPDATE ledger_entrygroup SET posted_at = '2026-01-01 00:00:00+00'")
    corrupt(
        "UPDATE ledger_account SET last_posted_at = '2026-01-01 00:00:00+00' WHERE entry_count > 0"
    )

    [_notice, difference] = differences()
    assert difference.endswith(
        f"revision 1: was recorded at {recorded_at}, its group was posted at "
        f"{EntryGroup.objects.get().posted_at}"
    )


def test_a_revision_that_was_recorded_before_the_one_before_it(corrupt: Corrupt) -> None:
    tell_each(observe(status="declined"), observe(minutes=-5, btn_ref="srctok-1"))
    assert TransactionRevision.objects.count() == 2
    assert differences() == []

    corrupt(f"UPDATE {REVISION} SET recorded_at = '2026-01-01 00:00:00+00' WHERE number = 2")
    corrupt("UPDATE transactions_transaction SET changed_at = '2026-01-01 00:00:00+00'")

    first = TransactionRevision.objects.get(number=1)
    [difference] = differences()
    assert difference.endswith(
        "revision 2: was recorded at 2026-01-01 00:00:00+00:00, not after the revision before it "
        f"({first.recorded_at})"
    )


def test_what_was_told_at_once_was_recorded_at_once_and_what_staff_did_was_not(
    corrupt: Corrupt,
) -> None:
    tell(
        observe(status="declined", publisher_customer_id=None),
        observe(minutes=-5, btn_ref="a", publisher_customer_id=None),
    )
    assert len({row.recorded_at for row in TransactionRevision.objects.all()}) == 1
    assert differences() == []
    assign_member(
        transaction_id=Transaction.objects.get().pk,
        customer_id=MEMBER,
        actor=User.objects.create(username="ops"),
        reason="case 7",
        at=clock.now(),
    )
    assert differences() == []

    for table, column in ((REVISION, "recorded_at"), ("transactions_transaction", "changed_at")):
        corrupt(f"UPDATE {table} SET {column} = (SELECT MIN(recorded_at) FROM {REVISION})")

    [difference] = differences()
    assert "revision 3: was recorded at" in difference


@pytest.mark.parametrize("days", [-900, 900])
def test_an_order_that_was_first_seen_at_another_time(days: int, corrupt: Corrupt) -> None:
    tell(observe())
    at = (clock.now() + timedelta(days=days)).replace(microsecond=0)

    corrupt(f"UPDATE transactions_transaction SET first_seen_at = '{at:%Y-%m-%d %H:%M:%S}+00'")

    [difference] = differences()
    assert f": first_seen_at stands as {at}; it was told at " in difference


def test_what_staff_did_happened_when_they_did_it(corrupt: Corrupt) -> None:
    tell(observe(publisher_customer_id=None))
    assign_member(
        transaction_id=Transaction.objects.get().pk,
        customer_id=MEMBER,
        actor=User.objects.create(username="ops"),
        reason="case 7",
        at=clock.now(),
    )
    assert differences() == []

    corrupt(f"UPDATE {REVISION} SET occurred_at = '2026-01-01 00:00:00+00' WHERE number = 2")
    corrupt(f"UPDATE {REVISION} SET source = 'sync' WHERE number = 2")

    by_whom, when = differences()
    assert by_whom.endswith("revision 2: came by sync, and is of kind assigned")
    assert "revision 2: occurred at 2026-01-01 00:00:00+00:00, and staff acted at" in when
