"""The history of a transaction, in a member's words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from rewards_site.button.schemas import ButtonStatus
from tests.factories import MEMBER, NOON, observe, tell
from tests.members.calling import read
from transactions.attribution import assign_member
from transactions.history import history_of
from transactions.models import Transaction
from transactions.statement_rows import RevisionRow
from transactions.told import Told

pytestmark = pytest.mark.django_db

Step = tuple[str, int, int, str]
PENDING, VALIDATED, DECLINED = ButtonStatus.PENDING, ButtonStatus.VALIDATED, ButtonStatus.DECLINED


def say(*steps: tuple[ButtonStatus, int], currency: str = "USD") -> None:
    """Have Button say of one order these states with these commissions, a minute apart."""
    for minute, (status, amount) in enumerate(steps):
        told = observe(
            "tx-1", minutes=minute, status=status, amount_minor=amount, currency=currency
        )
        hear(told)


def hear(told: Told) -> None:
    """Take it in a second after it happened."""
    tell(told, at=told.observation.modified_at + timedelta(seconds=1))


def history(customer_id: str = MEMBER) -> list[Step]:
    """status, reward, change and words of the one order that the member has."""
    (row,) = read("transactions/", customer_id=customer_id)["results"]
    assert sum(step["change"] for step in row["history"]) == row["reward"]
    assert row["history"][-1]["status"] == row["status"]
    times = [step["at"] for step in row["history"]]
    assert times == sorted(times)
    return [
        (step["status"], step["reward"], step["change"], step["why"]) for step in row["history"]
    ]


def words(customer_id: str = MEMBER) -> list[str]:
    return [step[3] for step in history(customer_id)]


def test_an_order_that_is_changed_and_then_confirmed() -> None:
    say((PENDING, 800), (PENDING, 500), (VALIDATED, 500))

    assert history() == [
        ("pending", 400, 400, "The store reported your purchase."),
        (
            "pending",
            250,
            -150,
            "The store changed your order: the reward went from 4.00 to 2.50 USD.",
        ),
        ("available", 250, 0, "The store confirmed your purchase; the reward is yours."),
    ]


def test_amounts_are_written_with_the_digits_of_their_currency() -> None:
    say((PENDING, 800), (PENDING, 500), currency="JPY")

    assert words()[1] == "The store changed your order: the reward went from 400 to 250 JPY."


def test_an_order_that_is_cancelled() -> None:
    say((PENDING, 800), (DECLINED, 800))

    assert history() == [
        ("pending", 400, 400, "The store reported your purchase."),
        (
            "declined",
            0,
            -400,
            "The store cancelled or returned this order; the reward was taken back.",
        ),
    ]


def test_an_order_that_is_confirmed_with_another_amount() -> None:
    say((PENDING, 800), (VALIDATED, 1000))

    assert history()[1] == (
        "available",
        500,
        100,
        "The store confirmed your purchase with changes: "
        "the reward went from 4.00 to 5.00 USD, and is yours.",
    )


@pytest.mark.parametrize(
    ("status", "amount", "sentence"),
    [
        (PENDING, 0, "The store reported your purchase. So far it earns no reward."),
        (PENDING, -300, "The store reported your purchase. So far it earns no reward."),
        (VALIDATED, 800, "The store confirmed your purchase; the reward is yours."),
        (VALIDATED, 0, "The store confirmed your purchase. It earned no reward."),
        (DECLINED, 800, "The store cancelled or returned this order; it earned no reward."),
    ],
)
def test_the_first_we_hear_of_it_may_be_any_state(
    status: ButtonStatus, amount: int, sentence: str
) -> None:
    say((status, amount))

    assert words() == [sentence]


def test_a_cancelled_order_that_never_earned_says_so() -> None:
    say((PENDING, 0), (DECLINED, 0))

    assert words()[1] == "The store cancelled or returned this order; it earned no reward."


def test_an_order_confirmed_at_nothing() -> None:
    say((PENDING, 800), (VALIDATED, 0))

    assert history()[1] == (
        "available",
        0,
        -400,
        "The store confirmed your purchase. It earned no reward.",
    )


def test_what_changes_nothing_for_the_member_is_not_told() -> None:
    say((PENDING, 800), (PENDING, 801), (PENDING, 800))
    hear(observe("tx-1", minutes=9, amount_minor=800, order_total_minor=5000))
    assert Transaction.objects.get().revision_count > 1

    assert history() == [("pending", 400, 400, "The store reported your purchase.")]


def test_an_order_that_comes_back_under_a_new_id() -> None:
    say((PENDING, 800), (DECLINED, 800))
    for minutes, status in ((61, PENDING), (62, VALIDATED)):
        hear(
            observe(
                "tx-2",
                minutes=minutes,
                status=status,
                amount_minor=600,
                button_order_id="btnorder-1",
                created_at=NOON.replace(hour=13),
            )
        )

    assert history()[2:] == [
        ("pending", 300, 300, "The store reported this order again; the reward is pending."),
        ("available", 300, 0, "The store confirmed your purchase; the reward is yours."),
    ]


def test_an_order_matched_later_begins_where_it_became_theirs() -> None:
    hear(observe("tx-1", publisher_customer_id=None, amount_minor=800))
    hear(observe("tx-1", publisher_customer_id=None, minutes=1, amount_minor=500))
    assign("user-42")
    hear(observe("tx-1", publisher_customer_id=None, minutes=2, amount_minor=500, status=VALIDATED))

    assert history("user-42") == [
        ("pending", 250, 250, "Your purchase was matched to you."),
        ("available", 250, 0, "The store confirmed your purchase; the reward is yours."),
    ]
    assert read("transactions/")["results"] == []


@pytest.mark.parametrize(
    ("status", "amount", "step"),
    [
        (
            VALIDATED,
            800,
            ("available", 400, 400, "Your purchase was matched to you; the reward is yours."),
        ),
        (
            VALIDATED,
            0,
            ("available", 0, 0, "Your purchase was matched to you. It earned no reward."),
        ),
        (
            DECLINED,
            800,
            ("declined", 0, 0, "The store cancelled or returned this order; it earned no reward."),
        ),
    ],
)
def test_an_order_matched_after_it_was_final(status: ButtonStatus, amount: int, step: Step) -> None:
    hear(observe("tx-1", publisher_customer_id=None, amount_minor=amount, status=status))
    assign("user-42")

    assert history("user-42") == [step]


def test_an_order_that_button_names_the_member_of_later() -> None:
    hear(observe("tx-1", publisher_customer_id=None, amount_minor=800))
    hear(observe("tx-1", minutes=1, amount_minor=800))

    assert history() == [("pending", 400, 400, "Your purchase was matched to you.")]


def test_what_it_was_with_another_member_is_never_shown() -> None:
    told = [(1, None), (2, 7), (3, 7), (4, 8), (5, 7), (6, 7)]
    revisions = [
        RevisionRow(
            number=number,
            member_id=member_id,
            status=PENDING,
            reward_minor=100 * number,
            recorded_at=NOON + timedelta(minutes=number),
        )
        for number, member_id in told
    ]

    steps = history_of(revisions, member_id=7, currency="USD")

    assert [(step.reward_minor, step.change_minor, step.why) for step in steps] == [
        (500, 500, "Your purchase was matched to you."),
        (600, 100, "The store changed your order: the reward went from 5.00 to 6.00 USD."),
    ]
    assert history_of(revisions, member_id=8, currency="USD") == []


@pytest.mark.parametrize("before", list(ButtonStatus))
@pytest.mark.parametrize("after", list(ButtonStatus))
@pytest.mark.parametrize("rewards", [(0, 0), (400, 400), (400, 250), (0, 250), (400, 0)])
def test_every_change_has_a_sentence_without_gaps(
    before: ButtonStatus, after: ButtonStatus, rewards: tuple[int, int]
) -> None:
    revisions = [
        RevisionRow(
            number=number, member_id=7, status=status, reward_minor=reward, recorded_at=NOON
        )
        for number, status, reward in ((1, before, rewards[0]), (2, after, rewards[1]))
    ]

    steps = history_of(revisions, member_id=7, currency="USD")

    assert len(steps) == (1 if (before, rewards[0]) == (after, rewards[1]) else 2)
    for step in steps:
        assert step.why.endswith(".")
        assert "%" not in step.why
        assert "commission" not in step.why.lower()


def assign(customer_id: str) -> None:
    assign_member(
        transaction_id=Transaction.objects.get().pk,
        customer_id=customer_id,
        actor=User.objects.create(username="ops"),
        reason="The shopper sent the receipt; secret words of staff.",
        at=NOON + timedelta(minutes=1, seconds=30),
    )
