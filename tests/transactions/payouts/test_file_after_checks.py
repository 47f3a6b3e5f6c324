"""A file that people pay by leaves the house after every check, and nothing is undone after it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from pytest_django import Settings

from rewards_site.approvals import services as approvals
from rewards_site.approvals.models import Proposal
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from tests.factories import balances
from tests.spending import differences
from tests.transactions.payouts.paying import (
    cancelled,
    closed,
    collected,
    exported,
    frozen,
    owed,
    sent,
    staff,
    states,
)
from transactions.payouts import importing
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem
from transactions.redemptions.methods import MANUAL

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch() -> PayoutBatch:
    for name in ("ann", "bob"):
        owed(name, method=MANUAL, destination=f"DE-{name}")
    return closed(collected(MANUAL, "manual-file"))


def test_nobody_has_the_file_before_it_was_sent(batch: PayoutBatch) -> None:
    with pytest.raises(Conflict, match="It is closed: it has to be sent or settled for this"):
        exported(batch)

    assert not BatchStep.objects.filter(verb="exported").exists()


def test_above_the_limit_one_person_has_no_file(settings: Settings, batch: PayoutBatch) -> None:
    settings.PAYOUT_APPROVAL_LIMITS = {"USD": 1399}
    names = ["decide_proposal", "send_payoutbatch"]
    staff("frank").user_permissions.add(*Permission.objects.filter(codename__in=names))

    proposal = sent(batch)

    assert isinstance(proposal, Proposal)
    with pytest.raises(Conflict, match="It is closed"):
        exported(batch)
    approvals.approve(proposal_id=proposal.pk, actor=staff("frank"), reason="ok", at=clock.now())
    assert exported(batch).content.count(b"\r\n") == 3


def test_whose_file_was_taken_is_never_collected_again(batch: PayoutBatch) -> None:
    sent(batch)
    exported(batch)
    frozen("bob")

    with pytest.raises(Conflict, match="Its file was taken, and may have been paid"):
        cancelled(batch)
    with pytest.raises(Conflict, match="No approved USD redemption by manual waits for a batch"):
        collected(MANUAL, "manual-file")

    assert states(batch) == {"u-ann": ("sent", "approved"), "u-bob": ("sent", "approved")}


def test_who_was_frozen_since_it_was_sent_stands_in_no_file(batch: PayoutBatch) -> None:
    sent(batch)
    frozen("bob")

    with pytest.raises(Conflict, match="1 of its members were frozen since: cancel it and collect"):
        exported(batch)
    cancelled(batch)
    second = closed(collected(MANUAL, "manual-file"))
    sent(second)
    file = exported(second).content.decode()

    assert "DE-ann" in file
    assert "DE-bob" not in file
    assert states(second) == {"u-ann": ("sent", "approved")}


def test_a_file_that_was_taken_is_the_same_after_a_freeze(batch: PayoutBatch) -> None:
    sent(batch)
    first = exported(batch)
    frozen("bob")

    assert exported(batch, by="frank").sha256 == first.sha256


def test_what_became_of_a_file_that_nobody_took_is_not_believed(batch: PayoutBatch) -> None:
    sent(batch)
    item = PayoutItem.objects.order_by("pk")[0]
    told = f"item_id,outcome\n{item.public_id},paid\n".encode()

    with pytest.raises(Conflict, match="Nobody has taken its file yet"):
        importing.import_result(
            batch_id=batch.pk, content=told, actor=staff("fiona"), reason="x", at=clock.now()
        )

    cancelled(batch)
    assert balances("u-ann") == {"redeeming": 700}
    assert differences() == []
