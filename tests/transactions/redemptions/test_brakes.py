"""The money of a frozen order goes nowhere, not even what was asked for before the freeze."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from tests.factories import balances
from tests.members.calling import problem_of, read
from tests.transactions.redemptions.asking import approved, ask, body, fund, requested, staff
from transactions.freezes.models import Freeze
from transactions.freezes.services import freeze_order, lift
from transactions.models import Transaction
from transactions.redemptions.brakes import uncovered
from transactions.redemptions.evidence import evidence_of
from transactions.redemptions.models import Redemption

pytestmark = pytest.mark.django_db

HELD_USD_25 = "money of a frozen order: 25.00 USD of what the member has is on hold"


def freeze_first_order() -> Freeze:
    order = Transaction.objects.earliest("pk")
    return freeze_order(
        transaction_id=order.pk, until=None, actor=staff(), reason="Stolen card", at=clock.now()
    )


def test_what_was_asked_for_before_the_freeze_of_its_order_is_not_approved() -> None:
    fund(2500)
    fund(100)
    row = requested(2500)
    freeze = freeze_first_order()

    with pytest.raises(Conflict, match=f"It would take {HELD_USD_25}."):
        approved(row)
    assert evidence_of([row], at=clock.now())[row.pk].against == (HELD_USD_25,)
    assert balances() == {"available": 100, "redeeming": 2500}

    lift(freeze_id=freeze.pk, actor=staff(), reason="Explained", at=clock.now())
    assert approved(row).status == "approved"


def test_a_new_one_is_told_that_some_is_on_hold_and_what_the_balance_says() -> None:
    fund(2500)
    fund(600)
    freeze_first_order()
    assert read("balances/")["results"][0]["available"] == 3100

    on_hold = problem_of(ask(body(700)), status=422)
    too_much = problem_of(ask(body(3101)), status=422)

    assert (on_hold["type"], on_hold["detail"]) == (
        "/problems/redemptions-paused",
        "Some of your balance is on hold. Please ask our support.",
    )
    assert too_much["detail"] == "No more than 31.00 USD is available."
    assert balances() == {"available": 3100}
    assert ask(body(600)).status_code == 201


def test_what_is_not_frozen_goes_to_the_approved_and_then_to_the_oldest() -> None:
    fund(2500)
    fund(1500)
    fund(4000, customer_id="u-other")
    rows = [requested(1000) for _ in range(4)] + [requested(4000, customer_id="u-other")]
    approved(rows[3])
    freeze_first_order()

    first, second, third, fourth, strangers = Redemption.objects.order_by("pk")
    at = clock.now()
    assert uncovered([first, second, third, fourth, strangers], at=at) == {
        second.pk: HELD_USD_25,
        third.pk: HELD_USD_25,
        first.pk: HELD_USD_25,
    }, "15.00 are free, of which the approved one takes 10.00"
    assert uncovered([first], at=at) == {first.pk: HELD_USD_25}

    fund(500)
    assert uncovered([third, first], at=at) == {third.pk: HELD_USD_25}
    assert approved(first).status == "approved"


def test_it_asks_as_often_for_many_as_for_one_and_once_while_nothing_is_frozen() -> None:
    fund(2500)
    rows = [requested(500) for _ in range(5)]
    at = clock.now()
    with CaptureQueriesContext(
        connection,
    ) as none:
        assert uncovered(rows, at=at) == {}
    freeze_first_order()
    counts = []
    for asked in (rows[:1], rows):
        with CaptureQueriesContext(connection) as some:
            assert len(uncovered(asked, at=at + timedelta(minutes=1))) == len(asked)
        counts.append(len(some))
    assert (len(none), counts) == (1, [counts[0]] * 2)
