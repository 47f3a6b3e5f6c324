"""Orders that name nobody: their reward waits until staff name the member."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from tests.factories import (
    NOON,
    balances,
    house,
    observe,
    tell,
    tell_each,
)
from transactions.attribution import assign_member
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, Entry
from transactions.models import Transaction
from transactions.told import OutcomeKind
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_agree() -> object:
    yield
    assert verify_ledger().differences == []


class TestUnattributed:
    @pytest.fixture
    def ops(self) -> User:
        return User.objects.create(username="ops")

    def assign(self, ops: User, customer_id: str = "member-9", reason: str = "ticket 7") -> object:
        order = Transaction.objects.get()
        return assign_member(
            transaction_id=order.pk, customer_id=customer_id, actor=ops, reason=reason, at=NOON
        )

    @pytest.mark.parametrize(
        ("status", "expected"),
        [("pending", {"pending": 500}), ("validated", {"available": 500}), ("declined", {})],
    )
    def test_the_reward_goes_where_the_order_stands_by_now(
        self, ops: User, status: str, expected: dict[str, int]
    ) -> None:
        tell_each(
            observe(publisher_customer_id=None),
            observe(publisher_customer_id=None, status=status, minutes=5),
        )
        assert balances("member-9") == {}

        self.assign(ops)

        assert balances("member-9") == expected
        assert house(AccountKind.UNATTRIBUTED_PENDING) == 0
        assert house(AccountKind.UNATTRIBUTED_AVAILABLE) == 0

    def test_naming_the_same_member_again_moves_nothing(self, ops: User) -> None:
        tell(observe(publisher_customer_id=None))
        self.assign(ops)
        entries = Entry.objects.count()

        self.assign(ops)

        assert Entry.objects.count() == entries

    def test_an_order_with_a_member_is_not_given_to_another(self, ops: User) -> None:
        tell(observe())

        with pytest.raises(Conflict):
            self.assign(ops)
        assert balances() == {"pending": 500}

    def test_installs_and_test_money_are_never_given_to_anybody(self, ops: User) -> None:
        tell(observe(category="app-install", button_order_id=None))
        with pytest.raises(Refused):
            self.assign(ops)

    @pytest.mark.parametrize(("customer_id", "reason"), [("no blanks", "why"), ("member-9", " ")])
    def test_a_customer_id_and_a_reason_are_needed(
        self, ops: User, customer_id: str, reason: str
    ) -> None:
        tell(observe(publisher_customer_id=None))
        with pytest.raises(InvalidInput):
            self.assign(ops, customer_id, reason)

    def test_an_adjustment_after_naming_reaches_the_member(self, ops: User) -> None:
        tell(observe(publisher_customer_id=None))
        self.assign(ops)

        tell(observe(publisher_customer_id=None, minutes=5, amount_minor=600, status="validated"))

        assert balances("member-9") == {"available": 300}
        account = Account.objects.get(kind=AccountKind.AVAILABLE)
        assert account.earned_minor == 300

    def test_button_naming_another_afterwards_waits_for_people(self, ops: User) -> None:
        tell(observe(publisher_customer_id=None))
        self.assign(ops)

        (outcome,) = tell(observe(minutes=5))

        assert (outcome.kind, outcome.reason) == (OutcomeKind.DEFERRED, "the member changed")
