"""The alarm over promotions: which are beyond their budget, and when it is over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from offers.rules.health import promotions_are_wrong
from offers.rules.publishing import withdraw
from rewards_site.kernel import clock
from tests.factories import NOON, observe, tell
from tests.offers.rules.making import BEFORE, TWICE, person, published

pytestmark = pytest.mark.django_db

LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def two_orders_are_its_budget(db: None) -> None:
    published("Twice", TWICE, at=BEFORE, budget_minor=4_000)


def ordered(count: int) -> None:
    for number in range(count):
        tell(observe(f"tx-{number}", minutes=number, purchased_at=NOON))


def test_a_budget_that_is_used_up_is_nothing_wrong() -> None:
    assert promotions_are_wrong(LATER) == ""
    ordered(2)

    assert promotions_are_wrong(LATER) == ""


def test_more_than_the_budget_is_told_with_what_to_do(client: Client) -> None:
    ordered(3)

    assert promotions_are_wrong(LATER) == (
        "more than the budget is used of «Twice», by orders clicked before or without a click: "
        "withdraw the promotion («Reward rules») to have orders without a click earn by it no more"
    )
    assert promotions_are_wrong(BEFORE) == ""  # it did not hold yet
    assert "promotions" in client.get("/health/ready/").json()["degraded"]


def test_it_is_over_when_an_order_gives_its_part_back() -> None:
    ordered(3)

    tell(observe("tx-0", minutes=10, status="declined", purchased_at=NOON))

    assert promotions_are_wrong(LATER) == ""


def test_it_is_over_when_the_promotion_is_withdrawn() -> None:
    version = published("Thrice", TWICE, at=BEFORE, budget_minor=1, priority=5)
    ordered(1)
    assert "«Thrice»" in promotions_are_wrong(clock.now())

    withdraw(version_id=version.pk, actor=person(), reason="It costs too much", at=clock.now())

    assert promotions_are_wrong(clock.now()) == ""
