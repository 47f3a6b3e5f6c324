"""manage.py replay_webhooks"""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.accounts_sync.inbox.deliveries import deliver, status_of, wire_event
from tests.factories import ACCOUNT, NOON, balances
from transactions.models import ButtonAccount


def replay_webhooks(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_webhooks", *arguments, stdout=out)
    return out.getvalue()


def mended_after(*events: dict[str, object]) -> None:
    """Deliver events of an account whose currency is wrong, and then put it right."""
    ButtonAccount.objects.create(account_id=ACCOUNT, currency="GBP", first_seen_at=NOON)
    for event in events:
        deliver(event)
    ButtonAccount.objects.update(currency="USD")


def test_with_nothing_to_do_it_says_so(db: None) -> None:
    assert replay_webhooks() == (
        "Tried 0 events: 0 applied, 0 ignored, 0 deferred again. 0 events still deferred.\n"
    )


def test_all_are_tried_and_the_summary_says_what_is_left(db: None) -> None:
    mended_after(
        wire_event("hook-1", tx_id="tx-1"),
        wire_event("hook-2", tx_id="tx-1"),
        wire_event("hook-3", tx_id="tx-3", category="gift-card"),
    )

    said = replay_webhooks()

    assert said == (
        "Tried 3 events: 1 applied, 1 ignored, 1 deferred again. 1 event still deferred.\n"
    )
    assert balances() == {"pending": 500}


def test_one_by_its_id(db: None) -> None:
    mended_after(wire_event("hook-1", tx_id="tx-1"), wire_event("hook-2", tx_id="tx-2"))

    assert replay_webhooks("--id", "hook-2") == "hook-2 is now processed.\n"
    assert (status_of("hook-1"), status_of("hook-2")) == ("deferred", "processed")


def test_one_that_is_processed_already_is_left_alone(db: None) -> None:
    deliver(wire_event())

    said = replay_webhooks("--id", "hook-1")

    assert said == "hook-1 is not deferred but processed: nothing to do.\n"


def test_one_that_stays_deferred_is_exit_1_with_the_reason(db: None) -> None:
    deliver(wire_event(currency=None))

    with pytest.raises(CommandError) as refusal:
        replay_webhooks("--id", "hook-1")

    assert str(refusal.value) == "hook-1 is still deferred: `currency` is missing"
    assert refusal.value.returncode == 1


def test_an_unknown_id_is_exit_1(db: None) -> None:
    with pytest.raises(CommandError) as refusal:
        replay_webhooks("--id", "hook-9")

    assert str(refusal.value) == "No webhook event has the id hook-9."
    assert refusal.value.returncode == 1
