"""What goes into a batch, who may send it, and what cannot be done any more."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from rewards_site.approvals import services as approvals
from rewards_site.approvals.models import Proposal
from rewards_site.button.sandbox.payouts_faults import PayoutFault
from rewards_site.button.sandbox.running import Sandbox
from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, Refused
from rewards_site.members.erasure import Person
from tests.spending import differences
from tests.transactions.payouts.paying import (
    attended,
    closed,
    collected,
    given,
    given_manual,
    later,
    owed,
    paid_by,
    staff,
    states,
)
from transactions.payouts import collecting, deciding, erasing, sending
from transactions.payouts.health import check_payouts
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem
from transactions.payouts.queries import batches_at, in_flight
from transactions.redemptions.methods import MANUAL
from transactions.redemptions.models import Redemption
from transactions.redemptions.services import pay_redemptions

pytestmark = pytest.mark.django_db

WAITING, REMOVED = ("waiting", "approved"), ("removed", "approved")


def decider(name: str) -> None:
    names = ["decide_proposal", "send_payoutbatch", "record_payoutbatch"]
    staff(name).user_permissions.add(*Permission.objects.filter(codename__in=names))


def test_a_batch_takes_what_is_approved_free_and_of_its_kind() -> None:
    for name in ("ann", "bob"):
        owed(name, method=MANUAL)
    owed("jane", method=MANUAL, currency="JPY")
    first = collected(MANUAL, "manual-file")
    owed("cleo", method=MANUAL)

    second = collected(MANUAL, "manual-file")

    assert states(first) == {"u-ann": WAITING, "u-bob": WAITING}
    assert states(second) == {"u-cleo": WAITING}
    assert (first.item_count, first.total_minor) == (2, 1400)
    with pytest.raises(Conflict, match="No approved USD redemption by manual waits for a batch"):
        collected(MANUAL, "manual-file")


def test_collecting_costs_the_same_for_two_and_for_twelve() -> None:
    counts = []
    for size in (1, 2, 12):  # the first one fills what is kept in memory
        for number in range(size):
            owed(f"m{size}-{number}", method=MANUAL)
        with CaptureQueriesContext(connection) as queries:
            collected(MANUAL, "manual-file")
        counts.append(len(queries))
    assert counts[1] == counts[2]


def test_what_is_held_back_is_left_out_and_told() -> None:
    owed("ann", method=MANUAL)
    held = owed("bob", method=MANUAL)
    with connection.cursor() as cursor:  # as if its destination had been new; guards forbid it else
        trigger = "redemptions_redemption_no_update"
        on = " ON redemptions_redemption" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER {trigger}{on}")
    Redemption.objects.filter(pk=held.pk).update(held_until=clock.now() + timedelta(hours=1))

    done = collecting.collect_batch(
        currency="USD",
        method=MANUAL,
        provider="manual-file",
        actor=staff("fiona"),
        reason="x",
        at=clock.now(),
    )

    assert states(done.batch) == {"u-ann": WAITING}
    assert done.skipped == {"the destination is too new": 1}


def test_paypal_takes_no_currency_and_no_amount_that_it_does_not_pay(sandbox: Sandbox) -> None:
    owed("ann", currency="KWD")
    owed("bob", currency="HUF", amount_minor=150)

    with pytest.raises(Conflict, match=r"Left out: 1: PayPal pays no KWD\."):
        collected(currency="KWD")
    with pytest.raises(Conflict, match=r"Left out: 1: PayPal pays whole HUF only\."):
        collected(currency="HUF")


def test_one_is_taken_out_and_another_batch_has_it() -> None:
    for name in ("ann", "bob"):
        owed(name, method=MANUAL)
    first = collected(MANUAL, "manual-file")
    before = clock.now()
    item = PayoutItem.objects.get(redemption__member__customer_id="u-ann")

    for _ in range(2):
        collecting.remove_item(
            item_id=item.pk, actor=staff("fiona"), reason="asked to wait", at=clock.now()
        )

    assert states(first) == {"u-ann": REMOVED, "u-bob": WAITING}
    second = collected(MANUAL, "manual-file")
    again = PayoutItem.objects.get(batch=second)
    assert (again.redemption_id, again.attempt) == (item.redemption_id, 2)
    pk = item.redemption_id
    assert batches_at([pk], before) == {pk: str(first.public_id)}
    assert batches_at([pk], clock.now()) == {pk: str(second.public_id)}
    assert batches_at([pk], before - timedelta(days=1)) == {}


def test_the_database_refuses_a_second_live_item_and_a_changed_one() -> None:
    owed("ann", method=MANUAL)
    collected(MANUAL, "manual-file")
    item = PayoutItem.objects.get()

    for wrong in (
        lambda: PayoutItem.objects.create(
            batch=item.batch,
            redemption=item.redemption,
            amount_minor=700,
            currency="USD",
            added_at=clock.now(),
        ),
        lambda: PayoutItem.objects.update(amount_minor=1),
        lambda: PayoutItem.objects.update(public_id=uuid.uuid4()),
        lambda: BatchStep.objects.update(reason="another"),
        lambda: PayoutBatch.objects.update(currency="EUR"),
    ):
        with pytest.raises(IntegrityError), atomic():
            wrong()


def test_nobody_pays_by_hand_what_a_batch_is_about_to_pay() -> None:
    batch = given_manual("ann")
    redemption = Redemption.objects.get()

    moved = pay_redemptions(
        references={redemption.pk: "cash"}, actor_id=staff("olga").pk, reason="x", at=clock.now()
    )

    assert moved[redemption.pk].refusal == (
        f"Payout batch {batch.public_id} carries it: what became of it is said there."
    )


def test_above_the_limit_a_second_person_who_did_not_close_it_sends(
    settings: Settings, sandbox: Sandbox
) -> None:
    settings.PAYOUT_APPROVAL_LIMITS = {"USD": 699}
    owed("ann")
    batch = closed(collected(), by="fiona")
    for name in ("fiona", "frank"):
        decider(name)

    proposal = sending.send_batch(
        batch_id=batch.pk, actor=staff("petra"), reason="go", at=clock.now()
    )
    assert isinstance(proposal, Proposal)
    assert sandbox.payouts.calls == []
    with pytest.raises(Refused, match="You closed it yourself"):
        approvals.approve(
            proposal_id=proposal.pk, actor=staff("fiona"), reason="ok", at=clock.now()
        )
    assert PayoutBatch.objects.get().status == "closed"

    approvals.approve(proposal_id=proposal.pk, actor=staff("frank"), reason="ok", at=clock.now())

    row = PayoutBatch.objects.get()
    assert (row.status, row.sent_by, row.approved_by) == ("sending", staff("petra"), staff("frank"))


def test_what_never_arrived_is_given_up_by_two_people_and_paid_by_another_batch(
    sandbox: Sandbox,
) -> None:
    owed("ann")
    batch = given(collected())
    sandbox.payouts.faults.add(PayoutFault.DROP_BEFORE)
    attended(batch)
    decider("frank")
    with pytest.raises(Conflict, match="wait a quarter of an hour"):
        deciding.propose_never_arrived(
            batch_id=batch.pk, actor=staff("fiona"), reason="looked", at=clock.now()
        )
    later(batch, timedelta(days=29))
    assert check_payouts(clock.now()).startswith("1 payout batches: for 60 minutes nobody has")

    proposal = deciding.propose_never_arrived(
        batch_id=batch.pk, actor=staff("fiona"), reason="looked", at=clock.now()
    )
    approvals.approve(
        proposal_id=proposal.pk, actor=staff("frank"), reason="looked, too", at=clock.now()
    )

    assert PayoutBatch.objects.get().status == "cancelled"
    assert check_payouts(clock.now()) == ""
    second = given(collected())
    attended(second)
    attended(second)
    assert paid_by(sandbox) == {"u-ann": ("7.00", "0", 1)}
    assert differences() == []


def test_the_providers_id_entered_by_hand_is_believed_only_for_this_batch(
    sandbox: Sandbox,
) -> None:
    for name in ("ann", "bob"):
        owed(name)
        given(collected())
    ours, other = PayoutBatch.objects.order_by("pk")
    sandbox.payouts.faults.add(PayoutFault.DROP_AFTER)
    attended(ours)
    attended(other)
    theirs = {one.sender_batch_id: one.payout_batch_id for one in sandbox.payouts.bank.batches}

    for named in (theirs[str(other.public_id)], theirs[str(ours.public_id)]):
        deciding.name_at_provider(
            batch_id=ours.pk,
            provider_batch_id=named,
            actor=staff("fiona"),
            reason="looked it up",
            at=clock.now(),
        )
        assert attended(ours) == ("accepted" if named == theirs[str(ours.public_id)] else "unknown")

    assert states(ours) == {"u-ann": ("paid", "paid")}
    assert paid_by(sandbox)["u-ann"] == ("7.00", "0", 1)


def test_a_person_is_not_forgotten_while_money_is_on_its_way_to_them() -> None:
    batch = given_manual("ann")
    member = Redemption.objects.get().member
    person = Person(
        member_id=member.pk, row_ids=(member.pk,), replaced={"u-ann": "erased-1"}, at=clock.now()
    )

    assert in_flight(member.pk)
    assert erasing.objection(person).startswith("A payout to them is in flight")

    PayoutItem.objects.filter(batch=batch).update(status="paid")
    assert not in_flight(member.pk)
    assert erasing.objection(person) == ""

    PayoutItem.objects.update(provider_item_id="cash to u-ann")
    assert erasing.erase(person) == 1
    assert PayoutItem.objects.get().provider_item_id == "cash to erased-1"
