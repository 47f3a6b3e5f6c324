"""Orders that name a click: whose they are, and what they are rewarded by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.exceptions import IrreversibleError
from pytest_django import Settings

from offers.rules.terms import Terms, TermsKind
from tests.factories import MEMBER, NOON, balances, house, observe, tell, tell_each
from tests.members.calling import read
from tests.spending import differences
from tests.transactions.tapping import EIGHTY, tap
from tests.transactions.test_merging import merge, two
from transactions.ledger.chart import AccountKind
from transactions.models import ButtonAccount, ShareMode, Transaction
from transactions.told import OutcomeKind

OTHER = "u-0000000000b2"
OTHER_BRAND = "org-19ab88d0e5c27f36"

__all__ = ["two"]  # a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books() -> Iterator[None]:
    yield
    assert differences() == []


def order() -> Transaction:
    return Transaction.objects.get()


class TestWhose:
    def test_a_click_names_its_member_and_its_terms(self) -> None:
        click = tap()

        tell(observe(publisher_customer_id=None, pub_ref=click.pub_ref))

        assert balances() == {"pending": 800}
        assert (order().click, order().terms) == (click, EIGHTY.as_json())
        [shown] = read("transactions/", customer_id=MEMBER)["results"]
        assert shown["click_id"] == str(click.public_id)

    @pytest.mark.parametrize(
        "altered",
        [
            lambda ref: ref[:-1],
            lambda ref: ref + "A",
            lambda ref: ref.swapcase(),
            lambda ref: ref[:40] + ("A" if ref[40] != "A" else "B") + ref[41:],
            lambda ref: " " + ref,
        ],
    )
    def test_an_altered_reference_names_nobody(self, altered: object) -> None:
        assert callable(altered)
        click = tap()

        tell(observe(publisher_customer_id=None, pub_ref=altered(click.pub_ref)))

        assert balances() == {}
        assert order().click is None
        assert order().terms["source"] == "default share"
        assert house(AccountKind.UNATTRIBUTED_PENDING) == -500

    def test_a_bare_offer_id_is_kept_and_names_nobody(self) -> None:
        tell(observe(publisher_customer_id=None, pub_ref="offer-41d0c7be9a2f6603-0"))

        assert balances() == {}
        assert order().pub_ref == "offer-41d0c7be9a2f6603-0"

    def test_a_click_at_another_brand_gives_nothing_and_is_flagged(self) -> None:
        click = tap(merchant_id=OTHER_BRAND)

        tell(observe(publisher_customer_id=None, pub_ref=click.pub_ref))

        assert balances() == {}
        assert order().flags == [
            "the pub_ref told is of a click at another brand: it counts for nothing"
        ]

    def test_the_customer_id_goes_before_another_members_click(self) -> None:
        click = tap(OTHER)

        tell(observe(pub_ref=click.pub_ref))

        assert (balances(), balances(OTHER)) == ({"pending": 500}, {})
        assert order().click is None
        assert order().flags == [
            "the pub_ref told is of a click of somebody else: it counts for nothing"
        ]
        [shown] = read("transactions/", customer_id=MEMBER)["results"]
        assert shown["click_id"] is None

    def test_further_orders_of_the_same_click_count(self) -> None:
        click = tap()

        tell(*(observe(f"tx-{n}", pub_ref=click.pub_ref) for n in (1, 2, 3)))

        assert balances() == {"pending": 2400}

    def test_another_members_click_told_later_is_for_staff(self) -> None:
        first, second = tap(), tap(OTHER)
        tell(observe(publisher_customer_id=None, pub_ref=first.pub_ref))

        later = observe(minutes=5, publisher_customer_id=None, pub_ref=second.pub_ref)
        (outcome,) = tell(later)

        assert (outcome.kind, outcome.reason) == (OutcomeKind.DEFERRED, "the member changed")
        assert (balances(), balances(OTHER)) == ({"pending": 800}, {})

    @pytest.mark.parametrize(
        ("field", "has"),
        [
            ("publisher_customer_id", {}),
            ("pub_ref", {"pending": 800}),
            ("pub_ref_is_customer_id", {"pending": 800}),
        ],
    )
    def test_the_setting_says_whether_a_click_names(
        self, field: str, has: dict[str, int], settings: Settings
    ) -> None:
        settings.ATTRIBUTION_FIELD = field
        click = tap()

        tell(observe(publisher_customer_id=None, pub_ref=click.pub_ref))

        assert balances() == has


class TestTerms:
    def test_the_customer_id_and_the_click_of_the_same_member(self) -> None:
        tell(observe(pub_ref=tap().pub_ref))

        assert balances() == {"pending": 800}
        assert order().flags == []

    def test_a_tap_after_the_purchase_promises_nothing_for_it(self) -> None:
        click = tap(at=NOON + timedelta(seconds=1))

        tell(observe(publisher_customer_id=None, pub_ref=click.pub_ref))

        assert balances() == {"pending": 500}
        assert order().click == click

    def test_a_tap_in_the_second_of_the_purchase_is_before_it(self) -> None:
        click = tap(at=NOON + timedelta(milliseconds=900))

        tell(observe(publisher_customer_id=None, pub_ref=click.pub_ref))

        assert balances() == {"pending": 800}

    def test_they_hold_through_adjustment_and_end(self) -> None:
        ref = tap().pub_ref
        tell_each(
            observe(pub_ref=ref),
            observe(pub_ref=ref, minutes=1, amount_minor=2001),
            observe(pub_ref=ref, minutes=2, amount_minor=999, status="validated"),
        )

        assert balances() == {"available": 799}
        assert house(AccountKind.MARGIN_EARNED) == -200

    @pytest.mark.parametrize("mode", [ShareMode.MEMBER, ShareMode.PUBLISHER])
    def test_the_accounts_share_mode_goes_before_them(self, mode: ShareMode) -> None:
        tell(observe("tx-0"))
        ButtonAccount.objects.update(share_mode=mode)

        tell(observe(pub_ref=tap().pub_ref))

        assert Transaction.objects.get(order_key="btnorder-1").reward_minor == (
            1000 if mode is ShareMode.MEMBER else 0
        )

    WORDS: tuple[dict[str, Any], ...] = (
        {"publisher_customer_id": None, "merchant_id": None},
        {"publisher_customer_id": None, "pub_ref": None},
        {"status": "validated", "pub_ref": None, "publisher_customer_id": None},
        {"status": "validated", "merchant_id": None},
    )

    @pytest.mark.parametrize("attribution", ["either", "publisher_customer_id", "pub_ref"])
    def test_they_are_the_same_in_whatever_order_the_words_arrive(
        self, attribution: str, settings: Settings
    ) -> None:
        """The click, the brand and the customer id are each told by other words."""
        settings.ATTRIBUTION_FIELD = attribution
        ref = tap().pub_ref
        ends = set()
        for number, words in enumerate(permutations(enumerate(self.WORDS))):
            tx_id = f"tx-{number}"
            for minutes, fields in words:
                tell(observe(tx_id, minutes=minutes, **({"pub_ref": ref} | fields)))
            end = Transaction.objects.get(children__tx_id=tx_id)
            ends.add((end.status, end.reward_minor, end.member_id, end.click_id))
        assert len(ends) == 1


class TestPoints:
    POINTS = Terms(
        kind=TermsKind.POINTS_PER_UNIT,
        points=Decimal(10),
        currency="USD",
        source="rule «Points» v1",
        rule_id=str(uuid4()),
        version=1,
    )

    def test_they_are_a_balance_of_their_own(self) -> None:
        ref = tap(terms=self.POINTS).pub_ref

        tell(observe(pub_ref=ref, amount_minor=1250))
        assert (balances(), balances(currency="PTS")) == ({}, {"pending": 125})
        tell(observe(pub_ref=ref, minutes=1, amount_minor=1250, status="validated"))

        assert (balances(), balances(currency="PTS")) == ({}, {"available": 125})
        assert house(AccountKind.MARGIN_EARNED) == -1250
        assert house(AccountKind.POINTS_ISSUED, "PTS") == 125
        [shown] = read("transactions/", customer_id=MEMBER)["results"]
        assert (shown["reward"], shown["currency"]) == (125, "PTS")
        assert [step["change"] for step in shown["history"]] == [125, 0]
        [row] = read("balances/", customer_id=MEMBER)["results"]
        assert row == {
            "currency": "PTS",
            "pending": 0,
            "available": 125,
            "redeeming": 0,
            "paid_out": 0,
            "lifetime_earned": 125,
        }

    def test_a_click_told_late_turns_money_into_points(self) -> None:
        ref = tap(terms=self.POINTS).pub_ref
        tell_each(observe(), observe(minutes=1, pub_ref=ref))

        assert (balances(), balances(currency="PTS")) == ({}, {"pending": 100})
        [shown] = read("transactions/", customer_id=MEMBER)["results"]
        assert [step["change"] for step in shown["history"]] == [100]

    def test_declined_points_are_gone(self) -> None:
        ref = tap(terms=self.POINTS).pub_ref
        tell_each(observe(pub_ref=ref), observe(pub_ref=ref, minutes=1, status="declined"))

        assert balances(currency="PTS") == {}
        assert house(AccountKind.POINTS_ISSUED, "PTS") == 0


def test_a_merged_members_click_is_theirs_still(two: tuple[User, User]) -> None:
    click = tap(OTHER)
    tell(observe("tx-0"))
    merge(two, OTHER, MEMBER)

    tell(observe(publisher_customer_id=None, pub_ref=click.pub_ref))

    assert balances() == {"pending": 500 + 800}
    [shown, _] = read("transactions/", customer_id=MEMBER)["results"]
    assert shown["click_id"] == str(click.public_id)


def test_no_step_back_takes_points_for_money() -> None:
    """Or forgets a click: the migration refuses where there is something to lose."""
    step = import_module("transactions.migrations.0006_clicks_and_points")
    step.keep(apps, connection.schema_editor())
    tell(observe(pub_ref=tap().pub_ref))

    with pytest.raises(IrreversibleError, match="would lose that"):
        step.keep(apps, connection.schema_editor())
