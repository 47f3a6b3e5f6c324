"""A draft over orders of the past: the figures, and that they are what is then paid."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from offers.rules.drafting import edit_draft
from offers.rules.models import RuleVersion
from offers.rules.promise import Promise
from offers.rules.publishing import publish
from offers.rules.store import promise_of
from offers.rules.terms import TermsKind
from rewards_site.button.schemas import LineItem
from rewards_site.kernel.errors import InvalidInput, Refused
from rewards_site.members.models import Member
from tests.factories import NOON, observe, tell
from tests.offers.rules.making import drafted, make_merchant, person, publish_draft
from tests.spending import differences
from tests.transactions.tapping import tap
from transactions.backtests.models import BackTest, BackTestStatus
from transactions.backtests.services import ask, run
from transactions.models import Transaction
from transactions.told import Told

pytestmark = pytest.mark.django_db

FROM, UNTIL = NOON - timedelta(days=40), NOON + timedelta(days=1)
BRANDS = ("org-a", "org-b", "org-c")
DRAFTS: dict[str, dict[str, Any]] = {
    "share": {"share_bps": 7_777},
    "share with cap and minimum": {
        "share_bps": 6_000,
        "currency": "USD",
        "cap_minor": 700,
        "minimum_order_minor": 5_000,
    },
    "brand": {"share_bps": 9_000, "merchant_id": "org-b"},
    "category": {"share_bps": 8_500, "category": "Shoes"},
    "fixed": {"kind": TermsKind.FIXED, "fixed_minor": 150, "currency": "USD"},
    "points": {"kind": TermsKind.POINTS_PER_UNIT, "points": Decimal("1.5"), "currency": "USD"},
    "promotion": {
        "share_bps": 15_000,
        "currency": "USD",
        "is_promotion": True,
        "budget_minor": 10_000_000,
        "budget_currency": "USD",
    },
    "window": {"share_bps": 10_000, "starts": (NOON - timedelta(days=20)).replace(tzinfo=None)},
}


def draft_of(name: str) -> RuleVersion:
    for brand in BRANDS:
        make_merchant(brand, brand.upper())
    return drafted(name, Promise(zone="UTC"), **DRAFTS[name])


def orders(prefix: str, count: int = 40) -> list[Told]:
    """The same orders whatever the prefix of their ids: every state, lines, totals, negatives."""
    dice = random.Random(5)  # the same orders each time
    told = []
    for number in range(count):
        commission = dice.choice([dice.randrange(1, 3_000), dice.randrange(-50, 50), 0])
        of_shoes = dice.randrange(0, max(1, commission))
        bought = NOON - timedelta(days=dice.randrange(0, 35), seconds=dice.randrange(3600))
        fields: dict[str, Any] = {
            "amount_minor": commission,
            "merchant_id": dice.choice(BRANDS),
            "publisher_customer_id": dice.choice(["u-1", "u-2", "u-3", None]),
            "order_total_minor": dice.choice([None, dice.randrange(1_000, 20_000)]),
            "order_currency": "USD",
            "purchased_at": bought,
            "created_at": bought,
            "lines": (
                LineItem(category="Shoes", commission_minor=of_shoes),
                LineItem(category="Socks", commission_minor=commission - of_shoes),
            ),
        }
        told.append(observe(f"tx-{prefix}{number}", **fields))
        status = dice.choice(["pending", "validated", "declined"])
        if status != "pending":
            told.append(observe(f"tx-{prefix}{number}", minutes=5, status=status, **fields))
    return told


def back_tested(version: RuleVersion) -> BackTest:
    test = ask(version_id=version.pk, starts_at=FROM, ends_at=UNTIL, actor=person("ann"), at=NOON)
    run(test.pk)
    test.refresh_from_db()
    return test


@pytest.mark.parametrize("name", sorted(DRAFTS))
def test_it_tells_to_the_cent_what_is_then_paid(name: str) -> None:
    """The same orders again, after the draft was put in force before all of them."""
    draft = draft_of(name)
    tell(*orders("a"))

    test = back_tested(draft)

    publish_draft(draft, at=FROM - timedelta(days=1))
    tell(*orders("b"))

    paid: dict[str, int] = defaultdict(int)
    for row in Transaction.objects.filter(order_key__startswith="btnorder-b"):
        paid[row.reward_currency] += row.reward_minor
    assert test.status == BackTestStatus.DONE
    assert test.order_count == 40
    told = {currency: sums["then"] for currency, sums in test.figures["totals"].items()}
    assert {key: told.get(key, 0) for key in paid} == paid
    booked = sum(
        row.reward_minor for row in Transaction.objects.filter(order_key__startswith="btnorder-a")
    )
    assert test.figures["totals"]["USD"]["now"] == booked
    assert differences() == []


def test_who_wins_and_who_loses() -> None:
    make_merchant("org-a")
    draft = drafted("Less for all", Promise(zone="UTC"), share_bps=2_000)
    tell(
        observe("tx-1", publisher_customer_id="u-1", amount_minor=1000, merchant_id="org-a"),
        observe("tx-2", publisher_customer_id="u-1", amount_minor=500, merchant_id="org-b"),
        observe("tx-3", publisher_customer_id="u-2", amount_minor=100, merchant_id="org-b"),
        observe("tx-4", publisher_customer_id="u-3", amount_minor=0),
        observe("tx-5", publisher_customer_id=None, amount_minor=200),
    )

    figures = back_tested(draft).figures

    members = dict(Member.objects.values_list("pk", "customer_id"))
    assert [(minor, members[key]) for minor, key in figures["losers"]["USD"]] == [
        (-450, "u-1"),
        (-30, "u-2"),
    ]
    assert figures["winners"] == {}
    assert (figures["orders"], figures["members"], figures["brands"]) == (5, 2, 3)
    assert figures["totals"] == {
        "USD": {"orders": 5, "changed": 4, "commission": 1800, "now": 900, "then": 360}
    }


def test_what_was_frozen_with_a_click_does_not_hide_what_the_draft_would_pay() -> None:
    tell(observe(pub_ref=tap().pub_ref))

    figures = back_tested(drafted("Ninety", Promise(zone="UTC"), share_bps=9_000)).figures

    assert (figures["totals"]["USD"]["now"], figures["totals"]["USD"]["then"]) == (800, 900)


def test_without_orders_it_says_so_and_a_first_rule_can_be_published() -> None:
    draft = drafted("First", Promise(zone="UTC"), share_bps=6_000)

    test = back_tested(draft)

    assert (test.status, test.order_count, test.figures["totals"]) == (BackTestStatus.DONE, 0, {})
    assert _publish(draft).published_at == NOON


def _publish(draft: RuleVersion) -> RuleVersion:
    return publish(
        version_id=draft.pk,
        content_hash=draft.content_hash,
        acknowledged=(),
        actor=person("ann"),
        reason="now",
        at=NOON,
    )


class TestTheGate:
    def test_nothing_is_published_without_a_back_test(self) -> None:
        with pytest.raises(Refused, match="It was not back-tested as it is now"):
            _publish(drafted("Never tested", Promise(zone="UTC"), share_bps=6_000))

    def test_nor_one_that_looked_at_no_order_though_there_are_some(self) -> None:
        draft = drafted("Empty days", Promise(zone="UTC"), share_bps=6_000)
        tell(observe(purchased_at=FROM - timedelta(days=1)))
        back_tested(draft)

        with pytest.raises(Refused, match="Its back-test looked at no order at all"):
            _publish(draft)

    def test_one_that_is_not_through_does_not_count(self) -> None:
        draft = drafted("Impatient", Promise(zone="UTC"), share_bps=6_000)
        ask(version_id=draft.pk, starts_at=FROM, ends_at=UNTIL, actor=person("ann"), at=NOON)

        with pytest.raises(Refused, match="Its back-test is not through yet"):
            _publish(draft)

    def test_nor_does_one_of_the_draft_before_it_was_edited(self) -> None:
        draft = drafted("Edited", Promise(zone="UTC"), share_bps=6_000)
        back_tested(draft)
        promise = promise_of(draft)
        edit_draft(
            version_id=draft.pk,
            seen_hash=draft.content_hash,
            promise=Promise(zone=promise.zone, share_bps=6_001),
            actor=person("ann"),
            reason="one more",
            at=NOON,
        )
        draft.refresh_from_db()

        with pytest.raises(Refused, match="It was not back-tested as it is now"):
            _publish(draft)


def test_a_window_of_days_to_come_is_left_out_and_told() -> None:
    days = {"starts": (NOON + timedelta(days=5)).replace(tzinfo=None)}
    draft = drafted("Next week", Promise(zone="UTC"), share_bps=9_000, **days)
    tell(observe())

    figures = back_tested(draft).figures

    assert figures["is_without_window"] is True
    assert (figures["totals"]["USD"]["now"], figures["totals"]["USD"]["then"]) == (500, 900)


def test_days_to_come_are_refused() -> None:
    draft = drafted("Soon", Promise(zone="UTC"), share_bps=9_000)

    with pytest.raises(InvalidInput, match="No order was bought in days to come"):
        ask(
            version_id=draft.pk,
            starts_at=NOON,
            ends_at=NOON + timedelta(days=1),
            actor=person("ann"),
            at=NOON,
        )


def test_one_that_nobody_ends_is_told_as_failed_and_asked_for_anew() -> None:
    draft = drafted("Lost", Promise(zone="UTC"), share_bps=6_000)
    asked: dict[str, Any] = {"version_id": draft.pk, "starts_at": FROM, "ends_at": UNTIL}
    lost = ask(**asked, actor=person("ann"), at=NOON)

    again = ask(**asked, actor=person("ann"), at=NOON + timedelta(hours=2))

    lost.refresh_from_db()
    assert lost.status == BackTestStatus.FAILED
    assert "ask for it again" in lost.problem
    assert again.pk != lost.pk


def test_a_draft_that_is_edited_meanwhile_is_not_tested_as_something_else() -> None:
    draft = drafted("Moving", Promise(zone="UTC"), share_bps=6_000)
    test = ask(version_id=draft.pk, starts_at=FROM, ends_at=UNTIL, actor=person("ann"), at=NOON)
    edit_draft(
        version_id=draft.pk,
        seen_hash=draft.content_hash,
        promise=Promise(zone="UTC", share_bps=6_001),
        actor=person("ann"),
        reason="one more",
        at=NOON,
    )

    run(test.pk)

    test.refresh_from_db()
    assert (test.status, test.problem) == (
        BackTestStatus.FAILED,
        "The draft was edited or deleted meanwhile: back-test it again.",
    )


def test_twice_is_once() -> None:
    draft = drafted("Twice", Promise(zone="UTC"), share_bps=6_000)
    tell(observe())
    asked: dict[str, Any] = {
        "version_id": draft.pk,
        "starts_at": FROM,
        "ends_at": UNTIL,
        "actor": person("ann"),
        "at": NOON,
    }

    first = ask(**asked)
    assert ask(**asked) == first
    run(first.pk)
    first.refresh_from_db()
    run(first.pk)

    again = BackTest.objects.get()
    assert (again.figures, again.finished_at) == (first.figures, first.finished_at)
