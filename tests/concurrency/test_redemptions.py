"""One balance, and many who ask for it at once: what is paid is what there was."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import IntegrityError

from rewards_site.kernel import clock, rows
from tests.concurrency import redeeming
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.conftest import CommittedDatabase
from tests.factories import balances
from tests.transactions.redemptions.asking import approved, ask, body, fund, requested, staff
from transactions.ledger import posting
from transactions.ledger.activity import activity_questions, numbers_told
from transactions.ledger.horizon import booking_questions, booking_told
from transactions.ledger.models import Account, EntryGroup
from transactions.redemptions.models import Redemption, RedemptionKey, RedemptionStep
from transactions.redemptions.services import cancel_redemption, pay_redemptions

pytestmark = pytest.mark.usefixtures("committed_db")


def groups(kind: str = "redemption") -> int:
    return EntryGroup.objects.filter(kind=kind).count()


def asked_until_answered(key: str, amount: int) -> tuple[int, bytes]:
    """As an app does: what is 503 is sent again, with the same key."""
    answer: Any = None
    for _ in range(redeeming.TRIES_MAX):
        answer = ask(body(amount), key=key)
        if answer.status_code != 503:
            break
    return answer.status_code, answer.content


def test_one_key_fifty_times_at_once_is_one_redemption_and_one_answer() -> None:
    fund(5000)

    answers = all_returned(at_once(50, lambda _number: asked_until_answered("key-1", 600)))

    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert (Redemption.objects.count(), RedemptionKey.objects.count(), groups()) == (1, 1, 1)
    assert balances() == {"available": 4400, "redeeming": 600}
    books_are_right()


def test_a_refusal_asked_for_at_once_is_one_answer_too() -> None:
    answers = all_returned(at_once(16, lambda _number: asked_until_answered("key-1", 600)))

    assert len(set(answers)) == 1
    assert answers[0][0] == 422
    assert RedemptionKey.objects.count() == 1
    books_are_right()


def test_of_64_at_once_as_many_are_taken_as_the_balance_bears() -> None:
    fund(20 * 600 + 599)

    answers = all_returned(at_once(64, lambda number: asked_until_answered(f"key-{number}", 600)))

    assert Counter(status for status, _content in answers) == {201: 20, 422: 44}
    assert balances() == {"available": 599, "redeeming": 20 * 600}
    assert (Redemption.objects.count(), groups()) == (20, 20)
    assert deadlock_count() == 0
    books_are_right()


def test_a_member_who_cancels_while_it_is_approved_and_paid_is_told_one_thing() -> None:
    """Per redemption one cancels and one approves and pays: one of the two ways is gone."""
    fund(8 * 600)
    found = [requested(600) for _ in range(8)]
    ops, finance = staff(), staff("finance")

    def work(number: int) -> str:
        row = found[number // 2]
        if number % 2:
            return str(cancel_redemption(redemption_id=row.pk, at=clock.now()).status)
        approved(row, by=ops)
        done = pay_redemptions(
            references={row.pk: "b"}, actor_id=finance.pk, reason="Sent.", at=clock.now()
        )
        return str(done[row.pk].status)

    at_once(16, work)

    ends = Counter(Redemption.objects.values_list("status", flat=True))
    assert set(ends) <= {"paid", "cancelled"}
    assert sum(ends.values()) == 8
    assert balances() == {
        kind: count * 600
        for kind, count in (("available", ends["cancelled"]), ("paid_out", ends["paid"]))
        if count
    }
    assert deadlock_count() == 0
    books_are_right()


@pytest.mark.postgres
def test_control_without_the_lock_only_the_database_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CONTROL: two read the balance, neither locks it, and both want the whole of it."""
    fund(1200)
    requested(600)  # so that the accounts are there, which to open is a lock, too
    meeting = threading.Barrier(2, timeout=30)

    def unlocked(accounts: Any, pots: Sequence[tuple[int, str]], *, count: int) -> Any:
        ids = [account.pk for account in accounts if account.member_id is not None]
        found = {account.pk: account for account in Account.objects.filter(pk__in=ids)}
        meeting.wait()
        asked = activity_questions(pots)
        answers = rows.ask(*asked, *booking_questions(count))
        numbers = numbers_told(pots, answers[: len(asked)])
        return found, numbers, booking_told(answers[len(asked) :])

    def read_alone(ids: Any) -> Any:
        wanted = sorted(account.pk for account in ids if account.member_id is not None)
        return rows.rows_of(Account, {"id": wanted})

    with monkeypatch.context() as patch:
        patch.setattr(posting, "_lock", unlocked)
        patch.setattr(posting, "_locked", read_alone)
        results = at_once(2, lambda _number: requested(600))

    assert sorted(type(result).__name__ for result in results) == ["IntegrityError", "Redemption"]
    [refused] = [result for result in results if isinstance(result, IntegrityError)]
    assert "entry_numbered_once_per_account" in str(refused)
    assert balances() == {"redeeming": 1200}
    books_are_right()


@pytest.mark.slow
@pytest.mark.postgres
def test_a_thousand_from_one_balance_by_several_processes(committed_db: CommittedDatabase) -> None:
    fund(321 * 600 + 17)

    crowd = [
        redeeming.start(committed_db.url, first, first + 125, 600) for first in range(0, 1000, 125)
    ]
    told: Counter[str] = Counter()
    for process in crowd:
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        told.update(json.loads(out))

    assert told == {"201": 321, "422": 679}
    assert balances() == {"available": 17, "redeeming": 321 * 600}
    assert (Redemption.objects.count(), RedemptionStep.objects.count(), groups()) == (321, 321, 321)
    assert deadlock_count() == 0
    books_are_right()


@pytest.mark.slow
@pytest.mark.postgres
def test_killed_outright_and_asked_again_nothing_is_lost_or_doubled(
    committed_db: CommittedDatabase,
) -> None:
    fund(1000 * 600)
    process = redeeming.start(committed_db.url, 0, 1000, 600)
    while process.poll() is None and Redemption.objects.count() < 20:
        pass
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = set(RedemptionKey.objects.values_list("key", flat=True))
    assert 20 <= len(done) < 1000

    for number in range(len(done) + 20):
        assert asked_until_answered(f"key-{number}", 600)[0] == 201

    assert done <= set(RedemptionKey.objects.values_list("key", flat=True))
    count = RedemptionKey.objects.count()
    assert (Redemption.objects.count(), groups()) == (count, count)
    assert balances() == {"available": (1000 - count) * 600, "redeeming": count * 600}
    books_are_right()
