"""Orders without a tap go by the rule that was in force when they were bought."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from offers.rules.publishing import withdraw
from offers.rules.store import rules_for_clicks
from offers.rules.terms import TermsKind
from rewards_site.button.schemas import LineItem
from tests.factories import MERCHANT, NOON, balances, house, observe, tell, tell_each
from tests.offers.rules.making import TWICE, make_merchant, person, published
from tests.spending import differences
from tests.transactions.tapping import tap
from transactions.derived import Evidence
from transactions.ledger.chart import AccountKind
from transactions.models import Transaction, TransactionRevision
from transactions.recorded import rules_on_record, wrong_terms
from transactions.told import Channel

pytestmark = pytest.mark.django_db

BEFORE = NOON - timedelta(hours=2)
TICK = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def books() -> Iterator[None]:
    yield
    assert differences() == []


def sources() -> list[str]:
    rows = Transaction.objects.order_by("purchased_at").values_list("terms", flat=True)
    return [terms["source"] for terms in rows]


def bought(number: int, at: datetime, **fields: Any) -> None:
    tell(observe(f"tx-{number}", purchased_at=at, created_at=at, **fields))


class TestWhich:
    def test_published_before_the_purchase_and_not_withdrawn_then(self) -> None:
        version = published("Spring", share_bps=8_000, at=BEFORE)
        withdraw(version_id=version.pk, actor=person(), reason="over", at=NOON)

        bought(1, BEFORE)
        bought(2, BEFORE + TICK)
        bought(3, NOON - TICK)
        bought(4, NOON)

        assert sources() == ["default share", *["rule «Spring» v1"] * 2, "default share"]
        assert balances() == {"pending": 500 + 800 + 800 + 500}

    def test_the_brands_own_rule_goes_first(self) -> None:
        make_merchant(MERCHANT)
        published("All", share_bps=2_000, at=BEFORE)
        published("Brand", share_bps=9_000, merchant_id=MERCHANT, at=BEFORE)

        tell(observe("tx-1"), observe("tx-2", merchant_id="org-other"), observe("tx-3"))

        assert balances() == {"pending": 900 + 200 + 900}

    def test_a_brand_told_later_brings_its_rule_while_it_is_pending(self) -> None:
        make_merchant(MERCHANT)
        published("Brand", share_bps=9_000, merchant_id=MERCHANT, at=BEFORE)

        tell(observe(merchant_id=None))
        assert balances() == {"pending": 500}
        tell(observe(minutes=1))

        assert balances() == {"pending": 900}

    def test_a_rule_that_changes_later_changes_nothing(self) -> None:
        version = published("Spring", share_bps=8_000, at=BEFORE)
        tell(observe())
        withdraw(version_id=version.pk, actor=person(), reason="over", at=NOON + TICK)
        published("Autumn", share_bps=1_000, at=NOON + TICK)

        tell_each(
            observe(minutes=1, amount_minor=2000),
            observe(minutes=2, amount_minor=1500, status="validated"),
        )

        assert balances() == {"available": 1200}

    def test_the_click_holds_whatever_became_of_the_rules(self) -> None:
        ref = tap().pub_ref
        published("Mean", share_bps=1, priority=100, at=BEFORE)

        tell(observe(pub_ref=ref))

        assert balances() == {"pending": 800}


class TestWhatItPays:
    def test_lines_of_a_category_have_a_share_of_their_own(self) -> None:
        published("Shoes", share_bps=9_000, category="Shoes", at=BEFORE)
        lines = (
            LineItem(category="shoes", commission_minor=301),
            LineItem(category="Socks", commission_minor=699),
        )

        tell(observe(lines=lines))

        assert balances() == {"pending": (301 * 9 + 699 * 5) // 10}

    def test_lines_told_again_otherwise_move_the_reward(self) -> None:
        published("Shoes", share_bps=10_000, category="Shoes", at=BEFORE)
        lines = (LineItem(category="Shoes", commission_minor=1000),)
        tell(observe(lines=(LineItem(category="Socks", commission_minor=1000),)))
        assert balances() == {"pending": 500}

        tell(observe(minutes=1, lines=lines, channel=Channel.SYNC))

        assert balances() == {"pending": 1000}

    def test_a_minimum_order_needs_the_total(self) -> None:
        published("Big", share_bps=9_000, currency="USD", minimum_order_minor=5_000, at=BEFORE)

        tell(observe(order_total_minor=4_999, order_currency="USD"))
        assert balances() == {}
        tell(observe(minutes=1, order_total_minor=5_000, order_currency="USD"))

        assert balances() == {"pending": 900}

    def test_a_fixed_amount_is_at_most_the_commission(self) -> None:
        published(
            "Five", kind=TermsKind.FIXED, share_bps=0, fixed_minor=500, currency="USD", at=BEFORE
        )

        tell(observe("tx-1"), observe("tx-2", amount_minor=300), observe("tx-3", amount_minor=0))

        assert balances() == {"pending": 800}

    def test_a_promotion_may_cost_more_than_the_commission(self) -> None:
        published("Twice", TWICE, at=BEFORE)

        tell(observe(status="validated"))

        assert balances() == {"available": 2000}
        assert house(AccountKind.MARGIN_EARNED) == 1000


class TestBudgets:
    def test_once_used_up_it_is_promised_to_no_later_click(self) -> None:
        published("Twice", TWICE, budget_minor=4_000, at=BEFORE)
        at = NOON + timedelta(hours=1)
        tell(observe("tx-1"))
        assert [rule.name for rule in rules_for_clicks(at)] == ["Twice"]

        tell(observe("tx-2"))

        assert rules_for_clicks(at) == ()

    def test_what_is_declined_gives_its_part_back(self) -> None:
        published("Twice", TWICE, budget_minor=2_000, at=BEFORE)
        at = NOON + timedelta(hours=1)
        tell(observe())
        assert rules_for_clicks(at) == ()

        tell(observe(minutes=1, status="declined"))

        assert [rule.name for rule in rules_for_clicks(at)] == ["Twice"]


def test_verify_sees_terms_that_no_rule_promised() -> None:
    """As if a version had been changed, or its row lost, behind the guards."""
    published("Spring", share_bps=8_000, at=BEFORE)
    tell(observe())
    [revision] = TransactionRevision.objects.all()
    rules = rules_on_record()
    assert list(wrong_terms(revision, rules, Evidence())) == []

    assert "no such rule was published" in next(wrong_terms(revision, {}, Evidence()))
    other = {key: replace(terms, share_bps=7_999) for key, terms in rules.items()}
    assert "that version promised" in next(wrong_terms(revision, other, Evidence()))
