from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import Error as DatabaseError
from django.db import connection
from pytest_django import Settings

from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.inbox.replay import ReplayReport, replay_deferred, replay_event
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict, NotFound
from tests.accounts_sync.inbox.deliveries import (
    database_locked,
    deliver,
    only_event,
    status_of,
    wire_event,
)
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, NOON, balances
from transactions.models import ButtonAccount, TransactionRevision
from transactions.told import OutcomeKind


@pytest.fixture
def account_in_pounds(db: None) -> ButtonAccount:
    """By mistake: Button's Accounts API has not been read yet, and its orders are in dollars."""
    return ButtonAccount.objects.create(account_id=ACCOUNT, currency="GBP", first_seen_at=NOON)


def mend(account: ButtonAccount) -> None:
    account.currency = "USD"
    account.save(update_fields=["currency"])


def counts(report: ReplayReport) -> tuple[int, int, int]:
    return (report.applied, report.ignored, report.deferred)


def test_a_deferred_event_is_applied_once_its_cause_is_gone(
    account_in_pounds: ButtonAccount,
) -> None:
    deliver(wire_event())
    assert status_of() == "deferred"
    mend(account_in_pounds)

    report = replay_deferred(at=clock.now())

    event = only_event()
    assert counts(report) == (1, 0, 0)
    assert report.ids == [event.pk]
    assert (event.status, event.reason, event.not_before) == ("processed", "", None)
    assert (event.attempt_count, event.delivery_count) == (2, 1)
    assert event.transaction is not None
    assert balances() == {"pending": 500}


def test_a_replay_books_what_was_received_when_it_was_received(
    account_in_pounds: ButtonAccount,
) -> None:
    deliver(wire_event())
    mend(account_in_pounds)

    replay_deferred(at=clock.now() + timedelta(days=3))

    revision = TransactionRevision.objects.get()
    assert revision.read_at == only_event().received_at
    assert revision.entry_group is not None
    assert revision.recorded_at == revision.entry_group.posted_at > revision.read_at


def test_what_stays_deferred_keeps_its_evidence_and_says_why(db: None) -> None:
    deliver(wire_event(currency=None))
    body = bytes(only_event().body)
    at = clock.now() + timedelta(hours=1)

    report = replay_deferred(at=at)

    event = only_event()
    assert counts(report) == (0, 0, 1)
    assert (event.status, event.reason) == ("deferred", "`currency` is missing")
    assert (event.attempt_count, event.last_attempt_at, event.not_before) == (2, at, None)
    assert bytes(event.body) == body


def test_what_became_known_meanwhile_is_ignored_with_the_reason(
    account_in_pounds: ButtonAccount,
) -> None:
    deliver(wire_event())
    mend(account_in_pounds)
    deliver(wire_event("hook-2"))

    report = replay_deferred(at=clock.now())

    assert counts(report) == (0, 1, 0)
    event = WebhookEvent.objects.get(hook_id="hook-1")
    assert (event.status, event.reason != "", event.attempt_count) == ("ignored", True, 2)
    assert balances() == {"pending": 500}


def test_test_money_stays_test_money(account_in_pounds: ButtonAccount) -> None:
    deliver(wire_event(), secret="whsec-sandbox-0001")
    mend(account_in_pounds)

    replay_deferred(at=clock.now())

    event = only_event()
    assert event.status == "processed"
    assert event.transaction is not None
    assert event.transaction.is_test
    assert balances() == {}


def test_one_event_alone_by_the_id_that_button_gave_it(account_in_pounds: ButtonAccount) -> None:
    strange = "h" * 300
    deliver(wire_event("hook-1", tx_id="tx-1"))
    deliver(wire_event(strange, tx_id="tx-2"))
    mend(account_in_pounds)

    report = replay_deferred(hook_id=strange, at=clock.now())

    assert counts(report) == (1, 0, 0)
    assert status_of("hook-1") == "deferred"


