"""Sixteen writers move the money of one member at once."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

import pytest

from rewards_site.kernel.rows import ask, rows_of
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.conftest import CommittedDatabase
from tests.factories import balances, observe, tell, tell_each
from transactions.ledger import posting
from transactions.ledger.activity import Numbers, activity_questions, numbers_told
from transactions.ledger.horizon import Booking, booking_questions, booking_told
from transactions.ledger.models import Account, Entry
from transactions.told import Outcome, OutcomeKind

pytestmark = pytest.mark.usefixtures("committed_db")

WRITERS = 16


def test_every_order_of_one_member_is_booked_once() -> None:
    def one_life_after_another(number: int) -> list[Outcome]:
        outcomes = []
        for order in range(5):
            tx_id = f"tx-{number}-{order}"
            outcomes += tell_each(
                observe(tx_id, amount_minor=1000),
                observe(tx_id, amount_minor=600, minutes=5),
            )
            if order < 3:
                outcomes += tell_each(
                    observe(tx_id, amount_minor=600, minutes=9, status="validated")
                )
        return outcomes

    results = all_returned(at_once(WRITERS, one_life_after_another))

    assert {outcome.kind for outcomes in results for outcome in outcomes} == {OutcomeKind.APPLIED}
    assert balances() == {"pending": WRITERS * 2 * 300, "available": WRITERS * 3 * 300}
    by_kind = dict(Account.objects.filter(entry_count__gt=0).values_list("kind", "entry_count"))
    assert by_kind == {"pending": WRITERS * (5 * 2 + 3), "available": WRITERS * 3}
    books_are_right()
    assert deadlock_count() == 0


@pytest.mark.postgres
def test_control_without_the_lock_the_database_refuses_and_no_money_is_lost(
    monkeypatch: pytest.MonkeyPatch, committed_db: CommittedDatabase
) -> None:
    """CONTROL: takes the lock on a member's accounts away, to show what stands behind it.

    The one place where a test replaces a function of ours. The threads meet between reading the
    balance and writing it, twice: at the first meeting one of sixteen can write the next number, at
    the second, when all others try again, one of fifteen. The unique number of an entry refuses the
    rest, and the product defers what is refused: it is told to the caller and can be told again.
    """
    tell(observe("tx-first"))  # the member and its accounts exist: nobody waits to open them
    meetings = [threading.Barrier(WRITERS, timeout=30), threading.Barrier(WRITERS - 1, timeout=30)]
    tries: dict[int, int] = {}

    def unlocked(
        accounts: Iterable[Account], pots: Sequence[tuple[int, str]], *, count: int
    ) -> tuple[dict[int, Account], Numbers, Booking]:
        ids = [account.pk for account in accounts if account.member_id]
        found, *answers = ask(rows_of(Account, {"id": ids}), *booking_questions(count))
        thread = threading.get_ident()
        tries[thread] = tries.get(thread, 0) + 1
        meetings[tries[thread] - 1].wait()
        # The count comes after the lock and would do its work: it is taken when all have met
        numbers = numbers_told(pots, ask(*activity_questions(pots)))
        return {account.pk: account for account in found}, numbers, booking_told(answers)

    with monkeypatch.context() as patch:
        patch.setattr(posting, "_lock", unlocked)
        outcomes = all_returned(at_once(WRITERS, lambda number: tell(observe(f"tx-{number}"))[0]))

    refused = [outcome for outcome in outcomes if outcome.kind is OutcomeKind.DEFERRED]
    assert [outcome.kind for outcome in outcomes].count(OutcomeKind.APPLIED) == 2
    assert {(outcome.reason, outcome.is_retried) for outcome in refused} == {
        ("the books refuse it: entry_numbered_once_per_account", True)
    }
    assert len(refused) == WRITERS - 2
    assert balances() == {"pending": 3 * 500}
    books_are_right()

    again = all_returned(at_once(WRITERS, lambda number: tell(observe(f"tx-{number}"))[0]))

    kinds = [outcome.kind for outcome in again]
    assert (kinds.count(OutcomeKind.APPLIED), kinds.count(OutcomeKind.IGNORED)) == (14, 2)
    assert balances() == {"pending": 17 * 500}
    assert Entry.objects.filter(number__gt=0).count() == 17
    books_are_right()
