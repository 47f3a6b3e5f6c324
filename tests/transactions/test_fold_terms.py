"""Terms go by what Button said until the order was final, in whatever order that arrives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from pytest_django import Settings

from offers.rules.reward import Terms
from tests.factories import MEMBER, MERCHANT, NOON, balances, house, observe, tell, tell_each
from tests.members.calling import read
from tests.spending import differences, earned, spend
from transactions.clicked import Naming
from transactions.fold import Step, fold
from transactions.ledger.chart import AccountKind
from transactions.models import ButtonAccount, ShareMode, Transaction, TransactionRevision
from transactions.order import OrderState
from transactions.terms import TermsFacts
from transactions.told import Channel, OutcomeKind, Told

EARLY = NOON - timedelta(days=1)
LIVE = NOON - timedelta(hours=1)

PENDING = observe(purchased_at=EARLY)
"""The webhook that tells when it was bought: before go-live."""
VALIDATED = observe(minutes=60, status="validated", channel=Channel.SYNC)
"""The row of the API that does not."""


@pytest.fixture(autouse=True)
def live(settings: Settings) -> Iterator[None]:
    settings.GO_LIVE_AT = LIVE
    settings.REWARD_BEFORE_GO_LIVE = False
    yield
    assert differences() == []


def source() -> str:
    return str(Transaction.objects.get().terms["source"])


@pytest.mark.django_db
class TestWhatIsOlderThanTheFinalState:
    def test_it_chooses_the_terms_again_when_it_arrives_late(self) -> None:
        tell(VALIDATED)
        assert (balances(), source()) == ({"available": 500}, "default share")

        (outcome,) = tell(PENDING)

        assert outcome.kind is OutcomeKind.APPLIED
        assert (balances(), source()) == ({}, "before go-live: no reward")
        assert house(AccountKind.MARGIN_EARNED) == -1000
        assert house(AccountKind.COMMISSION_RECEIVABLE) == 1000

    def test_the_member_reads_why(self) -> None:
        tell_each(VALIDATED, PENDING)

        [order] = read("transactions/", customer_id=MEMBER)["results"]

        assert (order["status"], order["reward"]) == ("available", 0)
        assert [(step["change"], step["why"]) for step in order["history"]] == [
            (500, "The store confirmed your purchase; the reward is yours."),
            (-500, "Your reward was corrected from 5.00 to 0.00 USD."),
        ]

    def test_what_was_spent_of_it_is_not_taken_back_behind_their_back(self) -> None:
        tell(VALIDATED)
        spend(MEMBER, 200)

        (outcome,) = tell(PENDING)

        assert outcome.kind is OutcomeKind.DEFERRED
        assert outcome.reason == (
            "the books refuse it: the member's available USD would fall below zero "
            "(-200 minor units)"
        )
        assert balances() == {"available": 300, "redeeming": 200}
        assert (source(), TransactionRevision.objects.count()) == ("default share", 1)

    def test_it_is_taken_when_the_balance_bears_it(self) -> None:
        tell_each(VALIDATED, observe("tx-2", status="validated", created_at=NOON))
        spend(MEMBER, 200)

        tell(PENDING)

        assert balances() == {"available": 300, "redeeming": 200}
        assert earned() == 1000

    def test_what_is_told_late_may_be_for_the_better(self) -> None:
        tell(observe(minutes=60, status="validated", created_at=EARLY))
        assert balances() == {}

        tell(observe(created_at=EARLY, purchased_at=NOON))

        assert (balances(), earned()) == ({"available": 500}, 500)

    def test_what_is_taken_back_and_given_again_is_earned_once(self) -> None:
        tell_each(VALIDATED, PENDING, observe(minutes=5, purchased_at=NOON))

        assert (balances(), earned()) == ({"available": 500}, 500)

    @pytest.mark.parametrize("order", list(permutations(range(4))))
    def test_every_order_of_arrival_ends_the_same(self, order: tuple[int, ...]) -> None:
        events = [
            observe(purchased_at=NOON),
            observe(minutes=5, event_at=EARLY),
            observe(minutes=9, status="validated", channel=Channel.SYNC),
            observe(minutes=20, status="validated", purchased_at=EARLY),
        ]

        tell_each(*(events[index] for index in order))

        assert balances() == {"available": 500}
        assert Transaction.objects.get().purchased_at == EARLY

    def test_the_final_state_itself_may_tell_it(self) -> None:
        early = observe(minutes=60, status="validated", purchased_at=EARLY)

        for whose, events in {"a": (observe(), early), "b": (early, observe())}.items():
            tell_each(*(_of(whose, event) for event in events))

        assert (balances("a"), balances("b")) == ({}, {})

    def test_what_makes_no_difference_keeps_the_terms_given(self, settings: Settings) -> None:
        """The share is another by now; that it was bought at noon is no reason to apply it."""
        tell(VALIDATED)
        settings.REWARD_DEFAULT_SHARE_BPS = 1000

        tell(observe(purchased_at=NOON))

        assert balances() == {"available": 500}

    def test_the_share_mode_set_since_is_not_applied_either(self) -> None:
        tell(VALIDATED)
        ButtonAccount.objects.update(share_mode=ShareMode.PUBLISHER)

        tell(observe(purchased_at=NOON))

        assert balances() == {"available": 500}

    def test_told_again_it_changes_nothing(self) -> None:
        tell_each(VALIDATED, PENDING)

        (outcome,) = tell(PENDING)

        assert outcome.kind is OutcomeKind.IGNORED
        assert TransactionRevision.objects.count() == 2


@pytest.mark.django_db
class TestWhatIsNewerThanTheFinalState:
    def test_it_changes_no_terms(self) -> None:
        tell_each(VALIDATED, observe(minutes=90, status="validated", purchased_at=EARLY))

        assert (balances(), source()) == ({"available": 500}, "default share")
        assert Transaction.objects.get().purchased_at == EARLY

    def test_it_changes_no_terms_when_it_comes_first(self) -> None:
        tell(observe(minutes=90, status="validated", purchased_at=EARLY))
        assert balances() == {}

        tell(VALIDATED)

        assert (balances(), source()) == ({"available": 500}, "default share")

    def test_nor_when_it_is_another_tx_of_the_order(self) -> None:
        tell_each(
            observe("tx-1", minutes=60, status="validated"),
            observe("tx-2", minutes=90, button_order_id="btnorder-1", purchased_at=EARLY),
        )

        assert balances() == {"available": 500}


@pytest.mark.django_db
def test_a_word_that_says_it_is_test_money_counts_though_it_is_old() -> None:
    tell(observe(minutes=60, status="validated", btn_ref="srctok-7d1f"))

    tell(observe(btn_ref="fakesrctok-0123456789abcdef"))

    assert Transaction.objects.get().is_test
    assert balances() == {}


class TestWhatTermsAreChosenBy:
    """By the pure rule, with a choice that writes down what it was asked."""

    def facts_of(self, *told: Told) -> list[tuple[datetime, str | None]]:
        asked: list[tuple[datetime, str | None]] = []

        def choose(facts: TermsFacts) -> Terms:
            asked.append((facts.purchased_at, facts.merchant_id))
            return Terms(share_bps=1, source="a test")

        order = OrderState(currency="USD", category="new-user-order", is_test=False)
        for one in told:
            step = fold(
                order,
                one,
                naming=Naming(attribution_field="either"),
                choose=choose,
                holds=lambda _brand: False,
            )
            assert isinstance(step, Step)
            order = step.order
        return asked

    def test_a_merchant_told_late_counts(self) -> None:
        final = observe(minutes=60, status="validated", merchant_id=None)

        assert self.facts_of(final, observe()) == [(NOON, None), (NOON, MERCHANT)]

    def test_a_merchant_told_after_the_final_state_does_not(self) -> None:
        final = observe(minutes=60, status="validated", merchant_id=None)

        assert self.facts_of(final, observe(minutes=90, status="validated")) == [(NOON, None)]

    def test_what_is_not_better_known_is_not_asked_again(self) -> None:
        assert self.facts_of(observe(), observe(minutes=5), observe(minutes=9, amount_minor=7)) == [
            (NOON, MERCHANT)
        ]


def _of(whose: str, told: Told) -> Told:
    """The same, told of another member's order."""
    values = {
        name: getattr(told.observation, name) for name in ("status", "purchased_at", "modified_at")
    }
    return observe(f"tx-{whose}", publisher_customer_id=whose, **values)
