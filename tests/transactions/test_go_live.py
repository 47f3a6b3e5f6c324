"""GO_LIVE_AT: what was bought before it is booked in silence, and earns only if it is to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from tests.factories import NOON, balances, house, observe, tell, tell_each
from transactions.go_live import is_before_go_live
from transactions.ledger.chart import AccountKind
from transactions.models import ButtonAccount, ShareMode, Transaction
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db

BEFORE = NOON - timedelta(days=400)


@pytest.fixture(autouse=True)
def books_agree(settings: Settings) -> object:
    """Also after the settings have changed: the terms stand with the orders."""
    yield
    settings.GO_LIVE_AT = None
    settings.REWARD_BEFORE_GO_LIVE = True
    settings.REWARD_DEFAULT_SHARE_BPS = 1
    assert verify_ledger().differences == []


@pytest.fixture
def silent(settings: Settings) -> None:
    settings.GO_LIVE_AT = NOON
    settings.REWARD_BEFORE_GO_LIVE = False


def test_without_a_go_live_nothing_is_before_it() -> None:
    assert not is_before_go_live(BEFORE)


def test_the_instant_itself_is_live(settings: Settings) -> None:
    settings.GO_LIVE_AT = NOON

    assert is_before_go_live(NOON - timedelta(microseconds=1))
    assert not is_before_go_live(NOON)


def test_before_go_live_orders_earn_unless_told_not_to(settings: Settings) -> None:
    settings.GO_LIVE_AT = NOON

    tell(observe(purchased_at=BEFORE))

    assert balances() == {"pending": 500}
    assert is_before_go_live(Transaction.objects.get().purchased_at)


def test_told_not_to_all_of_it_is_margin_and_stays_so(silent: None) -> None:
    tell_each(
        observe(purchased_at=BEFORE),
        observe(purchased_at=BEFORE, minutes=5, status="validated"),
    )

    order = Transaction.objects.get()
    assert balances() == {}
    assert order.member is not None
    assert order.terms["source"] == "before go-live: no reward"
    assert house(AccountKind.MARGIN_EARNED) == -1000


def test_terms_once_given_hold_when_the_setting_changes(silent: None, settings: Settings) -> None:
    tell(observe(purchased_at=BEFORE))
    settings.REWARD_BEFORE_GO_LIVE = True

    tell(observe(purchased_at=BEFORE, minutes=5, amount_minor=2000))

    assert balances() == {}


def test_a_purchase_time_told_while_pending_decides_anew(silent: None) -> None:
    """`created_date` is after go-live; that it was bought before is told later."""
    tell(observe())
    assert balances() == {"pending": 500}

    tell(observe(purchased_at=BEFORE, minutes=5))

    assert balances() == {}


def test_it_goes_before_the_share_mode_of_the_account(silent: None) -> None:
    tell(observe("tx-0"))
    ButtonAccount.objects.update(share_mode=ShareMode.MEMBER)

    tell(observe("tx-1", purchased_at=BEFORE, publisher_customer_id="u-early"))

    assert balances("u-early") == {}
