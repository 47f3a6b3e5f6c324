"""Approve, pay, reject, fail: the money, the steps, and what a repeat does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, NotFound
from tests.factories import balances
from tests.spending import differences
from tests.transactions.redemptions.asking import approved, fund, requested, staff
from transactions.ledger.models import EntryGroup
from transactions.redemptions.models import Redemption, RedemptionStep
from transactions.redemptions.services import (
    Move,
    fail_redemptions,
    move_redemptions,
    pay_redemptions,
    reject_redemption,
)
from transactions.redemptions.states import Status

pytestmark = pytest.mark.django_db


def groups(row: Redemption) -> list[tuple[str, str]]:
    found = EntryGroup.objects.filter(cause__startswith=f"redemption/{row.pk}/").order_by("pk")
    return list(found.values_list("cause", "kind"))


def pay(row: Redemption, reference: str = "bank-1") -> str:
    done = pay_redemptions(
        references={row.pk: reference}, actor_id=staff("fin").pk, reason="Sent.", at=clock.now()
    )
    return done[row.pk].refusal


def fail(row: Redemption, reference: str = "bank-1", told: str = "") -> str:
    done = fail_redemptions(
        references={row.pk: reference},
        actor_id=staff("fin").pk,
        reason="Came back.",
        told=told,
        at=clock.now(),
    )
    return done[row.pk].refusal


def reject(row: Redemption, by: str = "ops") -> None:
    reject_redemption(
        redemption_id=row.pk, actor_id=staff(by).pk, reason="Looks odd.", at=clock.now()
    )


def test_a_worked_example_from_request_to_a_payout_that_comes_back() -> None:
    """docs/redemptions.md tells it."""
    fund(2500)

    row = requested(1000)
    assert balances() == {"available": 1500, "redeeming": 1000}
    approved(row)
    assert balances() == {"available": 1500, "redeeming": 1000}
    assert pay(row) == ""
    assert balances() == {"available": 1500, "paid_out": 1000}
    assert fail(row, told="The account is closed.") == ""
    assert balances() == {"available": 2500}

    assert groups(row) == [
        (f"redemption/{row.pk}/requested", "redemption"),
        (f"redemption/{row.pk}/paid", "redemption_paid"),
        (f"redemption/{row.pk}/failed", "redemption_returned"),
    ]
    steps = list(row.steps.order_by("number"))
    assert [step.status for step in steps] == ["requested", "approved", "paid", "failed"]
    assert [step.entry_group_id is None for step in steps] == [False, True, False, False]
    assert steps == sorted(steps, key=lambda step: step.at)
    row.refresh_from_db()
    assert (row.status, row.approved_at, row.finished_at) == ("failed", steps[1].at, steps[3].at)
    assert differences() == []


@pytest.mark.parametrize("is_approved", [False, True])
def test_rejected_the_money_is_available_again(is_approved: bool) -> None:
    fund(1000)
    row = requested(600)
    if is_approved:
        approved(row)

    reject(row)

    assert balances() == {"available": 1000}
    assert groups(row)[-1] == (f"redemption/{row.pk}/rejected", "redemption_returned")
    assert differences() == []


def test_a_payout_that_could_not_be_made_fails_and_the_money_returns() -> None:
    fund(1000)
    row = requested(600)
    approved(row)

    assert fail(row) == ""

    assert balances() == {"available": 1000}
    assert differences() == []


def test_every_step_may_run_twice() -> None:
    fund(1000)
    row = requested(600)
    for _ in range(2):
        approved(row)
    assert [pay(row), pay(row)] == ["", ""]
    assert [fail(row), fail(row)] == ["", ""]

    assert RedemptionStep.objects.count() == 4
    assert len(groups(row)) == 3
    assert balances() == {"available": 1000}


def test_paid_by_another_reference_is_no_repeat() -> None:
    fund(1000)
    row = requested(600)
    approved(row)
    pay(row)

    assert pay(row, "bank-2") == "It is paid: it cannot become paid."
    assert balances() == {"available": 400, "paid_out": 600}


def test_what_cannot_follow_is_refused_and_moves_nothing() -> None:
    fund(1000)
    row = requested(600)

    assert pay(row) == "It is requested: it cannot become paid."
    reject(row)
    with pytest.raises(Conflict, match="It is rejected: it cannot become approved"):
        approved(row)
    with pytest.raises(Conflict, match="It is rejected: it cannot become rejected"):
        reject(row, by="another")
    with pytest.raises(NotFound):
        reject(Redemption(pk=row.pk + 1000))

    assert balances() == {"available": 1000}
    assert RedemptionStep.objects.count() == 2


def test_one_that_is_refused_stops_no_other() -> None:
    fund(3000)
    good, bad = requested(600), requested(700)
    approved(good)

    done = pay_redemptions(
        references={good.pk: "a", bad.pk: "b", 10**9: "c"},
        actor_id=staff().pk,
        reason="Sent.",
        at=clock.now(),
    )

    assert {pk: moved.status for pk, moved in done.items()} == {
        good.pk: Status.PAID,
        bad.pk: Status.REQUESTED,
        10**9: None,
    }
    assert balances() == {"available": 1700, "redeeming": 700, "paid_out": 600}
    assert differences() == []


@pytest.mark.postgres
def test_many_cost_as_many_statements_as_one() -> None:
    counts = []
    for size in (1, 30):
        for number in range(size):
            fund(600, customer_id=f"u-{size}-{number}")
        rows = [requested(600, customer_id=f"u-{size}-{number}") for number in range(size)]
        actor = staff()
        with (
            CaptureQueriesContext(
                connection,
            ) as queries,
            atomic(),
        ):
            for to in (Status.APPROVED, Status.PAID):
                move_redemptions(
                    [Move(redemption_id=row.pk, to=to) for row in rows],
                    actor_id=actor.pk,
                    at=clock.now(),
                )
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert Redemption.objects.filter(status=Status.PAID).count() == 31


def test_the_database_itself_refuses_one_person_as_both() -> None:
    fund(1000)
    row = requested(600)
    actor = staff()

    with pytest.raises(IntegrityError), atomic():
        move_redemptions(
            [Move(redemption_id=row.pk, to=Status.APPROVED, approver_id=actor.pk)],
            actor_id=actor.pk,
            at=clock.now(),
        )

    row.refresh_from_db()
    assert row.status == Status.REQUESTED


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 1},
        {"currency": "EUR"},
        {"requested_at": clock.now() - timedelta(days=1)},
        {"destination_masked": "***x"},
        {"destination_sealed": "other"},
    ],
)
def test_what_was_asked_for_cannot_be_rewritten(change: dict[str, object]) -> None:
    fund(1000)
    row = requested(600)

    with pytest.raises(IntegrityError, match="append-only"), atomic():
        Redemption.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(IntegrityError, match="append-only"), atomic():
        RedemptionStep.objects.filter(redemption=row).update(reason="other")
    with pytest.raises(IntegrityError, match="append-only"), atomic():
        Redemption.objects.filter(pk=row.pk)._raw_delete(using="default")
