"""When things are booked: after every instant that a report has shown, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection

from rewards_site.kernel.db import atomic, is_postgres
from rewards_site.kernel.errors import InvalidInput
from tests.factories import observe, tell
from transactions.ledger.horizon import TICK, settle
from transactions.ledger.models import Account, EntryGroup, Horizon
from transactions.models import Transaction, TransactionRevision
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db


def last_posted_at() -> datetime:
    return EntryGroup.objects.latest("pk").posted_at


def refused(sql: str) -> str:
    with pytest.raises(DatabaseError) as error, atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return str(error.value)


def test_a_report_of_now_shows_all_that_is_booked_and_nothing_later() -> None:
    tell(observe("tx-1"))
    settled = settle()
    tell(observe("tx-2"))

    first, second = EntryGroup.objects.order_by("pk")
    assert first.posted_at <= settled < second.posted_at


def test_what_is_booked_after_the_clock_stepped_back_is_later_than_every_report() -> None:
    ahead = datetime.now(tz=UTC) + timedelta(hours=1)
    Horizon.objects.update(horizon_at=ahead)  # as a report left it before the clock stepped back

    tell(observe("tx-1"))

    assert last_posted_at() == ahead + TICK


def test_what_moves_no_money_is_recorded_later_than_every_report_too() -> None:
    ahead = datetime.now(tz=UTC) + timedelta(hours=1)
    Horizon.objects.update(horizon_at=ahead)

    tell(observe("tx-1", is_test=True))

    assert not EntryGroup.objects.exists()
    order = Transaction.objects.get()
    assert TransactionRevision.objects.get().recorded_at == ahead + TICK == order.changed_at


def test_a_members_entries_never_run_backwards() -> None:
    tell(observe("tx-1"))
    ahead = datetime.now(tz=UTC) + timedelta(hours=1)
    Account.objects.filter(member__isnull=False).update(last_posted_at=ahead)

    tell(observe("tx-2"))

    assert last_posted_at() == ahead


@pytest.mark.skipif("is_postgres()", reason="the clock of PostgreSQL cannot be moved")
def test_a_clock_that_steps_back_changes_no_report_and_loses_nothing() -> None:
    assert not is_postgres()
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    with time_machine.travel(noon, tick=False):
        tell(observe("tx-1"))
        shown = settle()
    with time_machine.travel(noon - timedelta(hours=1), tick=False):
        tell(observe("tx-2"), observe("tx-3", publisher_customer_id="u-other"))
        after = settle()

    times = list(EntryGroup.objects.order_by("pk").values_list("posted_at", flat=True))
    assert shown == noon
    assert times == [noon, noon + TICK, noon + TICK]
    assert after == noon + TICK


def test_the_revisions_of_an_order_have_each_a_time_of_their_own() -> None:
    tell(observe("tx-1"))
    ahead = datetime.now(tz=UTC) + timedelta(hours=1)
    Transaction.objects.update(changed_at=ahead)

    tell(observe("tx-1", minutes=1, is_test=False, amount_minor=600))

    assert TransactionRevision.objects.latest("number").recorded_at == ahead + TICK


def test_everything_of_one_batch_has_one_time() -> None:
    tell(*(observe(f"tx-{number}", is_test=number == 3) for number in range(5)))

    times = set(TransactionRevision.objects.values_list("recorded_at", flat=True))
    assert times == set(EntryGroup.objects.values_list("posted_at", flat=True))
    assert len(times) == 1
    assert {order.changed_at for order in Transaction.objects.all()} == times


def test_a_future_instant_is_refused_and_nothing_moves() -> None:
    before = Horizon.objects.get().horizon_at

    with pytest.raises(InvalidInput, match="lies in the future"):
        settle(datetime.now(tz=UTC) + timedelta(minutes=1))

    assert Horizon.objects.get().horizon_at == before


def test_an_instant_that_is_settled_stays_as_it_is() -> None:
    settled = settle()
    earlier = settled - timedelta(days=3)

    assert settle(earlier) == earlier
    assert settle(settled) == settled
    assert Horizon.objects.get().settled_at == settled


def test_the_database_refuses_a_group_at_an_instant_that_was_shown() -> None:
    tell(observe("tx-1"))
    settle()

    refusal = refused(
        "INSERT INTO ledger_entrygroup (id, cause, kind, posted_at, entry_count) "
        "SELECT 1000000, 'by hand', kind, posted_at, 2 FROM ledger_entrygroup"
    )

    # Whichever guard is asked first: SQLite's balance stands before the insert, too
    assert "reports have shown" in refusal or "does not balance" in refusal
    assert EntryGroup.objects.count() == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_horizon SET settled_at = '2020-01-01 00:00:00+00:00'",
        "UPDATE ledger_horizon SET horizon_at = '1970-01-01 00:00:00+00:00'",
        "DELETE FROM ledger_horizon",
        "INSERT INTO ledger_horizon (id, horizon_at, settled_at) "
        "VALUES (2, '2030-01-01 00:00:00+00:00', '2030-01-01 00:00:00+00:00')",
    ],
)
def test_the_horizon_only_grows(sql: str) -> None:
    settled = settle()

    assert any(
        words in refused(sql) for words in ("only grows", "append-only", "horizon_has_one_row")
    )
    assert Horizon.objects.get().settled_at == settled


def test_verify_knows_when_an_account_was_last_posted_to() -> None:
    tell(observe("tx-1"))
    assert verify_ledger().differences == []

    Account.objects.filter(member__isnull=False).update(last_posted_at=None)

    [difference] = verify_ledger().differences
    assert "the last posted at None" in str(difference)
