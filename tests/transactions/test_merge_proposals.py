"""A merge is approved as it was proposed: what one has, and who both are, may not have changed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import Settings

from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.approvals.services import approve, propose, reject
from rewards_site.kernel.errors import Conflict
from rewards_site.members.models import CustomerIdChange, Member
from tests.admin_world import make_staff
from tests.factories import NOON, balances, observe, tell, tell_each
from tests.spending import differences, pay_out
from transactions.attribution import move_order
from transactions.merging.proposals import MERGE_CUSTOMERS, propose_merge, propose_rename
from transactions.models import Transaction, TransactionRevision

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_person_may_move(settings: Settings) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 10**9}


@pytest.fixture
def one() -> User:
    return make_staff("Ops", username="one")


@pytest.fixture
def other() -> User:
    return make_staff("Ops", username="other")


@pytest.fixture
def proposal(one: User) -> Proposal:
    """Merge ann, who has 5.00 pending and 3.00 available by two orders, into bob, who has 0.50."""
    tell_each(
        observe("tx-1", publisher_customer_id="ann"),
        observe("tx-2", publisher_customer_id="ann", status="validated", amount_minor=600),
        observe("tx-3", publisher_customer_id="bob", status="validated", amount_minor=100),
    )
    return merge_proposed("ann", "bob", by=one)


def merge_proposed(source: str, target: str, *, by: User) -> Proposal:
    return propose_merge(
        member_id=Member.objects.get(customer_id=source).pk,
        customer_id=target,
        actor=by,
        reason="One person.",
        at=NOON,
    )


def another_order(_staff: User) -> None:
    tell(observe("tx-4", publisher_customer_id="ann", status="declined"))


def an_order_grows(_staff: User) -> None:
    tell(observe("tx-1", publisher_customer_id="ann", minutes=1, amount_minor=1500))


def an_order_is_validated(_staff: User) -> None:
    tell(observe("tx-1", publisher_customer_id="ann", minutes=1, status="validated"))


def another_currency(_staff: User) -> None:
    tell(observe("tx-4", publisher_customer_id="ann", account_id="acc-jpy", currency="JPY"))


def a_payout(_staff: User) -> None:
    pay_out("ann", 100)


def an_order_is_moved_away(staff: User) -> None:
    move_order(
        transaction_id=Transaction.objects.get(children__tx_id="tx-1").pk,
        customer_id="bob",
        actor=staff,
        reason="theirs",
        at=NOON,
    )


def the_target_is_merged_with(staff: User) -> None:
    tell(observe("tx-4", publisher_customer_id="cem"))
    second = make_staff("Ops", username="second")
    approve(
        proposal_id=merge_proposed("cem", "bob", by=staff).pk, actor=second, reason="Yes.", at=NOON
    )


def the_source_is_renamed(staff: User) -> None:
    row = propose_rename(
        member_id=Member.objects.get(customer_id="ann").pk,
        customer_id="anna",
        actor=staff,
        reason="New id.",
        at=NOON,
    )
    second = make_staff("Ops", username="second")
    approve(proposal_id=row.pk, actor=second, reason="Yes.", at=NOON)


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (another_order, "orders: 2 then, 3 now"),
        (an_order_grows, "USD pending: 5.00 then, 7.50 now"),
        (
            an_order_is_validated,
            "USD available: 3.00 then, 8.00 now; USD pending: 5.00 then, 0.00 now",
        ),
        (another_currency, "JPY pending: 0 then, 500 now; orders: 2 then, 3 now"),
        (a_payout, "USD available: 3.00 then, 2.00 now; USD paid out: 0.00 then, 1.00 now"),
        (an_order_is_moved_away, "USD pending: 5.00 then, 0.00 now; orders: 2 then, 1 now"),
        (
            the_target_is_merged_with,
            "the other member got another customer id, or was merged with",
        ),
        (
            the_source_is_renamed,
            "the member to be merged got another customer id, or was merged with",
        ),
    ],
)
def test_a_merge_that_is_not_what_was_proposed_any_more_says_what_changed(
    proposal: Proposal,
    one: User,
    other: User,
    happens: Callable[[User], None],
    said: str,
) -> None:
    happens(one)
    people = set(Member.objects.values_list("pk", "same_as"))
    has = (balances("ann"), balances("bob"))

    with pytest.raises(Conflict) as conflict:
        approve(proposal_id=proposal.pk, actor=other, reason="Seen.", at=NOON)

    assert str(conflict.value) == (
        f"This is not what was proposed any more ({said}). Nothing was changed. Reject it, look "
        "at both members and propose it again."
    )
    proposal.refresh_from_db()
    assert proposal.status == ProposalStatus.OPEN
    assert set(Member.objects.values_list("pk", "same_as")) == people
    assert (balances("ann"), balances("bob")) == has


def test_it_is_rejected_proposed_again_and_then_done(
    proposal: Proposal, one: User, other: User
) -> None:
    another_order(one)
    with pytest.raises(Conflict, match=f"Proposal {proposal.pk} about the same is open"):
        merge_proposed("ann", "bob", by=one)

    reject(proposal_id=proposal.pk, actor=other, reason="It has grown.", at=NOON)
    again = merge_proposed("ann", "bob", by=one)
    done = approve(proposal_id=again.pk, actor=other, reason="Seen.", at=NOON)

    assert done.result == "Merged: 3 orders, 5.00 USD pending, 3.00 USD available."
    assert balances("bob") == {"pending": 500, "available": 350}
    assert differences() == []


def test_what_the_other_member_earns_meanwhile_is_no_objection(
    proposal: Proposal, other: User
) -> None:
    tell(observe("tx-4", publisher_customer_id="bob"))

    approve(proposal_id=proposal.pk, actor=other, reason="Seen.", at=NOON)

    assert balances("bob") == {"pending": 1000, "available": 350}


def test_a_proposal_that_does_not_say_what_was_seen_is_not_carried_out(
    one: User, other: User
) -> None:
    tell_each(
        observe("tx-1", publisher_customer_id="ann"), observe("tx-2", publisher_customer_id="bob")
    )
    ann, bob = (Member.objects.get(customer_id=name) for name in ("ann", "bob"))
    row = propose(
        kind=MERGE_CUSTOMERS,
        subject=f"member/{ann.pk}",
        payload={"member_id": ann.pk, "into_member_id": bob.pk},
        summary="Merge",
        actor=one,
        reason="Old.",
        at=NOON,
    )

    with pytest.raises(Conflict, match="not on record"):
        approve(proposal_id=row.pk, actor=other, reason="Seen.", at=NOON)

    assert CustomerIdChange.objects.count() == 0


@pytest.mark.parametrize("page", ["{pk}/change/", "do/approve/?id={pk}"])
def test_who_approves_sees_what_both_have_and_what_changed(
    client: Client, proposal: Proposal, other: User, page: str
) -> None:
    client.force_login(other)
    proposals = "/admin/approvals/proposal/"
    address = proposals + page.format(pk=proposal.pk)

    panels = {panel.title: panel for panel in client.get(address).context["panels"]}
    tell(observe("tx-4", publisher_customer_id="ann", amount_minor=200))
    whole = client.get(f"{proposals}{proposal.pk}/change/")
    later = {panel.title: panel for panel in whole.context["panels"]}
    refused = client.get(f"{proposals}do/approve/?id={proposal.pk}", follow=True)

    ann, bob = panels["What ann has now"], panels["What bob has now"]
    assert (ann.rows, ann.note) == (
        [["USD", "5.00 USD", "3.00 USD", "0.00 USD", "3.00 USD"]],
        "Orders: 2",
    )
    assert (bob.rows, bob.note) == (
        [["USD", "0.00 USD", "0.50 USD", "0.00 USD", "0.50 USD"]],
        "Orders: 1",
    )
    changed = "It is not what was proposed any more"
    assert changed not in panels
    assert later[changed].rows == [
        ["USD pending: 5.00 then, 6.00 now"],
        ["orders: 2 then, 3 now"],
    ]
    assert "do/approve/" not in whole.content.decode()
    assert "do/reject/" in whole.content.decode()
    assert "propose it again" in refused.content.decode()


def test_nobody_is_named_to_who_may_not_read_members(client: Client, proposal: Proposal) -> None:
    guest = make_staff(username="guest")
    names = ["view_proposal", "decide_proposal", "merge_member"]
    guest.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(User.objects.get(pk=guest.pk))

    page = client.get(f"/admin/approvals/proposal/{proposal.pk}/change/")

    ann = Member.objects.get(customer_id="ann")
    titles = [panel.title for panel in page.context["panels"]]
    assert titles[0] == f"What member {ann.public_id} has now"
    assert not any("ann" in title or "bob" in title for title in titles)


def test_an_order_that_became_theirs_by_a_merge_is_not_said_to_have_moved(
    one: User, other: User, settings: Settings
) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 500}
    tell_each(
        observe("tx-1", publisher_customer_id="ann"), observe("tx-2", publisher_customer_id="bob")
    )
    order = Transaction.objects.get(children__tx_id="tx-1")
    moving = move_order(
        transaction_id=order.pk, customer_id="bob", actor=one, reason="theirs", at=NOON
    )
    assert isinstance(moving, Proposal)
    merging = merge_proposed("bob", "ann", by=one)
    approve(proposal_id=merging.pk, actor=other, reason="Seen.", at=NOON)

    with pytest.raises(Conflict, match=r"Nothing was moved: it is theirs already\. Reject it\."):
        approve(proposal_id=moving.pk, actor=other, reason="Fine.", at=NOON)

    moving.refresh_from_db()
    assert (moving.status, moving.result) == ("open", "")
    assert not TransactionRevision.objects.filter(kind="moved").exists()