def test_retries_back_off_from_a_minute_to_a_day(account_in_pounds: ButtonAccount) -> None:
    deliver(wire_event())
    waits: list[timedelta] = []
    for _ in range(7):
        event = only_event()
        assert event.not_before is not None
        assert event.last_attempt_at is not None
        waits.append(event.not_before - event.last_attempt_at)
        just_before = event.not_before - timedelta(microseconds=1)
        assert replay_deferred(due_only=True, at=just_before).ids == []
        assert replay_deferred(due_only=True, at=event.not_before).ids == [event.pk]

    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    assert waits == [
        minute, 5 * minute, 30 * minute, 2 * hour, 6 * hour, 24 * hour, 24 * hour,
    ]  # fmt: skip


def test_what_only_a_person_can_help_is_not_tried_by_itself(db: None) -> None:
    deliver(wire_event(currency=None))

    assert only_event().not_before is None
    assert replay_deferred(due_only=True, at=far_ahead()).ids == []
    assert len(replay_deferred(at=far_ahead()).ids) == 1


def far_ahead() -> datetime:
    return clock.now() + timedelta(days=1000)


def test_a_fault_of_ours_is_applied_after_it_was_mended(db: None, settings: Settings) -> None:
    settings.REWARD_DEFAULT_SHARE_BPS = None
    deliver(wire_event())
    settings.REWARD_DEFAULT_SHARE_BPS = 5000

    report = replay_deferred(due_only=True, at=far_ahead())

    assert counts(report) == (1, 0, 0)
    assert balances() == {"pending": 500}


def test_one_that_stays_deferred_holds_up_no_other(account_in_pounds: ButtonAccount) -> None:
    for number in range(3):
        deliver(wire_event(f"hook-{number}", tx_id=f"tx-{number}"))
    deliver(wire_event("hook-3", tx_id="tx-3", status="unheard-of"))
    deliver(wire_event("hook-4", tx_id="tx-4"))
    mend(account_in_pounds)

    report = replay_deferred(at=clock.now())

    assert counts(report) == (4, 0, 1)
    assert balances() == {"pending": 2000}


def test_replays_at_once_apply_each_event_once(committed_db: CommittedDatabase) -> None:
    account = ButtonAccount.objects.create(account_id=ACCOUNT, currency="GBP", first_seen_at=NOON)
    for number in range(10):
        deliver(wire_event(f"hook-{number}", tx_id=f"tx-{number}"))
    mend(account)

    results = at_once(4, lambda _: replay_deferred(at=clock.now()))

    reports = [result for result in results if isinstance(result, ReplayReport)]
    assert len(reports) == 4
    assert sum(report.applied for report in reports) == 10
    assert sum(report.deferred + report.ignored for report in reports) == 0
    assert set(WebhookEvent.objects.values_list("attempt_count", flat=True)) == {2}
    assert balances() == {"pending": 5000}


def test_a_database_that_is_not_to_be_had_ends_it_and_changes_nothing(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(wire_event("hook-0", tx_id="tx-1"))
    for number in range(1, 6):
        contradiction = {"account_id": "acc-other", "modified_date": "2026-12-01T00:00:00Z"}
        deliver(wire_event(f"hook-{number}", tx_id="tx-1", **contradiction))
    before = list(WebhookEvent.objects.order_by("pk").values())

    with database_locked(monkeypatch):
        if connection.vendor == "postgresql":  # rows are locked there, not the database
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = on")
        with pytest.raises(DatabaseError):
            replay_deferred(at=clock.now())

    assert list(WebhookEvent.objects.order_by("pk").values()) == before


def test_staff_replay_one_event_and_its_history_says_so(
    account_in_pounds: ButtonAccount, admin_user: User
) -> None:
    deliver(wire_event())
    mend(account_in_pounds)

    outcome = replay_event(event_id=only_event().pk, actor=admin_user, at=clock.now())

    assert outcome.kind is OutcomeKind.APPLIED
    assert only_event().status == "processed"
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (admin_user, str(only_event().pk))
    assert entry.change_message == "Tried again: applied."


def test_staff_cannot_replay_what_is_not_deferred(db: None, admin_user: User) -> None:
    deliver(wire_event())

    with pytest.raises(Conflict, match="hook-1 is processed; only deferred events"):
        replay_event(event_id=only_event().pk, actor=admin_user, at=clock.now())
    with pytest.raises(NotFound):
        replay_event(event_id=10**9, actor=admin_user, at=clock.now())

    assert only_event().attempt_count == 1
    assert not LogEntry.objects.exists()
