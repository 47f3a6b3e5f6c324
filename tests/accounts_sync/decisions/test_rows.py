"""What the API's rows told is decided as what webhooks told is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from accounts_sync.accounts import sync_accounts
from accounts_sync.decisions import accept, keep_ours, reject, reopen
from accounts_sync.deferred import replay_rows
from accounts_sync.models import DeferredRow, DeferredStatus
from accounts_sync.pull import pull_transactions
from tests.accounts_sync.decisions.words import OTHER, event, last_revision, row, told
from tests.accounts_sync.world import World, client, wire_row
from tests.factories import ACCOUNT, MEMBER, NOON, balances
from transactions.models import TransactionRevision

pytestmark = pytest.mark.django_db


@pytest.fixture
def pulled(world: World) -> World:
    world.has(wire_row("tx-1"))
    sync_accounts(client=client(), at=NOON)
    pull(NOON)
    world.rows[ACCOUNT] = [wire_row("tx-1", minutes=1, publisher_customer_id=OTHER)]
    pull(NOON + timedelta(minutes=5))
    return world


def pull(at: datetime) -> Any:
    return pull_transactions(account_id=ACCOUNT, client=client(), at=at)


def test_a_row_is_accepted_as_an_event_is(pulled: World, ops: User) -> None:
    assert (balances(MEMBER), DeferredRow.objects.get().reason) == (
        {"pending": 500},
        "the member changed",
    )

    accept(row(), actor=ops, reason="case 7", at=NOON)

    assert (balances(MEMBER), balances(OTHER)) == ({}, {"pending": 500})
    assert DeferredRow.objects.get().status == DeferredStatus.SETTLED
    assert last_revision().source == "sync"
    assert last_revision().raw_row != ""


def test_a_rejected_row_that_button_shows_again_makes_no_noise(pulled: World, ops: User) -> None:
    reject(row(), actor=ops, reason="not theirs", at=NOON)

    report = pull(NOON + timedelta(minutes=10))
    replayed = replay_rows(at=NOON + timedelta(days=9), due_only=False)

    assert (report.applied_count, report.deferred_count) == (0, 0)
    assert replayed.tried_count == 0
    kept = DeferredRow.objects.get()
    assert (kept.status, kept.seen_count) == (DeferredStatus.SETTLED, 1)
    assert balances(MEMBER) == {"pending": 500}


def test_a_rejected_row_is_not_booked_when_it_could_be(pulled: World, ops: User) -> None:
    reject(row(), actor=ops, reason="not theirs", at=NOON)
    told("hook-1", minutes=2, publisher_customer_id=OTHER)
    accept(event("hook-1"), actor=ops, reason="now it is", at=NOON)
    revisions = TransactionRevision.objects.count()

    pull(NOON + timedelta(minutes=10))

    assert TransactionRevision.objects.count() == revisions


def test_a_newer_row_is_judged_anew(pulled: World, ops: User) -> None:
    reject(row(), actor=ops, reason="not theirs", at=NOON)
    pulled.rows[ACCOUNT] = [wire_row("tx-1", minutes=6, amount=600)]

    pull(NOON + timedelta(minutes=10))

    assert balances(MEMBER) == {"pending": 300}


def test_a_row_opened_again_waits_and_is_tried(pulled: World, ops: User) -> None:
    reject(row(), actor=ops, reason="oops", at=NOON)

    reopen(row(), actor=ops, reason="my mistake", at=NOON)

    assert replay_rows(at=NOON, due_only=True).tried_count == 1


@pytest.mark.parametrize(
    "change",
    [
        {"category": "existing-user-order"},
        {"publisher_customer_id": OTHER},
        {"commerce_organization": "org-other"},
    ],
    ids=["category", "member", "brand"],
)
def test_what_was_kept_is_not_asked_again_by_the_same_row_nor_by_later_ones(
    world: World, ops: User, change: dict[str, Any]
) -> None:
    world.has(wire_row("tx-1"))
    sync_accounts(client=client(), at=NOON)
    pull(NOON)
    world.rows[ACCOUNT] = [wire_row("tx-1", minutes=1, **change)]
    pull(NOON + timedelta(minutes=5))

    keep_ours(row(), actor=ops, reason="ours is right", at=NOON)

    again = pull(NOON + timedelta(minutes=10))
    world.rows[ACCOUNT] = [wire_row("tx-1", minutes=11, amount=600, **change)]
    later = pull(NOON + timedelta(minutes=15))
    assert (again.deferred_count, later.deferred_count, later.applied_count) == (0, 0, 1)
    assert DeferredRow.objects.get().status == DeferredStatus.SETTLED
    assert balances(MEMBER) == {"pending": 300}
