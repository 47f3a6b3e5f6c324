"""Named stories of what is rewarded, to whom and by which terms, with the balances after them."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from offers.models import Merchant
from tests.factories import (
    ACCOUNT,
    MEMBER,
    MERCHANT,
    NOON,
    balances,
    house,
    observe,
    tell,
)
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import EntryGroup
from transactions.models import ButtonAccount, ShareMode, Transaction
from transactions.told import Channel, OutcomeKind
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_agree() -> object:
    yield
    assert verify_ledger().differences == []


def test_test_money_is_kept_and_touches_nothing() -> None:
    tell(
        observe("tx-1", btn_ref="fakesrctok-0123456789abcdef"),
        observe("tx-2", merchant_id="org-228b55a5707de5c8"),
        observe("tx-3", is_test=True),
    )

    assert Transaction.objects.filter(is_test=True).count() == 3
    assert balances() == {}
    assert not EntryGroup.objects.exists()


def test_negative_commission_rewards_nothing_and_stands_in_the_margin() -> None:
    tell(observe(amount_minor=-250))

    assert balances() == {}
    assert house(AccountKind.MARGIN_PENDING) == 250
    assert "negative commission" in Transaction.objects.get().flags[0]


def test_a_zero_order_shows_as_tracked_with_no_reward() -> None:
    tell(observe(amount_minor=0))

    assert Transaction.objects.get().reward_minor == 0
    assert not EntryGroup.objects.exists()


@pytest.mark.parametrize(
    ("mode", "expected"), [(ShareMode.MEMBER, {"pending": 1001}), (ShareMode.PUBLISHER, {})]
)
def test_the_share_mode_of_the_account_decides_first(
    mode: ShareMode, expected: dict[str, int]
) -> None:
    ButtonAccount.objects.create(
        account_id=ACCOUNT, currency="USD", share_mode=mode, first_seen_at=NOON
    )

    tell(observe(amount_minor=1001))

    assert balances() == expected


def test_terms_hold_when_the_default_share_changes(settings: Settings) -> None:
    tell(observe(purchased_at=NOON))
    settings.REWARD_DEFAULT_SHARE_BPS = 1000

    tell(observe(minutes=5, amount_minor=2000, purchased_at=NOON))

    assert balances() == {"pending": 1000}


def test_a_brand_is_made_at_first_sight_and_named_as_soon_as_its_name_is_told() -> None:
    tell(observe())
    assert Merchant.objects.get().name == MERCHANT

    tell(observe("tx-2", merchant_name="Brand Example"))
    assert Merchant.objects.get().name == "Brand Example"


def test_a_customer_id_that_cannot_be_one_names_nobody_and_is_flagged() -> None:
    tell(observe(publisher_customer_id="näme with blanks"))

    order = Transaction.objects.get()
    assert order.member is None
    assert "the customer id told is not one" in order.flags[0]
    assert house(AccountKind.UNATTRIBUTED_PENDING) == -500


@pytest.mark.parametrize(
    ("field", "who"),
    [
        ("publisher_customer_id", MEMBER),
        ("either", MEMBER),
        ("pub_ref_is_customer_id", "their-ref"),
        ("pub_ref", None),
    ],
)
def test_the_attribution_field_says_whose_it_is(
    field: str, who: str | None, settings: Settings
) -> None:
    settings.ATTRIBUTION_FIELD = field

    tell(observe(pub_ref="their-ref"))

    member = Transaction.objects.get().member
    assert (member.customer_id if member else None) == who


def test_an_amount_that_no_order_is_worth_is_refused_alone() -> None:
    edge = 10**15
    first, second, third = tell(
        observe("tx-1", amount_minor=edge),
        observe("tx-2", amount_minor=edge + 1),
        observe("tx-3", amount_minor=-edge - 1),
    )

    assert first.kind is OutcomeKind.APPLIED
    assert (second.kind, third.kind) == (OutcomeKind.DEFERRED, OutcomeKind.DEFERRED)
    assert second.reason.startswith("the books refuse it")
    assert balances() == {"pending": edge // 2}


def test_the_api_showing_a_state_without_its_steps_is_marked() -> None:
    tell(observe(status="validated", minutes=60, channel=Channel.SYNC))

    revision = Transaction.objects.get().revisions.get()
    assert (revision.missing_from, revision.missing_until) == (NOON, NOON.replace(hour=13))
