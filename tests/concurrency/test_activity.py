"""The numbers of a member's activity, while several currencies and accounts are booked at once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from django.db.models import Max

from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.conftest import CommittedDatabase
from tests.factories import MEMBER, observe, tell, tell_each
from transactions.activity.models import MemberActivity
from transactions.ledger import posting
from transactions.ledger.activity import Numbers
from transactions.told import Outcome, OutcomeKind

pytestmark = pytest.mark.usefixtures("committed_db")

WRITERS = 16
CURRENCIES = ("USD", "JPY", "KWD", "EUR")


def numbers_of(customer_id: str = MEMBER) -> list[int]:
    rows = MemberActivity.objects.filter(member__customer_id=customer_id).order_by("number")
    return list(rows.values_list("number", flat=True))


def test_currencies_and_accounts_booked_at_once_share_one_line_of_numbers() -> None:
    """Half of them touch pending alone, half available alone: no ledger account is shared."""

    def write(number: int) -> list[Outcome]:
        currency = CURRENCIES[number % len(CURRENCIES)]
        status = "pending" if number % 8 < 4 else "validated"
        return tell_each(
            *(
                observe(
                    f"tx-{number}-{order}",
                    account_id=f"acc-{currency}",
                    currency=currency,
                    status=status,
                )
                for order in range(4)
            )
        )

    results = all_returned(at_once(WRITERS, write))

    assert {outcome.kind for outcomes in results for outcome in outcomes} == {OutcomeKind.APPLIED}
    assert numbers_of() == list(range(1, WRITERS * 4 + 1))
    books_are_right()
    assert deadlock_count() == 0


def test_batches_of_many_members_in_any_order_do_not_wait_for_each_other_for_ever() -> None:
    def write(number: int) -> list[Outcome]:
        members = range(20) if number % 2 else reversed(range(20))
        currency = CURRENCIES[number % len(CURRENCIES)]
        return tell(
            *(
                observe(
                    f"tx-{number}-{member}",
                    account_id=f"acc-{currency}",
                    currency=currency,
                    publisher_customer_id=f"u-{member}",
                )
                for member in members
            )
        )

    results = all_returned(at_once(8, write))

    assert {outcome.kind for outcomes in results for outcome in outcomes} == {OutcomeKind.APPLIED}
    assert all(numbers_of(f"u-{member}") == list(range(1, 9)) for member in range(20))
    books_are_right()
    assert deadlock_count() == 0


@pytest.mark.postgres
def test_control_without_the_count_the_database_refuses_a_number_given_twice(
    monkeypatch: pytest.MonkeyPatch, committed_db: CommittedDatabase
) -> None:
    """CONTROL: takes the one row away that makes a member's bookings one line.

    Two bookings in two currencies share no ledger account. Both read the last number, meet, and
    write the next: the unique number refuses one of them, which is told again later.
    """
    tell(observe("tx-first"))
    meeting = threading.Barrier(2, timeout=30)
    tries: dict[int, int] = {}

    def uncounted(pots: Sequence[tuple[int, str]], answers: Sequence[Any]) -> Numbers:
        rows = MemberActivity.objects.filter(member_id__in=[pot[0] for pot in pots])
        last = dict(rows.values_list("member_id").annotate(last=Max("number")).order_by())
        thread = threading.get_ident()
        tries[thread] = tries.get(thread, 0) + 1
        if tries[thread] == 1:
            meeting.wait()
        return Numbers(Counter(pot[0] for pot in pots), last, {})

    def write(number: int) -> Outcome:
        currency = CURRENCIES[number + 1]
        return tell(observe(f"tx-{number}", account_id=f"acc-{currency}", currency=currency))[0]

    with monkeypatch.context() as patch:
        patch.setattr(posting, "activity_questions", lambda _pots: [])
        patch.setattr(posting, "numbers_told", uncounted)
        all_returned(at_once(2, write))

    assert max(tries.values()) == 2, "one of the two had to try again"
    assert numbers_of() == [1, 2, 3]
