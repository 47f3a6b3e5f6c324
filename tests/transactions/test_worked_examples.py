"""Named stories with the balances after each step; docs/ledger.md tells them as prose."""

from __future__ import annotations

from typing import Any

import pytest

from rewards_site.members.models import Member
from tests.factories import (
    ACCOUNT,
    MERCHANT,
    NOON,
    balances,
    house,
    observe,
    tell,
    tell_each,
)
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Entry
from transactions.models import Transaction
from transactions.told import Channel, OutcomeKind
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_agree() -> object:
    yield
    assert verify_ledger().differences == []


def test_an_order_is_pending_adjusted_and_validated() -> None:
    assert tell_each(observe(amount_minor=587))[0].kind is OutcomeKind.APPLIED
    assert balances() == {"pending": 293}

    tell(observe(amount_minor=347, minutes=5))
    assert balances() == {"pending": 173}

    tell(observe(amount_minor=347, minutes=9, status="validated"))
    assert balances() == {"available": 173}
    assert house(AccountKind.COMMISSION_PENDING) == 0
    assert house(AccountKind.COMMISSION_RECEIVABLE) == 347
    assert house(AccountKind.MARGIN_EARNED) == -174


def test_a_declined_order_leaves_nothing_whatever_amount_it_still_tells() -> None:
    tell_each(observe(), observe(status="declined", minutes=5, amount_minor=1000))

    assert balances() == {}
    assert Transaction.objects.get().reward_minor == 0
    assert house(AccountKind.COMMISSION_PENDING) == 0


@pytest.mark.parametrize("status", ["validated", "declined", "pending"])
def test_the_first_sight_may_be_any_state(status: str) -> None:
    tell(observe(status=status))

    expected: dict[str, dict[str, int]] = {
        "validated": {"available": 500},
        "declined": {},
        "pending": {"pending": 500},
    }
    assert balances() == expected[status]


def test_the_same_word_twice_moves_nothing() -> None:
    tell(observe())
    entries = Entry.objects.count()

    assert [outcome.kind for outcome in tell_each(observe(), observe())] == [
        OutcomeKind.IGNORED,
        OutcomeKind.IGNORED,
    ]
    assert Entry.objects.count() == entries


def test_what_is_older_is_ignored() -> None:
    tell(observe(amount_minor=347, minutes=5))

    (outcome,) = tell(observe(amount_minor=587))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.IGNORED, "older than what is known")
    assert balances() == {"pending": 173}


@pytest.mark.parametrize(
    ("later", "why"),
    [
        ({"status": "declined"}, "told as declined after it was validated, which is final"),
        ({"status": "pending"}, "told as pending after it was validated, which is final"),
        (
            {"status": "validated", "amount_minor": 900},
            "another amount (900) after it was validated with 1000, which is final",
        ),
    ],
)
def test_after_a_final_state_anything_else_waits_for_people(
    later: dict[str, Any], why: str
) -> None:
    tell(observe(status="validated"))

    (outcome,) = tell(observe(minutes=5, **later))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.DEFERRED, why)
    assert balances() == {"available": 500}


def test_validated_is_not_rejected() -> None:
    """The first of the eight faults of the one public integration."""
    tell(observe(status="validated"))

    assert balances() == {"available": 500}


def test_each_currency_has_its_own_account_and_minor_unit() -> None:
    """USD and a division by 100 for every currency was another of its faults."""
    for number, (currency, amount) in enumerate([("USD", 999), ("JPY", 999), ("KWD", 1999)]):
        tell(
            observe(
                f"tx-{number}", account_id=f"acc-{currency}", currency=currency, amount_minor=amount
            )
        )

    assert balances(currency="USD") == {"pending": 499}
    assert balances(currency="JPY") == {"pending": 499}
    assert balances(currency="KWD") == {"pending": 999}


def test_an_install_never_reaches_a_member() -> None:
    tell(
        observe(category="app-install", status="validated", amount_minor=100, button_order_id=None)
    )

    assert balances() == {}
    assert not Member.objects.exists()
    assert house(AccountKind.COMMISSION_RECEIVABLE) == 100
    assert house(AccountKind.MARGIN_EARNED) == -100


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"category": "gift"}, "unknown category 'gift'"),
        ({"currency": "PTS"}, "unknown currency 'PTS'"),
        ({"currency": "XYZ"}, "unknown currency 'XYZ'"),
    ],
)
def test_what_is_unknown_waits_for_people(fields: dict[str, Any], why: str) -> None:
    (outcome,) = tell(observe(**fields))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.DEFERRED, why)
    assert not Transaction.objects.exists()


