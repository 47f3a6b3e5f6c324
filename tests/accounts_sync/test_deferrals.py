"""The class of a reason is read from its sentence: these are the sentences as they are made."""

from __future__ import annotations

from typing import Any

import pytest

from accounts_sync.deferrals import DeferralKind, kind_of
from accounts_sync.inbox.models import WebhookEvent
from tests.accounts_sync.inbox.deliveries import deliver, only_event, wire_event
from tests.factories import observe, tell, tell_each
from transactions.told import OutcomeKind

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ({}, {"publisher_customer_id": "u-other"}, DeferralKind.CHANGE),
        ({}, {"merchant_id": "org-other"}, DeferralKind.CHANGE),
        ({}, {"category": "app-install"}, DeferralKind.CHANGE),
        (
            {},
            {"merchant_id": "org-other", "publisher_customer_id": "u-other"},
            DeferralKind.CHANGE,
        ),
        ({}, {"merchant_id": "org-other", "is_test": True}, DeferralKind.MODE),
        ({}, {"is_test": True}, DeferralKind.MODE),
        ({"status": "validated"}, {"status": "declined"}, DeferralKind.FINAL),
        ({"status": "validated"}, {"status": "pending"}, DeferralKind.FINAL),
        ({"status": "validated"}, {"status": "validated", "amount_minor": 9}, DeferralKind.FINAL),
        (
            {"status": "validated"},
            {"tx_id": "tx-2", "status": "validated", "amount_minor": 9},
            DeferralKind.FINAL,
        ),
        (
            {"status": "validated"},
            {
                "tx_id": "tx-2",
                "status": "validated",
                "amount_minor": 9,
                "publisher_customer_id": "u-other",
            },
            DeferralKind.FINAL,
        ),
        ({}, {"account_id": "acc-other"}, DeferralKind.MISPLACED),
        ({}, {"button_order_id": "btnorder-9"}, DeferralKind.MISPLACED),
        ({}, {"currency": "GBP"}, DeferralKind.CURRENCY),
        ({}, {"currency": "XYZ"}, DeferralKind.UNKNOWN),
        ({}, {"category": "gift"}, DeferralKind.UNKNOWN),
        ({}, {"amount_minor": 10**15 + 1}, DeferralKind.BOOKS),
    ],
)
def test_what_the_money_core_says(
    first: dict[str, Any], second: dict[str, Any], kind: DeferralKind
) -> None:
    tell(observe(button_order_id="btnorder-1", **first))

    fields: dict[str, Any] = {"button_order_id": "btnorder-1", "minutes": 5} | second
    [outcome] = tell(observe(**fields))

    assert outcome.kind is OutcomeKind.DEFERRED
    assert kind_of(outcome.reason) is kind, outcome.reason
    assert kind.what_to_do


def test_an_order_told_later_that_is_another() -> None:
    *_, outcome = tell_each(
        observe("tx-1", button_order_id=None),
        observe("tx-2", button_order_id="btnorder-1"),
        observe("tx-1", button_order_id="btnorder-1", minutes=5),
    )

    assert kind_of(outcome.reason) is DeferralKind.MISPLACED


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"currency": None}, DeferralKind.UNREADABLE),
        ({"amount": "12"}, DeferralKind.UNREADABLE),
        ({"modified_date": "yesterday"}, DeferralKind.UNREADABLE),
    ],
)
def test_what_the_inbox_says(changes: dict[str, Any], kind: DeferralKind) -> None:
    deliver(wire_event(**changes))

    assert kind_of(only_event().reason) is kind


def test_an_event_type_that_nobody_knows_and_one_that_contradicts_itself() -> None:
    event = wire_event()
    deliver(event | {"event_type": "tx-lost"})
    assert kind_of(only_event().reason) is DeferralKind.UNKNOWN

    deliver(event | {"id": "hook-2", "event_type": "tx-declined"})
    later = WebhookEvent.objects.get(hook_id="hook-2")
    assert kind_of(later.reason) is DeferralKind.UNREADABLE


@pytest.mark.parametrize(
    "reason", ["internal error: KeyError", "other writers were faster, again and again"]
)
def test_a_fault_of_ours(reason: str) -> None:
    assert kind_of(reason) is DeferralKind.FAULT


def test_nothing_said_is_nothing_to_accept() -> None:
    assert kind_of("") is DeferralKind.UNREADABLE
