"""Orders that are told before their click counts: committed late, or by another setting.

The first cannot happen in truth: a click is committed before its link is handed out
(offers/clicks/tap.py), and nobody can buy by a link that nobody has; a process that dies in between
leaves a reference that no shopper ever had. The tests say what would become of it all the same.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from offers.clicks.listing import Listed
from offers.clicks.models import Click
from offers.clicks.offer_token import Shown
from offers.clicks.services import Minted, mint, record_click
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_members
from tests.factories import MEMBER, MERCHANT, NOON, balances, house, observe, tell, tell_each
from tests.spending import differences
from tests.transactions.tapping import EIGHTY, tap
from tests.transactions.test_merging import merge, two
from transactions.ledger.chart import AccountKind
from transactions.models import Transaction
from transactions.told import Channel, OutcomeKind

__all__ = ["two"]  # a fixture

pytestmark = pytest.mark.django_db

TAPPED = NOON - timedelta(hours=1)


class Tap:
    """A link that Button has made, and a click that is not recorded yet."""

    def __init__(self) -> None:
        self.member = Member.objects.get(pk=ensure_members({MEMBER}, at=TAPPED)[MEMBER])
        self.shown = Shown(
            member_public_id=self.member.public_id,
            merchant_id=MERCHANT,
            offer_id="offer-41d0c7be9a2f6603-0",
            listed=Listed(value="10"),
            terms=EIGHTY.as_json(),
            reward={"type": "percent", "value": "8", "currency": None},
            shown_at=TAPPED,
        )
        self.minted: Minted = mint(self.shown)

    def commit(self) -> Click:
        return record_click(shown=self.shown, member=self.member, at=TAPPED, minted=self.minted)


@pytest.mark.parametrize(
    "again",
    [
        {"minutes": 5},
        {"minutes": 5, "amount_minor": 1001},
        {"minutes": 5, "status": "validated"},
        {"channel": Channel.SYNC},
        {"modified_at": NOON + timedelta(milliseconds=3)},
    ],
)
def test_an_order_before_its_click_waits_and_goes_by_it_at_the_next_word(
    again: dict[str, Any],
) -> None:
    late = Tap()
    words: dict[str, Any] = {"pub_ref": late.minted.pub_ref, "publisher_customer_id": None}
    tell(observe(**words))
    assert balances() == {}
    assert house(AccountKind.UNATTRIBUTED_PENDING) == -500

    click = late.commit()
    [outcome] = tell(observe(**(words | again)))

    assert outcome.kind is OutcomeKind.APPLIED
    [has] = balances().values()
    assert has == 800
    assert house(AccountKind.UNATTRIBUTED_PENDING) == 0
    assert Transaction.objects.get().click == click
    assert differences() == []


def test_the_very_same_words_bring_nothing_new() -> None:
    """They are «already so» before anybody looks who was meant: it waits on, for ops."""
    late = Tap()
    words: dict[str, Any] = {"pub_ref": late.minted.pub_ref, "publisher_customer_id": None}
    tell(observe(**words))
    late.commit()

    [outcome] = tell(observe(**words))

    assert (outcome.kind, outcome.reason) == (OutcomeKind.IGNORED, "already so")
    assert balances() == {}
    assert house(AccountKind.UNATTRIBUTED_PENDING) == -500
    assert differences() == []


@pytest.mark.parametrize(("status", "pot"), [("pending", "pending"), ("validated", "available")])
def test_a_setting_that_lets_the_click_name_counts_from_the_next_word_on(
    status: str, pot: str, settings: Settings
) -> None:
    """What is told again is news then: somebody has the reward who had it not.

    Of a final order the terms are kept: it was nobody's, by the default share, when it ended.
    """
    ref = tap().pub_ref
    words: dict[str, Any] = {"pub_ref": ref, "publisher_customer_id": None, "status": status}
    settings.ATTRIBUTION_FIELD = "publisher_customer_id"
    tell_each(observe(**words), observe(**words, channel=Channel.SYNC))
    assert balances() == {}

    settings.ATTRIBUTION_FIELD = "either"
    [outcome] = tell(observe(**words, minutes=5, channel=Channel.SYNC))

    assert balances() == {pot: 800 if status == "pending" else 500}
    assert outcome.kind is OutcomeKind.APPLIED
    assert differences() == []


@pytest.mark.parametrize("again", [{}, {"amount_minor": 1500}, {"status": "validated"}])
def test_somebody_elses_click_that_becomes_the_members_own_by_a_merge(
    two: tuple[User, User], again: dict[str, Any]
) -> None:
    """The order was promised the default share when it was told, and that is kept; the books are
    right before and after the next word.
    """
    ref = tap("ann").pub_ref
    words: dict[str, Any] = {"pub_ref": ref, "publisher_customer_id": MEMBER}
    tell(observe(**words))
    merge(two, "ann", MEMBER)
    assert differences() == []

    tell(observe(**(words | {"minutes": 5} | again)))

    expected = (again.get("amount_minor", 1000)) // 2
    assert balances() == {"available" if "status" in again else "pending": expected}
    assert differences() == []
