"""A batch sent to PayPal: accepted, told of item by item, money where the provider says it is."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from rewards_site.button.sandbox.payouts_faults import PayoutFault
from rewards_site.button.sandbox.running import Sandbox
from rewards_site.kernel import clock
from tests.factories import balances
from tests.spending import differences
from tests.transactions.payouts.paying import (
    attended,
    collected,
    given,
    later,
    owed,
    paid_by,
    states,
)
from transactions.payouts.exchange import attend
from transactions.payouts.models import PayoutBatch, PayoutItem, ProviderAnswer

pytestmark = pytest.mark.django_db

ONCE = ("7.00", "0", 1)
SENT, UNKNOWN = ("sent", "approved"), ("unknown", "approved")
PAID, FAILED, RETURNED = ("paid", "paid"), ("failed", "failed"), ("returned", "failed")


def status(batch: PayoutBatch) -> str:
    return PayoutBatch.objects.get(pk=batch.pk).status


def test_what_is_sent_is_paid_once_and_the_books_say_so(sandbox: Sandbox) -> None:
    for name in ("ann", "bob"):
        owed(name)
    batch = given(collected())

    assert attended(batch) == "accepted"
    assert (status(batch), states(batch)) == ("sent", {"u-ann": SENT, "u-bob": SENT})
    assert attended(batch) == "accepted"

    assert (status(batch), states(batch)) == ("settled", {"u-ann": PAID, "u-bob": PAID})
    assert paid_by(sandbox) == {"u-ann": ONCE, "u-bob": ONCE}
    assert balances("u-ann") == {"paid_out": 700}
    assert sandbox.payouts.calls == ["token", "send", "ask"]
    assert differences() == []


def test_each_word_of_the_provider_moves_what_it_says_and_nothing_else(sandbox: Sandbox) -> None:
    for name in ("ann", "failed-f", "blocked-b", "unclaimed-u", "onhold-o", "pending-p"):
        owed(name)
    batch = given(collected())
    attended(batch)
    attended(batch)

    assert status(batch) == "sent"
    assert states(batch) == {
        "u-ann": PAID,
        "u-failed-f": FAILED,
        "u-blocked-b": FAILED,
        "u-unclaimed-u": SENT,
        "u-onhold-o": SENT,
        "u-pending-p": SENT,
    }
    assert balances("u-failed-f") == {"available": 700}
    assert balances("u-unclaimed-u") == {"redeeming": 700}
    words = dict(PayoutItem.objects.values_list("redemption__member__customer_id", "word"))
    assert words["u-unclaimed-u"] == "UNCLAIMED"
    assert differences() == []


def test_what_comes_back_after_days_returns_to_the_member(sandbox: Sandbox) -> None:
    for name in ("reversed-r", "refunded-r", "returned-r"):
        owed(name)
    batch = given(collected())
    attended(batch)
    attended(batch)
    assert states(batch) == {
        "u-reversed-r": PAID,
        "u-refunded-r": PAID,
        "u-returned-r": SENT,
    }

    sandbox.advance(timedelta(days=30))
    attended(batch)

    assert set(states(batch).values()) == {RETURNED}
    assert status(batch) == "settled"
    assert balances("u-reversed-r") == {"available": 700}
    assert paid_by(sandbox) == {
        "u-reversed-r": ("7.00", "7.00", 1),
        "u-refunded-r": ("7.00", "7.00", 1),
        "u-returned-r": ("0", "0", 0),
    }
    assert differences() == []


LOST_AFTER = [
    PayoutFault.DROP_AFTER,
    PayoutFault.ERROR_AFTER,
    PayoutFault.GARBLED_AFTER,
    PayoutFault.DROP_BEFORE,
    PayoutFault.ERROR_BEFORE,
]


@pytest.mark.parametrize("fault", LOST_AFTER)
def test_a_lost_answer_is_asked_for_and_nobody_is_paid_twice(
    sandbox: Sandbox, fault: PayoutFault
) -> None:
    owed("ann")
    batch = given(collected())
    sandbox.payouts.faults.add(fault)

    assert attended(batch) == "unknown"
    assert (status(batch), states(batch)) == ("sending", {"u-ann": UNKNOWN})
    assert balances("u-ann") == {"redeeming": 700}
    assert attended(batch) == "too early to ask"

    later(batch)
    for _ in range(2):
        assert attended(batch) == "accepted"

    assert (status(batch), states(batch)) == ("settled", {"u-ann": PAID})
    assert paid_by(sandbox) == {"u-ann": ONCE}
    assert len(sandbox.payouts.bank.batches) == 1
    assert differences() == []


def test_a_batch_that_the_provider_may_have_forgotten_is_never_sent_again(
    sandbox: Sandbox,
) -> None:
    owed("ann")
    batch = given(collected())
    sandbox.payouts.faults.add(PayoutFault.DROP_AFTER)
    attended(batch)

    later(batch, timedelta(days=28))
    sandbox.advance(timedelta(days=31))

    assert attended(batch) == "too late to ask: people decide"
    assert (status(batch), states(batch)) == ("sending", {"u-ann": UNKNOWN})
    assert sandbox.payouts.calls == ["token", "send"]
    assert paid_by(sandbox) == {"u-ann": ONCE}
    assert PayoutBatch.objects.get().next_ask_at is None


def test_a_no_to_the_second_question_is_no_answer_to_the_first(sandbox: Sandbox) -> None:
    owed("ann")
    batch = given(collected())
    sandbox.payouts.faults.add(PayoutFault.DROP_AFTER)
    attended(batch)
    later(batch)
    sandbox.payouts.faults.add(PayoutFault.REFUSED)

    assert attended(batch) == "refused"

    assert (status(batch), states(batch)) == ("sending", {"u-ann": UNKNOWN})
    later(batch)
    attended(batch)
    assert states(batch) == {"u-ann": PAID}
    assert paid_by(sandbox) == {"u-ann": ONCE}


def test_a_batch_refused_at_once_is_closed_again_and_can_be_sent_again(sandbox: Sandbox) -> None:
    owed("ann")
    batch = given(collected())
    sandbox.payouts.faults.add(PayoutFault.REFUSED)

    assert attended(batch) == "refused"

    row = PayoutBatch.objects.get()
    assert (row.status, states(batch)) == ("closed", {"u-ann": ("waiting", "approved")})
    assert row.last_answer == (
        "PayPal refuses it: INSUFFICIENT_FUNDS Sender does not have sufficient funds.."
    )


@pytest.mark.parametrize("on", ["token", "send"])
def test_what_was_turned_away_at_the_door_was_not_sent(sandbox: Sandbox, on: str) -> None:
    owed("ann")
    batch = given(collected())
    sandbox.payouts.faults.add(PayoutFault.TOO_MANY, on=on)

    assert attended(batch) == "untouched"

    row = PayoutBatch.objects.get()
    assert (row.status, row.unsure_since, row.first_sent_at) == ("sending", None, None)
    assert attended(batch) == "accepted"
    assert len(sandbox.payouts.bank.batches) == 1


def test_a_token_that_ran_out_is_renewed_and_the_batch_sent_once(sandbox: Sandbox) -> None:
    owed("ann")
    batch = given(collected())
    attended(batch)
    sandbox.payouts.faults.add(PayoutFault.TOKEN_EXPIRED, on="ask")

    assert attended(batch) == "accepted"
    assert sandbox.payouts.calls == ["token", "send", "ask", "token", "ask"]
    assert states(batch) == {"u-ann": PAID}


def test_a_provider_that_cannot_be_reached_got_nothing(
    settings: Settings, sandbox: Sandbox
) -> None:
    owed("ann")
    batch = given(collected())
    settings.PAYPAL_API_URL = "http://127.0.0.1:9"

    assert attended(batch) == "untouched"

    row = PayoutBatch.objects.get()
    assert (row.status, row.unsure_since) == ("sending", None)
    assert row.last_answer == ("Nothing was sent: the log-in failed, no connection could be made.")


def test_words_of_an_unknown_kind_and_other_amounts_wait_for_a_person(sandbox: Sandbox) -> None:
    owed("ann")
    owed("bob")
    batch = given(collected())
    attended(batch)
    items = {item.redemption.member.customer_id: item for item in PayoutItem.objects.all()}
    sandbox.payouts.bank.items_of(str(items["u-ann"].public_id))[0].told_status = "SHIPPED"
    sandbox.payouts.bank.items_of(str(items["u-bob"].public_id))[0].amount *= 2

    attended(batch)

    assert states(batch) == {"u-ann": UNKNOWN, "u-bob": UNKNOWN}
    problems = dict(PayoutItem.objects.values_list("redemption__member__customer_id", "problem"))
    assert problems == {
        "u-ann": "«SHIPPED» is a word of the provider's not known here.",
        "u-bob": "It tells of another amount than 7.00 USD.",
    }
    assert status(batch) == "sent"


def test_evidence_names_nobody(sandbox: Sandbox) -> None:
    owed("failed-f")
    batch = given(collected())
    attended(batch)
    attended(batch)

    kept = " ".join(ProviderAnswer.objects.values_list("evidence", flat=True))
    assert "RECEIVER_ACCOUNT_LOCKED" in kept
    assert '"receiver":"[destination]"' in kept
    assert "@" not in kept


def test_an_answer_costs_the_same_for_two_payments_and_for_twelve(sandbox: Sandbox) -> None:
    counts = []
    for size in (1, 2, 12):  # the first one fills what is kept in memory
        for number in range(size):
            owed(f"{'failed-' * (number % 2)}m{size}-{number}")
        batch = given(collected())
        attended(batch)
        with CaptureQueriesContext(connection) as queries:
            attended(batch)
        assert status(batch) == "settled"
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_the_command_says_what_came_of_each_batch(sandbox: Sandbox) -> None:
    owed("ann")
    batch = given(collected())
    out = StringIO()

    for _ in range(2):
        call_command("sync_payouts", stdout=out)

    assert out.getvalue().splitlines() == [
        f"{batch.public_id}: accepted; it is sent",
        "1 batches under way, 0 failed",
        f"{batch.public_id}: accepted; it is settled",
        "1 batches under way, 0 failed",
    ]


def test_who_slept_over_the_claim_sends_nothing(sandbox: Sandbox) -> None:
    owed("ann")
    batch = given(collected())

    assert attend(batch.pk, at=clock.now() - timedelta(minutes=6)) == "claimed too long ago"

    assert sandbox.payouts.calls == []
    assert status(batch) == "sending"
