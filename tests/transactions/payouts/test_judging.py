"""A payment of which nobody can tell: two people say what became of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from rewards_site.approvals import services as approvals
from rewards_site.approvals.models import Proposal
from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from tests.admin_world import make_staff, said
from tests.factories import balances
from tests.spending import differences
from tests.transactions.payouts.paying import given_manual, later, owed, staff, states
from transactions.payouts import batches, collecting, judging, sending
from transactions.payouts.health import check_payouts
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem
from transactions.payouts.providers.protocol import Told
from transactions.payouts.recording import record_told
from transactions.payouts.states import Outcome
from transactions.redemptions.models import Redemption

pytestmark = pytest.mark.django_db

ALARM = "payments whose outcome a person has to look at"
OTHER_AMOUNT = "It tells of another amount than 7.00 USD."


@pytest.fixture
def batch(settings: object) -> PayoutBatch:
    """PayPal took it two hours ago, and has listed no payment of it."""
    settings.PAYPAL_CLIENT_ID = settings.PAYPAL_CLIENT_SECRET = "x"  # type: ignore[attr-defined]
    owed("ann")
    fiona, at = staff("fiona"), clock.now()
    batch = collecting.collect_batch(
        currency="USD", method="paypal", provider="paypal", actor=fiona, reason="x", at=at
    ).batch
    collecting.close_batch(batch_id=batch.pk, actor=fiona, reason="x", at=at)
    sending.send_batch(batch_id=batch.pk, actor=fiona, reason="x", at=at)
    PayoutItem.objects.update(status="sent")
    PayoutBatch.objects.update(status="sent", provider_batch_id="PB1", accepted_at=at)
    later(batch, timedelta(hours=2))
    return batch


def told(batch: PayoutBatch, outcome: Outcome, word: str, reason: str = "") -> int:
    item = PayoutItem.objects.get()
    one = Told(item_id=str(item.public_id), outcome=outcome, word=word, reason=reason)
    with atomic():
        batches.hold_members_of(batch.pk)
        return record_told(batches.locked_batch(batch.pk), [one], actor_id=None, at=clock.now())


def strange(batch: PayoutBatch) -> int:
    return told(batch, Outcome.UNKNOWN, "SUCCESS", OTHER_AMOUNT)


def judged(outcome: Outcome, reference: str = "TX-1", *, by: str = "frank") -> None:
    staff(by).user_permissions.add(
        *Permission.objects.filter(codename__in=["decide_proposal", "record_payoutbatch"])
    )
    proposal = judging.propose_outcome(
        item_id=PayoutItem.objects.get().pk,
        outcome=outcome,
        reference=reference,
        actor=staff("fiona"),
        reason="seen on its site",
        at=clock.now(),
    )
    assert PayoutItem.objects.get().status not in ("paid", "failed")
    approvals.approve(proposal_id=proposal.pk, actor=staff(by), reason="so it is", at=clock.now())


def looked() -> PayoutItem:
    return judging.note_looked(
        item_id=PayoutItem.objects.get().pk,
        actor=staff("fiona"),
        reason="the fee was in it",
        at=clock.now(),
    )


@pytest.mark.parametrize(
    ("outcome", "became", "left"),
    [
        (Outcome.PAID, ("paid", "paid"), {"paid_out": 700}),
        (Outcome.FAILED, ("failed", "failed"), {"available": 700}),
    ],
)
def test_two_people_say_what_became_of_a_payment_that_nobody_can_tell_of(
    batch: PayoutBatch, outcome: Outcome, became: tuple[str, str], left: dict[str, int]
) -> None:
    strange(batch)
    assert check_payouts(clock.now()) == ALARM

    judged(outcome)

    assert states(batch) == {"u-ann": became}
    assert balances("u-ann") == left
    assert PayoutBatch.objects.get().status == "settled"
    assert check_payouts(clock.now()) == ""
    step = BatchStep.objects.get(verb="payment: people said")
    assert (step.actor, step.reason) == (
        staff("fiona"),
        "TX-1: seen on its site / approved: so it is",
    )
    item = PayoutItem.objects.get()
    assert step.facts == {
        "item": str(item.public_id),
        "outcome": outcome.value,
        "approved_by": staff("frank").pk,
    }
    assert strange(batch) == 0  # the provider goes on saying so: that was looked at
    assert check_payouts(clock.now()) == ""
    assert differences() == []


def test_one_person_alone_moves_no_money(batch: PayoutBatch) -> None:
    strange(batch)

    with pytest.raises(Refused, match="You proposed it yourself"):
        judged(Outcome.PAID, by="fiona")

    assert states(batch) == {"u-ann": ("unknown", "approved")}


def test_a_payment_that_the_provider_never_lists_is_judged_after_an_hour(
    batch: PayoutBatch,
) -> None:
    later(batch, -timedelta(hours=1, minutes=30))
    with pytest.raises(Conflict, match="The provider has just taken its batch: wait an hour"):
        judged(Outcome.FAILED)
    later(batch, timedelta(hours=1))

    judged(Outcome.FAILED, "")

    assert states(batch) == {"u-ann": ("failed", "failed")}


def test_what_the_provider_works_on_is_not_judged_for_45_days(batch: PayoutBatch) -> None:
    told(batch, Outcome.WAITING, "UNCLAIMED")

    with pytest.raises(Conflict, match=r"still works on it \(UNCLAIMED\)"):
        judged(Outcome.FAILED)

    later(batch, timedelta(days=45))
    judged(Outcome.FAILED)
    assert states(batch) == {"u-ann": ("failed", "failed")}


def test_what_is_paid_has_a_reference(batch: PayoutBatch) -> None:
    strange(batch)

    with pytest.raises(InvalidInput, match="A reference is needed"):
        judged(Outcome.PAID, " ")


@pytest.mark.parametrize("reference", ["by u-ann", "ann@example.org"])
def test_a_reference_names_no_person(batch: PayoutBatch, reference: str) -> None:
    strange(batch)

    with pytest.raises(InvalidInput, match="It names who is paid: give the payment's own"):
        judged(Outcome.PAID, reference)


def test_what_the_provider_says_first_makes_the_proposal_stale(batch: PayoutBatch) -> None:
    strange(batch)
    staff("frank").user_permissions.add(
        *Permission.objects.filter(codename__in=["decide_proposal", "record_payoutbatch"])
    )
    proposal = judging.propose_outcome(
        item_id=PayoutItem.objects.get().pk,
        outcome=Outcome.FAILED,
        reference="",
        actor=staff("fiona"),
        reason="x",
        at=clock.now(),
    )
    told(batch, Outcome.PAID, "SUCCESS")

    assert judging.stale_outcome(proposal.payload) == "The payment is paid."
    with pytest.raises(Conflict, match="It is paid: that is known"):
        approvals.approve(proposal_id=proposal.pk, actor=staff("frank"), reason="x", at=clock.now())
    assert balances("u-ann") == {"paid_out": 700}


def test_one_person_has_looked_and_the_alarm_ends_until_something_new(batch: PayoutBatch) -> None:
    told(batch, Outcome.FAILED, "BLOCKED")
    told(batch, Outcome.PAID, "SUCCESS")
    assert check_payouts(clock.now()) == ALARM

    for _ in range(2):
        looked()

    assert check_payouts(clock.now()) == ""
    step = BatchStep.objects.get(verb="payment: looked at")
    assert (step.actor, step.reason) == (staff("fiona"), "the fee was in it")
    assert told(batch, Outcome.PAID, "SUCCESS") == 0
    assert check_payouts(clock.now()) == ""
    assert told(batch, Outcome.UNKNOWN, "STRANGE") == 1
    assert check_payouts(clock.now()) == ALARM
    assert Redemption.objects.get().status == "failed"


def test_looking_is_no_way_out_for_money_that_waits(batch: PayoutBatch) -> None:
    strange(batch)

    with pytest.raises(Conflict, match="Say whether it was paid: until then its money waits"):
        looked()

    assert check_payouts(clock.now()) == ALARM


def test_finance_says_it_on_the_page_of_a_payment(batch: PayoutBatch) -> None:
    strange(batch)
    item = PayoutItem.objects.get()
    client = Client()
    client.force_login(make_staff("Finance"))
    shown = client.get(reverse("admin:payouts_payoutitem_change", args=[item.pk]))
    assert "do/was-not-paid/" in shown.content.decode()
    assert "do/looked/" not in shown.content.decode()

    answer = client.post(
        reverse("admin:payouts_payoutitem_do", args=["was-paid"]),
        {"id": item.pk, "reason": "seen", "reference": "TX-1"},
        follow=True,
    )

    level, text = said(answer)[0]
    assert level == "warning"
    assert text.endswith("waits for another person.")
    assert PayoutItem.objects.get().status == "unknown"
    assert "payment: people said" not in answer.content.decode()

    frank = make_staff("Finance", username="frank")
    approvals.approve(
        proposal_id=Proposal.objects.get().pk, actor=frank, reason="so it is", at=clock.now()
    )

    shown = client.get(reverse("admin:payouts_payoutitem_change", args=[item.pk]))
    assert "payment: people said" in shown.content.decode()
    assert "TX-1: seen / approved: so it is" in shown.content.decode()
    assert "do/was-paid/" not in shown.content.decode()


def test_one_payment_by_hand_is_judged_once_its_file_was_taken() -> None:
    batch = given_manual("ann")

    judged(Outcome.FAILED, "")

    assert states(batch) == {"u-ann": ("failed", "failed")}
    assert PayoutBatch.objects.get().status == "settled"
