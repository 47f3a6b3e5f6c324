"""An open claim is answered by its order: once, in the commit that books it, or by the sweep."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rewards_site.members.models import Member
from rewards_site.notifications.models import Notice
from tests.admin_world import make_staff
from tests.factories import MEMBER, NOON, observe, tell
from tests.transactions.claims.claiming import LATER, filed, order_of, tap
from transactions.attribution import assign_member
from transactions.claims.models import Claim
from transactions.claims.queries import claims_of, told
from transactions.claims.settling import settle_arrived
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

MUCH_LATER = LATER + timedelta(days=3)


def status_of(claim: Claim) -> tuple[str, str, str]:
    claim.refresh_from_db()
    return claim.status, claim.answer, claim.answered_by


def answered_news() -> list[str]:
    return list(Notice.objects.filter(kind="claim.answered").values_list("key", flat=True))


def test_the_order_of_its_tap_answers_a_claim_once_in_the_bookings_commit() -> None:
    click = tap()
    claim = filed(click)
    other = filed(tap())

    tell(order_of(click))
    tell(order_of(click, minutes=1, amount_minor=2000))

    order = Transaction.objects.get()
    assert status_of(claim) == ("answered", "tracked", "transaction")
    first = order.revisions.get(number=1)
    assert (claim.answered_at, claim.transaction_id) == (first.recorded_at, order.pk)
    assert status_of(other)[0] == "open"
    assert [(step.number, step.kind, step.answer) for step in claim.steps.order_by("number")] == [
        (1, "filed", ""),
        (2, "answered", "tracked"),
    ]
    notice = Notice.objects.get(kind="claim.answered")
    assert (notice.claim_id, notice.transaction_id) == (claim.public_id, order.public_id)
    answer = told(claims_of(MEMBER).get(pk=claim.pk))
    assert answer.transaction == order.public_id
    assert answer.answer == (
        "Your purchase at Northwind has shown up. It is pending until Northwind confirms it."
    )


def test_a_declined_order_answers_with_that() -> None:
    click = tap()
    claim = filed(click)

    tell(order_of(click, status="declined"))

    assert status_of(claim) == ("answered", "tracked_declined", "transaction")
    assert "earns no reward" in Notice.objects.get(kind="claim.answered").facts["reason"]


def test_by_the_reference_at_the_brand_where_the_tap_is_not_named() -> None:
    claim = filed(tap(), order_reference="#AB-12")
    tell(
        observe("tx-1", order_reference="CD-34"),
        observe("tx-2", order_reference="ab-12", merchant_id="org-other"),
        observe("tx-3", order_reference="ab-12", publisher_customer_id="another"),
    )
    assert answered_news() == []

    tell(observe("tx-4", order_reference="ab-12"))

    assert answered_news() == [f"claim/{claim.pk}/answered"]


def test_the_surest_of_several_orders_answers() -> None:
    click = tap()
    claim = filed(click, order_reference="AB-12")

    tell(observe("tx-1", order_reference="AB-12"), order_of(click, "tx-2"))

    assert Claim.objects.get(pk=claim.pk).transaction == Transaction.objects.get(
        children__tx_id="tx-2"
    )


def test_two_claims_of_one_batch_are_told_apart() -> None:
    first, second = tap(), tap("another")
    one, other = filed(first), filed(second, customer_id="another")

    tell(order_of(first), order_of(second, "tx-2", publisher_customer_id="another"))

    assert sorted(answered_news()) == [f"claim/{one.pk}/answered", f"claim/{other.pk}/answered"]


def test_the_sweep_finds_what_no_booking_answered() -> None:
    click = tap()
    claim = filed(click, order_reference="AB-12")
    tell(observe("tx-1", order_reference="AB-12", publisher_customer_id=None))
    assert settle_arrived(at=MUCH_LATER) == 0
    staff = make_staff("Ops")
    assign_member(
        transaction_id=Transaction.objects.get().pk,
        customer_id=MEMBER,
        actor=staff,
        reason="Theirs",
        at=NOON,
    )

    assert (settle_arrived(at=MUCH_LATER), settle_arrived(at=MUCH_LATER)) == (1, 0)

    assert status_of(claim) == ("answered", "tracked", "transaction")
    assert Notice.objects.filter(kind="claim.answered").count() == 1


def test_the_sweep_knows_a_member_by_a_former_id() -> None:
    claim = filed(tap("old"), customer_id="old", order_reference="AB-12")
    tell(observe("tx-1", order_reference="AB-12"))
    Member.objects.filter(customer_id="old").update(same_as=Member.objects.get(customer_id=MEMBER))

    assert settle_arrived(at=MUCH_LATER) == 1

    notice = Notice.objects.get(kind="claim.answered")
    assert (notice.claim_id, notice.member.customer_id) == (claim.public_id, MEMBER)


def test_test_money_and_installs_answer_nothing() -> None:
    filed(tap(), order_reference="btnorder-1")
    tell(observe("tx-1", is_test=True))

    assert settle_arrived(at=MUCH_LATER) == 0
