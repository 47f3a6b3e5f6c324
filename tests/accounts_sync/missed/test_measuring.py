"""What the sync found and no webhook told: counted once, and judged again when it comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts_sync.missed.models import FoundChange, Measuring
from accounts_sync.missed.queries import Day, day_of
from tests.accounts_sync.missed.telling import (
    DUE,
    by_sync,
    by_webhook,
    look,
    verdicts,
    webhooks_have_begun,
)
from tests.accounts_sync.world import World

pytestmark = pytest.mark.usefixtures("account")


def today() -> Day:
    return day_of(datetime.now(tz=UTC))


def counts() -> tuple[int, int, int]:
    """Told by webhooks, late, lost."""
    day = today()
    return day.webhook_count, day.late_count, day.lost_count


def test_what_only_the_sync_told_is_lost(world: World) -> None:
    webhooks_have_begun()
    by_webhook(1)
    by_webhook(2)
    by_sync(world, 1, 2, 3)

    measured = look()

    assert verdicts() == {"tx-3": "lost"}
    assert (measured.found, counts()) == (1, (2, 0, 1))
    assert today().lost_percent == 33.33


def test_a_webhook_that_comes_within_the_grace_is_late(world: World) -> None:
    webhooks_have_begun()
    by_sync(world, 1, 2)
    by_webhook(1)

    look()

    assert verdicts() == {"tx-1": "late", "tx-2": "lost"}
    assert counts() == (0, 1, 1)


def test_within_the_grace_nothing_is_judged(world: World) -> None:
    webhooks_have_begun()
    by_sync(world, 1)

    look(minutes=10)

    assert (verdicts(), counts()) == ({}, (0, 0, 0))


def test_one_that_comes_after_it_was_taken_for_lost_is_judged_again(world: World) -> None:
    webhooks_have_begun()
    by_sync(world, 1, 2)
    look()
    assert counts() == (0, 0, 2)

    by_webhook(2)
    measured = look()

    assert verdicts() == {"tx-1": "lost", "tx-2": "late"}
    assert (measured.mended, counts()) == (1, (0, 1, 1))
    assert FoundChange.objects.get(tx_id="tx-2").told_at is not None


def test_another_webhook_of_the_same_transaction_mends_nothing(world: World) -> None:
    webhooks_have_begun()
    by_sync(world, 1)
    look()

    by_webhook(1, seconds=30, status="validated")
    look()

    assert verdicts() == {"tx-1": "lost"}
    assert counts() == (1, 0, 1)  # the validation was told by its webhook


def test_each_change_of_a_transaction_counts_by_itself(world: World) -> None:
    webhooks_have_begun()
    by_webhook(1)
    by_sync(world, 1, seconds=30, status="validated")

    look()

    [found] = FoundChange.objects.all()
    assert (found.status, found.modified_at, counts()) == (
        "validated",
        DUE + timedelta(seconds=30),
        (1, 0, 1),
    )


def test_a_row_with_another_date_alone_is_no_change(world: World) -> None:
    webhooks_have_begun()
    by_webhook(1)
    by_sync(world, 1, seconds=30)

    look()

    assert (verdicts(), counts()) == ({}, (1, 0, 0))


def test_to_look_twice_counts_once(world: World) -> None:
    webhooks_have_begun()
    by_webhook(1)
    by_sync(world, 1, 2)
    look()

    assert look().found == 0
    assert counts() == (1, 0, 1)


@pytest.mark.parametrize("before", ["webhooks", "secrets", "go-live"])
def test_history_is_no_loss(world: World, settings: Settings, before: str) -> None:
    if before == "secrets":
        settings.BUTTON_WEBHOOK_SECRETS = []
    elif before == "go-live":
        webhooks_have_begun()
        settings.GO_LIVE_AT = DUE + timedelta(minutes=1)
    by_sync(world, 1, 2)

    look()

    assert (verdicts(), counts()) == ({}, (0, 0, 0))


def test_installs_are_no_loss(world: World) -> None:
    webhooks_have_begun()
    by_sync(world, 1, category="app-install")

    look()

    assert counts() == (0, 0, 0)


def test_a_webhook_that_could_not_be_applied_has_told_it(world: World) -> None:
    webhooks_have_begun()
    by_webhook(1, amount="ten dollars")  # deferred
    by_sync(world, 1, 2)

    look()

    assert verdicts() == {"tx-2": "lost"}
    assert counts() == (1, 0, 1)


def test_batches_end_in_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    webhooks_have_begun()
    for number in range(1, 4):
        by_webhook(number)
    by_sync(world, *range(1, 8))
    monkeypatch.setattr("accounts_sync.missed.measuring.BATCH", 2)

    look()

    assert counts() == (3, 0, 4)
    assert Measuring.objects.get().measured_at is not None


def test_the_statements_do_not_grow_with_the_changes(world: World) -> None:
    webhooks_have_begun()
    by_sync(world, *range(1, 3))
    with CaptureQueriesContext(connection) as few:
        look()
    by_sync(world, *range(3, 60))

    with CaptureQueriesContext(connection) as many:
        look()

    assert counts() == (0, 0, 59)
    assert len(many) <= len(few)
