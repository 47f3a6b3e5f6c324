"""An order is frozen after its money was asked for and approved: no batch pays it."""

from __future__ import annotations

import pytest

from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from tests.spending import differences
from tests.transactions.payouts.paying import (
    cancelled,
    closed,
    collected,
    exported,
    owed,
    sent,
    staff,
    states,
)
from tests.transactions.redemptions.asking import fund
from transactions.freezes.services import freeze_order, lift
from transactions.models import Transaction
from transactions.payouts.models import BatchStep, PayoutBatch
from transactions.redemptions.methods import MANUAL

pytestmark = pytest.mark.django_db

SINCE = "1 of its payments are of money of orders that were frozen since: cancel it and collect"


def order_frozen(name: str) -> int:
    order = Transaction.objects.filter(member__customer_id=f"u-{name}").order_by("pk")[0]
    made = freeze_order(
        transaction_id=order.pk,
        until=None,
        actor=staff("olga"),
        reason="a merchant asks",
        at=clock.now(),
    )
    return made.pk


def two_owed() -> PayoutBatch:
    for name in ("ann", "bob"):
        owed(name, method=MANUAL)
    return closed(collected(MANUAL, "manual-file"))


def test_what_a_frozen_order_earned_is_left_out_and_told() -> None:
    for name in ("ann", "bob"):
        owed(name, method=MANUAL)
    freeze = order_frozen("bob")

    first = collected(MANUAL, "manual-file")

    assert states(first) == {"u-ann": ("waiting", "approved")}
    assert BatchStep.objects.get(verb="made").facts["skipped"] == {
        "an order that earned the money is frozen": 1
    }
    with pytest.raises(Conflict, match="Left out: 1: an order that earned the money is frozen"):
        collected(MANUAL, "manual-file")
    lift(freeze_id=freeze, actor=staff("olga"), reason="it was fine", at=clock.now())
    assert states(collected(MANUAL, "manual-file")) == {"u-bob": ("waiting", "approved")}


def test_what_else_the_member_has_pays_it() -> None:
    owed("ann", method=MANUAL)
    fund(700, customer_id="u-ann")
    order_frozen("ann")

    assert states(collected(MANUAL, "manual-file")) == {"u-ann": ("waiting", "approved")}


def test_a_batch_is_not_sent_with_money_of_an_order_frozen_since() -> None:
    batch = two_owed()
    order_frozen("bob")

    with pytest.raises(Conflict, match=SINCE):
        sent(batch)

    cancelled(batch)
    second = closed(collected(MANUAL, "manual-file"))
    sent(second)
    assert states(second) == {"u-ann": ("sent", "approved")}
    assert differences() == []


def test_nor_does_its_file_leave() -> None:
    batch = two_owed()
    sent(batch)
    order_frozen("bob")

    with pytest.raises(Conflict, match=SINCE):
        exported(batch)

    assert not BatchStep.objects.filter(verb="exported").exists()
    cancelled(batch)
    assert PayoutBatch.objects.get().status == "cancelled"