def test_another_currency_than_the_accounts_waits_for_people() -> None:
    tell(observe())

    (outcome,) = tell(observe("tx-2", currency="GBP"))

    assert outcome.kind is OutcomeKind.DEFERRED
    assert outcome.reason == f"currency GBP on account {ACCOUNT}, which is in USD"


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"publisher_customer_id": "somebody-else"}, "member"),
        ({"merchant_id": "org-other"}, "brand"),
        ({"category": "existing-user-order"}, "category"),
    ],
)
def test_a_known_order_that_changes_who_or_what_it_is_waits_for_people(
    fields: dict[str, Any], word: str
) -> None:
    tell(observe())

    (outcome,) = tell(observe(minutes=5, amount_minor=9999, **fields))

    assert outcome.kind is OutcomeKind.DEFERRED
    assert f"the {word}" in outcome.reason
    assert balances() == {"pending": 500}
    assert balances("somebody-else") == {}


@pytest.mark.parametrize("late_first", [False, True])
def test_null_never_overwrites_and_a_value_replaces_null(late_first: bool) -> None:
    named = observe(order_total_minor=8450)
    bare = observe(minutes=5, publisher_customer_id=None, merchant_id=None)
    tell_each(*((bare, named) if late_first else (named, bare)))

    order = Transaction.objects.get()
    assert balances() == {"pending": 500}
    assert (order.merchant_id, order.order_total_minor) == (MERCHANT, 8450)


def test_several_tx_ids_of_one_order_are_never_added_up() -> None:
    tell(observe("tx-1", button_order_id="btnorder-A", amount_minor=1000))
    tell(
        observe("tx-1", button_order_id="btnorder-A", status="declined", minutes=5),
        observe(
            "tx-2",
            button_order_id="btnorder-A",
            amount_minor=600,
            minutes=5,
            created_at=NOON.replace(minute=5),
        ),
    )
    assert balances() == {"pending": 300}

    tell(
        observe(
            "tx-2",
            button_order_id="btnorder-A",
            amount_minor=600,
            minutes=9,
            created_at=NOON.replace(minute=5),
            status="validated",
        )
    )
    assert balances() == {"available": 300}
    assert Transaction.objects.count() == 1


def test_a_second_validated_tx_id_of_another_amount_waits_for_people() -> None:
    tell(observe("tx-1", button_order_id="btnorder-A", status="validated"))

    same, other = tell(
        observe("tx-2", button_order_id="btnorder-A", status="validated"),
        observe("tx-3", button_order_id="btnorder-A", status="validated", amount_minor=7),
    )

    assert (same.kind, other.kind) == (OutcomeKind.APPLIED, OutcomeKind.DEFERRED)
    assert balances() == {"available": 500}


def test_a_tx_id_stays_with_its_first_account_and_order() -> None:
    tell(observe("tx-1", button_order_id="btnorder-A"))

    outcomes = tell(
        observe("tx-1", button_order_id="btnorder-B", minutes=5),
        observe("tx-1", account_id="acc-other", minutes=5),
    )

    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.DEFERRED] * 2
    assert Transaction.objects.count() == 1


def test_a_button_order_id_told_later_is_taken_over() -> None:
    tell(observe("tx-1", button_order_id=None))
    assert Transaction.objects.get().order_key == "tx-1"

    tell(observe("tx-1", button_order_id="btnorder-A", minutes=5, amount_minor=600))

    order = Transaction.objects.get()
    assert (order.order_key, order.button_order_id) == ("btnorder-A", "btnorder-A")
    assert balances() == {"pending": 300}


def test_a_button_order_id_told_later_that_is_another_order_waits_for_people() -> None:
    tell(observe("tx-1", button_order_id=None), observe("tx-2", button_order_id="btnorder-A"))

    (outcome,) = tell(observe("tx-1", button_order_id="btnorder-A", minutes=5))

    assert outcome.kind is OutcomeKind.DEFERRED
    assert balances() == {"pending": 1000}


def test_in_a_tie_the_row_of_the_api_wins() -> None:
    tell(observe(amount_minor=1000))
    tell(observe(amount_minor=600, channel=Channel.SYNC))
    assert balances() == {"pending": 300}

    tell(observe(amount_minor=1000, modified_at=NOON.replace(microsecond=900_000)))
    assert balances() == {"pending": 300}


def test_in_a_tie_of_webhooks_the_smaller_amount_is_taken_and_flagged() -> None:
    tell_each(observe(amount_minor=600), observe(amount_minor=1000))

    assert balances() == {"pending": 300}

    tell(observe("tx-2", amount_minor=1000), observe("tx-2", amount_minor=600))
    assert balances() == {"pending": 600}
    assert "the smaller was taken" in Transaction.objects.get(order_key="btnorder-2").flags[0]
