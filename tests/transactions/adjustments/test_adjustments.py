"""A balance is changed by two people, never below zero, and everybody can see why."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError

from rewards_site.approvals.models import ProposalStatus
from rewards_site.approvals.services import approve
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from rewards_site.members.models import Member
from rewards_site.notifications.models import Notice
from tests.admin_world import make_staff
from tests.factories import MEMBER, NOON, balances, house, observe, tell
from tests.members.calling import read
from tests.spending import differences, earned, spend
from tests.transactions.adjustments.giving import given, proposed
from transactions.adjustments.models import Adjustment, AdjustmentKind
from transactions.adjustments.proposals import propose_adjustment
from transactions.adjustments.services import Wanted
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import EntryGroup
from transactions.merging.proposals import propose_merge

pytestmark = pytest.mark.django_db


@pytest.fixture
def ops() -> User:
    return make_staff("Ops", username="ops")


@pytest.fixture
def finance() -> User:
    return make_staff("Finance", username="finance")


def test_what_two_people_give_is_available_earned_and_told(ops: User, finance: User) -> None:
    tell(observe("tx-1", status="validated"))

    row = given(250, by=ops, second=finance)

    assert balances() == {"available": 750}
    assert earned() == 750
    assert house(AccountKind.ADJUSTMENTS) == 250
    group = EntryGroup.objects.get(pk=row.entry_group_id)
    assert (group.cause, group.kind) == (f"adjustment/{row.pk}", "adjustment")
    assert group.posted_at == row.approved_at
    assert (row.proposed_by, row.approved_by) == (ops, finance)
    assert row.reason == "Promised by telephone / approved: Seen"
    [item] = [item for item in read("activity/")["results"] if item["available_change"] == 250]
    notice = Notice.objects.get(kind="balance.adjusted")
    assert str(notice.activity_id) == item["id"]
    assert (notice.available_change_minor, notice.currency) == (250, "USD")
    assert notice.facts["reason"] == "We corrected it."
    assert differences() == []


def test_what_is_taken_leaves_the_lifetime_alone(ops: User, finance: User) -> None:
    tell(observe("tx-1", status="validated"))

    row = given(-500, by=ops, second=finance)

    assert balances() == {}
    assert earned() == 500
    assert house(AccountKind.ADJUSTMENTS) == -500
    assert row.proposal.result == f"5.00 USD taken (adjustment {row.pk})."
    assert differences() == []


def test_points_are_given_too(ops: User, finance: User) -> None:
    given(1_000, by=ops, second=finance, currency="PTS")

    assert balances(currency="PTS") == {"available": 1_000}
    assert differences() == []


def test_a_balance_never_goes_below_zero(ops: User, finance: User) -> None:
    tell(observe("tx-1", status="validated"))
    with pytest.raises(Refused, match=r"5\.01 USD cannot be taken: 5\.00 USD is available"):
        proposed(-501, by=ops)
    proposal = proposed(-500, by=ops)
    spend(MEMBER, 1)

    with pytest.raises(Refused, match="would fall below zero"):
        approve(proposal_id=proposal.pk, actor=finance, reason="Seen", at=NOON)

    proposal.refresh_from_db()
    assert proposal.status == ProposalStatus.OPEN
    assert balances() == {"available": 499, "redeeming": 1}
    assert not Adjustment.objects.exists()
    assert not Notice.objects.filter(kind="balance.adjusted").exists()


def test_nobody_approves_their_own(ops: User) -> None:
    proposal = proposed(100, by=ops)

    with pytest.raises(Refused, match="another person has to decide"):
        approve(proposal_id=proposal.pk, actor=ops, reason="Mine", at=NOON)

    assert balances() == {}


@pytest.mark.parametrize("role", ["Support", "Finance", "Auditor"])
def test_only_ops_proposes(role: str) -> None:
    with pytest.raises(Refused, match="not yours to propose"):
        proposed(100, by=make_staff(role))


def test_a_repeat_is_the_same_proposal_and_one_booking(ops: User, finance: User) -> None:
    first, again = proposed(100, by=ops), proposed(100, by=ops)

    for _ in range(2):
        approve(proposal_id=first.pk, actor=finance, reason="Seen", at=NOON)

    assert again.pk == first.pk
    assert balances() == {"available": 100}
    assert Adjustment.objects.count() == 1


@pytest.mark.parametrize(
    ("amount_minor", "currency", "kind", "field"),
    [
        (0, "USD", AdjustmentKind.CORRECTION, "amount"),
        (10**13, "USD", AdjustmentKind.CORRECTION, "amount"),
        (-1, "USD", AdjustmentKind.GOODWILL, "amount"),
        (1, "XXX", AdjustmentKind.CORRECTION, "currency"),
    ],
)
def test_what_makes_no_sense_is_not_proposed(
    amount_minor: int, currency: str, kind: AdjustmentKind, field: str, ops: User
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        proposed(amount_minor, by=ops, currency=currency, kind=kind)

    assert list(refusal.value.fields) == [field]


def test_it_goes_to_whom_the_member_was_merged_into(ops: User, finance: User) -> None:
    tell(observe("tx-1", publisher_customer_id="ann"), observe("tx-2", publisher_customer_id="bob"))
    proposal = proposed(100, by=ops, customer_id="ann")
    merge = propose_merge(
        member_id=Member.objects.get(customer_id="ann").pk,
        customer_id="bob",
        actor=ops,
        reason="One person",
        at=NOON,
    )
    approve(proposal_id=merge.pk, actor=make_staff("Ops", username="two"), reason="Yes", at=NOON)

    approve(proposal_id=proposal.pk, actor=finance, reason="Seen", at=NOON)

    assert balances("bob") == {"pending": 1000, "available": 100}
    assert balances("ann") == {}
    assert differences() == []
    alias = Member.objects.get(customer_id="ann")
    wanted = Wanted(
        kind=AdjustmentKind.CORRECTION, member_id=alias.pk, currency="USD", amount_minor=1
    )
    with pytest.raises(Conflict, match="stands for another member"):
        propose_adjustment(wanted, actor=ops, reason="Again", at=NOON)


def test_an_adjustment_is_for_ever(ops: User, finance: User) -> None:
    row = given(100, by=ops, second=finance)

    for change in ({"amount_minor": 1}, {"reason": "another"}):
        with pytest.raises(IntegrityError), atomic():
            Adjustment.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(IntegrityError), atomic():
        Adjustment.objects.filter(pk=row.pk).delete()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "UPDATE adjustments_adjustment SET amount_minor = 99",
            "its entries are not what it says was changed",
        ),
        (
            "UPDATE ledger_entrygroup SET kind = 'transaction'",
            "its group is of kind transaction, should be adjustment",
        ),
        ("DELETE FROM adjustments_adjustment", "nor anything else"),
        ("UPDATE adjustments_adjustment SET kind = 'goodwill'", "is of another kind"),
        (
            "UPDATE adjustments_adjustment SET budget_month = '2026-09-01'",
            "used the budget of 2026-09-01; it was approved at",
        ),
    ],
)
def test_verify_finds_what_was_tampered_with(
    damage: str, said: str, ops: User, finance: User, corrupt: Callable[[str], None]
) -> None:
    given(100, by=ops, second=finance)

    corrupt(damage)

    assert any(said in text for text in differences())


def test_verify_finds_an_adjustment_of_another_member(
    ops: User, finance: User, corrupt: Callable[[str], None]
) -> None:
    row = given(100, by=ops, second=finance)
    other = Member.objects.create(customer_id="other", created_at=NOON)

    corrupt(f"UPDATE adjustments_adjustment SET member_id = {other.pk}")

    text = " ".join(differences())
    assert f"adjustment/{row.pk}: its entries are not what it says was changed" in text
    assert f"proposal {row.proposal_id} is of another member" in text
