"""Staff look beforehand, keep ours, reject, and open again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from accounts_sync.decisions import accept, keep_ours, preview_decision, reject, reopen
from accounts_sync.inbox.models import DeferredDecision, WebhookEvent
from accounts_sync.inbox.replay import replay_deferred
from rewards_site.kernel.errors import Conflict
from tests.accounts_sync.decisions.words import BRAND, OTHER, event, last_revision, told
from tests.accounts_sync.inbox.deliveries import status_of
from tests.factories import MEMBER, NOON, balances
from tests.spending import spend
from transactions.ledger.models import Entry
from transactions.models import Transaction
from transactions.told import Ruling

pytestmark = pytest.mark.django_db


def test_the_preview_tells_before_and_after_and_changes_nothing(ops: User) -> None:
    told("hook-1", status="validated")
    told("hook-2", minutes=5, status="validated", publisher_customer_id=OTHER)
    spend(MEMBER, 380)
    before = Entry.objects.count()

    effect = preview_decision(event("hook-2"), ruling=Ruling.ACCEPTED, actor=ops, at=NOON)

    assert effect.before is not None
    assert effect.after is not None
    assert effect.is_taken_away
    assert (effect.before.reward_minor, effect.after.reward_minor) == (500, 500)
    assert effect.unrecovered_minor == 380
    lines = sorted((line.kind, line.debit_minor, line.credit_minor) for line in effect.lines)
    assert lines == [("available", 0, 500), ("available", 120, 0), ("margin_earned", 380, 0)]
    assert Entry.objects.count() == before
    assert status_of("hook-2") == "deferred"


def test_keeping_ours_takes_the_rest_of_what_was_said(ops: User) -> None:
    told("hook-1")
    told(
        "hook-2",
        minutes=5,
        status="validated",
        amount=600,
        publisher_customer_id=OTHER,
        commerce_organization=BRAND,
    )

    keep_ours(event("hook-2"), actor=ops, reason="ours is right", at=NOON)

    order = Transaction.objects.get()
    assert balances(MEMBER) == {"available": 300}
    assert balances(OTHER) == {}
    assert order.merchant_id != BRAND
    assert last_revision().kind == "kept"


def test_names_that_were_overruled_do_not_ask_again(ops: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id=OTHER)
    keep_ours(event("hook-2"), actor=ops, reason="ours is right", at=NOON)

    again = told("hook-3", minutes=9, publisher_customer_id=OTHER, amount=600)
    third = told("hook-4", minutes=10, publisher_customer_id="u-third", amount=600)

    assert again == (200, {"status": "processed"})
    assert third[0] == 202
    assert balances(MEMBER) == {"pending": 300}


def test_what_is_rejected_is_not_booked_and_its_evidence_stays(ops: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id=OTHER)
    body = bytes(WebhookEvent.objects.get(hook_id="hook-2").body)

    reject(event("hook-2"), actor=ops, reason="not theirs", at=NOON)

    assert status_of("hook-2") == "rejected"
    assert bytes(WebhookEvent.objects.get(hook_id="hook-2").body) == body
    decision = DeferredDecision.objects.get()
    assert (decision.verdict, decision.actor, decision.reason) == (
        "rejected",
        ops,
        "not theirs",
    )
    assert replay_deferred(at=NOON + timedelta(days=999)).ids == []
    assert told("hook-2", minutes=5, publisher_customer_id=OTHER) == (
        200,
        {"status": "duplicate"},
    )
    with pytest.raises(Conflict, match="was rejected"):
        accept(event("hook-2"), actor=ops, reason="after all", at=NOON)


def test_what_was_rejected_by_mistake_is_opened_again(ops: User) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id=OTHER)
    reject(event("hook-2"), actor=ops, reason="oops", at=NOON)

    reopen(event("hook-2"), actor=ops, reason="my mistake", at=NOON)
    accept(event("hook-2"), actor=ops, reason="it is theirs", at=NOON)

    assert balances(OTHER) == {"pending": 500}
    verdicts = DeferredDecision.objects.order_by("pk").values_list("verdict", flat=True)
    assert list(verdicts) == ["rejected", "reopened", "accepted"]


def test_what_staff_did_not_reject_is_not_opened(ops: User) -> None:
    told("hook-1")

    with pytest.raises(Conflict):
        reopen(event("hook-1"), actor=ops, reason="why not", at=NOON)
