"""Goodwill was given and the order came after all: ops are told, and decide about both."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import approve
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from rewards_site.notifications.models import Notice
from tests.admin_world import make_staff
from tests.factories import MEMBER, balances, tell
from tests.spending import differences
from tests.transactions.claims.claiming import LATER, filed, order_of, tap
from transactions.claims.asking import Asked
from transactions.claims.filing import file_for_member
from transactions.claims.goodwill import propose_goodwill
from transactions.claims.models import Claim
from transactions.claims.overtaken import leave_goodwill, take_goodwill_back
from transactions.claims.sweeping import sweep_claims
from transactions.models import Transaction

pytestmark = pytest.mark.django_db
LIST = "/admin/claims/claim/"
NEXT = LATER + timedelta(days=1)
CARD = "Goodwill, and the order came after all"


@pytest.fixture
def ops() -> User:
    return make_staff("Ops", username="ops")


@pytest.fixture
def finance() -> User:
    return make_staff("Finance", username="finance")


def give(claim: Claim, *, by: User, approver: User, amount_minor: int = 150) -> Claim:
    """Goodwill for the claim, by two people; the claim as it is then."""
    proposal = propose_goodwill(
        claim_id=claim.pk,
        currency="USD",
        amount_minor=amount_minor,
        actor=by,
        reason="Receipt",
        at=NEXT,
    )
    approve(proposal_id=proposal.pk, actor=approver, reason="Fair", at=NEXT)
    claim.refresh_from_db()
    return claim


def steps_of(claim: Claim) -> list[str]:
    return list(claim.steps.order_by("number").values_list("kind", flat=True))


def test_the_sweep_names_the_order_once_and_tells_the_member_nothing(
    ops: User, finance: User
) -> None:
    click = tap()
    claim = give(filed(click), by=ops, approver=finance)
    give(filed(tap()), by=ops, approver=finance)
    tell(order_of(click))
    tell(order_of(click, minutes=5, status="validated"))
    told = Notice.objects.count()

    assert [sweep_claims(at=NEXT + timedelta(hours=hours)) for hours in (1, 2)] == [1, 0]

    claim.refresh_from_db()
    assert claim.transaction == Transaction.objects.get()
    assert (claim.answer, claim.answered_by) == ("goodwill", "ops")
    assert steps_of(claim) == ["filed", "goodwill_proposed", "answered", "order_came"]
    assert Notice.objects.count() == told
    assert balances()["available"] == 300 + Transaction.objects.get().reward_minor


def test_ops_see_both_amounts_and_propose_the_correction(
    ops: User, finance: User, client: Client
) -> None:
    click = tap()
    claim = give(filed(click), by=ops, approver=finance)
    client.force_login(ops)
    assert CARD not in client.get("/admin/").content.decode()
    tell(order_of(click, status="validated"))
    sweep_claims(at=NEXT)

    assert CARD in client.get("/admin/").content.decode()
    listed = client.get(f"{LIST}?queue=twice").context["cl"].result_list
    assert [row.pk for row in listed] == [claim.pk]
    page = client.get(f"{LIST}{claim.pk}/change/")
    [panel] = [one for one in page.context["panels"] if one.title.startswith("Goodwill was given")]
    reward = Transaction.objects.get().reward_minor
    assert [row[1] for row in panel.rows] == ["1.50 USD", f"{reward / 100:.2f} USD"]
    assert [verb["label"] for verb in page.context["verbs"]] == [
        "Propose to take the goodwill back",
        "Leave the goodwill",
    ]
    form = client.get(f"{LIST}do/take-back/?id={claim.pk}").context["form"]
    assert (str(form.initial["amount"]), form.initial["currency"]) == ("1.50", "USD")
    client.post(
        f"{LIST}do/take-back/",
        {"id": claim.pk, "amount": "1.50", "currency": "USD", "reason": "It came"},
    )

    assert CARD not in client.get("/admin/").content.decode()
    proposal = Proposal.objects.get(status="open")
    approve(proposal_id=proposal.pk, actor=finance, reason="Right", at=clock.now())
    assert balances()["available"] == reward
    assert steps_of(claim)[-2:] == ["order_came", "goodwill_reviewed"]
    assert differences() == []


def test_who_leaves_it_says_why_and_it_is_decided_once(ops: User, finance: User) -> None:
    click = tap()
    claim = give(filed(click), by=ops, approver=finance)
    with pytest.raises(Conflict, match="its order did not come"):
        leave_goodwill(claim_id=claim.pk, actor=ops, reason="Fine", at=NEXT)
    tell(order_of(click))
    sweep_claims(at=NEXT)

    leave_goodwill(claim_id=claim.pk, actor=ops, reason="They waited for months", at=NEXT)

    step = claim.steps.latest("number")
    assert (step.kind, step.actor, step.reason) == (
        "goodwill_reviewed",
        ops,
        "They waited for months",
    )
    with pytest.raises(Conflict, match="somebody looked at it already"):
        take_goodwill_back(
            claim_id=claim.pk, currency="USD", amount_minor=150, actor=ops, reason="No", at=NEXT
        )
    assert Proposal.objects.filter(status="open").count() == 0


def test_a_declined_order_is_named_and_nobody_is_asked(
    ops: User, finance: User, client: Client
) -> None:
    click = tap()
    claim = give(filed(click), by=ops, approver=finance)
    tell(order_of(click, status="declined"))

    assert sweep_claims(at=NEXT) == 1

    client.force_login(ops)
    assert CARD not in client.get("/admin/").content.decode()
    claim.refresh_from_db()
    assert claim.transaction == Transaction.objects.get()


def test_what_staff_had_looked_at_when_they_filed_it_is_not_the_order_that_came(
    ops: User, finance: User
) -> None:
    click = tap()
    tell(order_of(click))
    claim = file_for_member(
        customer_id=MEMBER,
        asked=Asked(click_id=str(click.public_id)),
        actor=ops,
        reason="Another order",
        is_insisted=True,
        at=LATER,
    ).claim
    give(claim, by=ops, approver=finance)

    assert sweep_claims(at=NEXT) == 0
    claim.refresh_from_db()
    assert claim.transaction is None
