"""Moving an order from one member to another: what is taken back, from whom, and what it leaves."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from pytest_django import Settings

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import approve
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from tests.factories import MEMBER, NOON, balances, house, observe, tell, tell_each
from tests.spending import differences, earned, spend
from transactions.attribution import assign_member, move_order
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Entry, EntryGroup
from transactions.models import Transaction, TransactionRevision
from transactions.statement import transactions_of
from transactions.told import Outcome, OutcomeKind

pytestmark = pytest.mark.django_db

OTHER = "u-other"


@pytest.fixture(autouse=True)
def books_agree() -> object:
    yield
    assert differences() == []


@pytest.fixture
def ops() -> User:
    return User.objects.create(username="ops")


def move(ops: User, customer_id: str = OTHER, tx_id: str = "tx-1") -> Outcome | Proposal:
    order = Transaction.objects.get(children__tx_id=tx_id)
    return move_order(
        transaction_id=order.pk, customer_id=customer_id, actor=ops, reason="case 7", at=NOON
    )


def test_a_pending_order_goes_whole_and_follows_its_new_member(ops: User) -> None:
    tell(observe())

    move(ops)

    assert (balances(MEMBER), balances(OTHER)) == ({}, {"pending": 500})
    tell(observe(minutes=5, status="validated", amount_minor=600))
    assert (balances(MEMBER), balances(OTHER)) == ({}, {"available": 300})
    assert (earned(MEMBER), earned(OTHER)) == (0, 300)


def test_button_may_go_on_naming_the_member_it_was_moved_from(ops: User) -> None:
    tell(observe())
    move(ops)

    [same] = tell(observe(minutes=5, amount_minor=600))
    [third] = tell(observe(minutes=6, amount_minor=600, publisher_customer_id="u-third"))

    assert same.kind is OutcomeKind.APPLIED
    assert (third.kind, third.reason) == (OutcomeKind.DEFERRED, "the member changed")
    assert (balances(MEMBER), balances(OTHER)) == ({}, {"pending": 300})


def test_an_available_reward_is_taken_back_and_lifetime_is_never_reduced(ops: User) -> None:
    tell(observe(status="validated"))

    move(ops)

    assert (balances(MEMBER), balances(OTHER)) == ({}, {"available": 500})
    assert (earned(MEMBER), earned(OTHER)) == (500, 500)
    assert house(AccountKind.MARGIN_EARNED) == -500
    assert Transaction.objects.get().flags == []


def test_what_was_spent_stays_and_is_the_publishers_loss(ops: User) -> None:
    tell(observe(status="validated"))
    spend(MEMBER, 380)

    move(ops)

    assert (balances(MEMBER), balances(OTHER)) == ({"redeeming": 380}, {"available": 500})
    order = Transaction.objects.get()
    assert house(AccountKind.MARGIN_EARNED) == -120
    assert list(order.unrecovered.values()) == [380]
    assert order.flags == ["moved when 3.80 USD of it was spent: that much is the publisher's loss"]
    assert EntryGroup.objects.get(cause__endswith="revision/2").kind == "move"


def test_the_story_in_the_ledgers_page(ops: User) -> None:
    """docs/ledger.md: commission 600, reward 300; 200 of it are spent when it is moved."""
    tell_each(observe(), observe(minutes=5, amount_minor=600, status="validated"))
    spend(MEMBER, 200)

    move(ops)

    entries = Entry.objects.filter(group__kind="move").order_by("account__kind", "-debit_minor")
    assert list(entries.values_list("account__kind", "debit_minor", "credit_minor")) == [
        ("available", 100, 0),
        ("available", 0, 300),
        ("margin_earned", 200, 0),
    ]
    move(ops, MEMBER)
    assert balances(MEMBER) == {"available": 100, "redeeming": 200}
    assert house(AccountKind.MARGIN_EARNED) == -300


def test_what_another_order_left_available_is_taken_as_well(ops: User) -> None:
    """A balance is one pot: what was spent is not of one order or another."""
    tell_each(observe(status="validated"), observe("tx-2", status="validated"))
    spend(MEMBER, 700)

    move(ops)

    assert balances(MEMBER) == {"redeeming": 700}
    assert balances(OTHER) == {"available": 500}
    assert list(Transaction.objects.get(children__tx_id="tx-1").unrecovered.values()) == [200]


def test_a_move_by_mistake_is_undone_to_the_cent(ops: User) -> None:
    tell(observe(status="validated"))
    spend(MEMBER, 380)
    move(ops)

    move(ops, MEMBER)

    assert (balances(MEMBER), balances(OTHER)) == ({"available": 120, "redeeming": 380}, {})
    assert house(AccountKind.MARGIN_EARNED) == -500
    assert Transaction.objects.get().unrecovered == {}
    assert earned(MEMBER) == 500
    assert EntryGroup.objects.get(cause__endswith="revision/3").kind == "return"


def test_moved_on_twice_each_keeps_what_they_spent(ops: User) -> None:
    tell(observe(status="validated"))
    spend(MEMBER, 380)
    move(ops)
    spend(OTHER, 100)

    move(ops, "u-third")

    assert balances(MEMBER) == {"redeeming": 380}
    assert balances(OTHER) == {"redeeming": 100}
    assert balances("u-third") == {"available": 500}
    assert house(AccountKind.MARGIN_EARNED) == -20
    assert sorted(Transaction.objects.get().unrecovered.values()) == [100, 380]


def test_an_order_that_owes_nothing_only_changes_its_member(ops: User) -> None:
    tell_each(observe(), observe(status="declined", minutes=5))
    before = Entry.objects.count()

    move(ops)

    assert Entry.objects.count() == before
    assert [row.button_order_id for row in transactions_of(OTHER)[:9]] == ["btnorder-1"]
    assert transactions_of(MEMBER)[:9] == []


def test_the_same_move_again_moves_nothing(ops: User) -> None:
    tell(observe())
    move(ops)
    before = Entry.objects.count()

    again = move(ops)

    assert isinstance(again, Outcome)
    assert again.kind is OutcomeKind.IGNORED
    assert Entry.objects.count() == before
    assert TransactionRevision.objects.count() == 2


def test_what_cannot_be_moved_says_why_and_moves_nothing(ops: User) -> None:
    tell(observe(publisher_customer_id=None))
    tell(observe("tx-2", category="app-install"))
    before = Entry.objects.count()

    with pytest.raises(Conflict, match="no member yet"):
        move(ops)
    with pytest.raises(Refused, match="app install"):
        move(ops, tx_id="tx-2")
    with pytest.raises(InvalidInput):
        move(ops, "no blanks")

    assert Entry.objects.count() == before


def test_who_moved_it_and_why_is_on_the_record(ops: User) -> None:
    tell(observe())

    move(ops)

    revision = TransactionRevision.objects.get(kind="moved")
    assert (revision.actor, revision.approver, revision.reason) == (ops, None, "case 7")
    assert (revision.number, revision.change_minor) == (2, 0)


class TestTwoPeople:
    @pytest.fixture
    def lead(self) -> User:
        user = User.objects.create(username="lead")
        user.user_permissions.set(Permission.objects.filter(codename="move_transaction"))
        return user

    @pytest.fixture(autouse=True)
    def limit(self, settings: Settings) -> None:
        settings.MOVE_APPROVAL_LIMITS = {"USD": 500}

    def test_below_the_limit_one_person_is_enough(self, ops: User) -> None:
        tell(observe(amount_minor=998))

        assert isinstance(move(ops), Outcome)
        assert balances(OTHER) == {"pending": 499}

    def test_from_the_limit_on_a_second_person_is_asked_and_nothing_moves(self, ops: User) -> None:
        tell(observe())

        proposal = move(ops)

        assert isinstance(proposal, Proposal)
        assert proposal.summary.startswith("Move order btnorder-1 (pending, reward 5.00 USD) from")
        assert MEMBER not in proposal.summary + str(proposal.payload)
        assert (balances(MEMBER), balances(OTHER)) == ({"pending": 500}, {})
        assert move(ops) == proposal

    def test_who_approves_carries_it_out_and_both_are_on_the_record(
        self, ops: User, lead: User
    ) -> None:
        tell(observe(status="validated"))
        spend(MEMBER, 380)
        proposal = move(ops)
        assert isinstance(proposal, Proposal)

        done = approve(proposal_id=proposal.pk, actor=lead, reason="looked at it", at=NOON)

        assert done.result == (
            "Order btnorder-1 moved, 5.00 USD; 3.80 USD of it could not be taken back."
        )
        assert balances(OTHER) == {"available": 500}
        revision = TransactionRevision.objects.get(kind="moved")
        assert (revision.actor, revision.approver) == (ops, lead)
        assert revision.reason == "case 7 / approved: looked at it"

    def test_nobody_approves_their_own(self, lead: User) -> None:
        tell(observe())
        proposal = move(lead)
        assert isinstance(proposal, Proposal)

        with pytest.raises(Refused):
            approve(proposal_id=proposal.pk, actor=lead, reason="me again", at=NOON)

        assert balances(MEMBER) == {"pending": 500}

    def test_an_order_that_changed_since_is_not_moved(self, ops: User, lead: User) -> None:
        tell(observe())
        proposal = move(ops)
        assert isinstance(proposal, Proposal)
        tell(observe(minutes=5, amount_minor=1002))

        with pytest.raises(Conflict, match="changed since this was proposed"):
            approve(proposal_id=proposal.pk, actor=lead, reason="fine", at=NOON)

        assert (balances(MEMBER), balances(OTHER)) == ({"pending": 501}, {})

    def test_a_currency_without_a_limit_always_asks(self, ops: User) -> None:
        tell(observe(currency="JPY", amount_minor=2))

        assert isinstance(move(ops), Proposal)

    def test_naming_the_member_of_an_order_without_one_never_asks(self, ops: User) -> None:
        tell(observe(publisher_customer_id=None))

        assign_member(
            transaction_id=Transaction.objects.get().pk,
            customer_id=OTHER,
            actor=ops,
            reason="receipt",
            at=NOON,
        )

        assert balances(OTHER) == {"pending": 500}
