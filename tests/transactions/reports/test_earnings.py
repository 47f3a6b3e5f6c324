"""`earnings`: the movements of each day, by brand and currency."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from offers.rules.terms import Terms, TermsKind
from tests.factories import MERCHANT, NOON, observe, tell
from tests.reports.reading import export
from tests.spending import spend
from tests.transactions.reports.earning_days import earnings, wait_until
from tests.transactions.tapping import tap
from transactions.attribution import move_order
from transactions.ledger.horizon import settle
from transactions.models import Transaction
from transactions.releases.choices import ReleaseMode
from transactions.releases.services import set_release
from transactions.releasing import release_orders

pytestmark = pytest.mark.django_db

DAY_1 = datetime(2031, 5, 1, 9, tzinfo=UTC)
DAY_2 = DAY_1 + timedelta(days=1)
DAY_3 = DAY_1 + timedelta(days=2)
TOTAL: dict[str, Any] = {"order_total_minor": 9900, "order_currency": "USD"}


def test_an_order_from_its_report_to_its_end() -> None:
    wait_until(DAY_1)
    tell(observe("tx-1", **TOTAL), observe("tx-2", amount_minor=301, **TOTAL))
    wait_until(DAY_2)
    tell(observe("tx-1", minutes=1, amount_minor=600, **TOTAL | {"order_total_minor": 6000}))
    tell(observe("tx-2", minutes=1, status="declined", amount_minor=301, **TOTAL))
    wait_until(DAY_3)
    tell(
        observe("tx-1", minutes=2, amount_minor=600, status="validated"),
        observe("tx-3", status="validated"),
    )

    assert earnings() == {
        ("2031-05-01", MERCHANT, "USD"): (2, 19800, 1301, 0, 0, 650, 651),
        ("2031-05-02", MERCHANT, "USD"): (-1, -13800, -701, 0, 301, -350, -351),
        ("2031-05-03", MERCHANT, "USD"): (1, 0, -600, 1600, 0, 500, 500),
    }


def test_a_declined_order_that_comes_back_takes_its_loss_back() -> None:
    again: dict[str, Any] = {"button_order_id": "btnorder-1"}
    wait_until(DAY_1)
    tell(observe("tx-1", **TOTAL))
    tell(observe("tx-1", minutes=1, status="declined"))
    wait_until(DAY_2)
    tell(observe("tx-2", minutes=2, created_at=NOON + timedelta(1), amount_minor=800, **again))

    assert earnings() == {
        ("2031-05-01", MERCHANT, "USD"): (0, 0, 0, 0, 1000, 0, 0),
        ("2031-05-02", MERCHANT, "USD"): (1, 9900, 800, 0, -1000, 400, 400),
    }


def test_what_never_was_live_and_what_is_no_money_moves_nothing() -> None:
    wait_until(DAY_1)
    tell(observe("tx-1", status="declined"), observe("tx-2", is_test=True, **TOTAL))
    tell(observe("tx-2", minutes=1, is_test=True, status="declined"))

    assert earnings() == {}


def test_installs_are_all_margin_and_losses_of_the_publisher_stand_in_it() -> None:
    wait_until(DAY_1)
    tell(observe("tx-1", category="app-install", publisher_customer_id=None))
    tell(observe("tx-2", amount_minor=-250))
    tell(observe("tx-3", status="validated", publisher_customer_id="u-1", merchant_id="org-b"))
    spend("u-1", 200)
    wait_until(DAY_2)
    order = Transaction.objects.get(order_key="btnorder-3")
    staff = User.objects.create(username="olivia")
    said: dict[str, Any] = {"actor": staff, "reason": "Case 7", "at": NOON}
    move_order(transaction_id=order.pk, customer_id="u-2", **said)

    assert earnings() == {
        ("2031-05-01", MERCHANT, "USD"): (2, 0, 750, 0, 0, 0, 750),
        ("2031-05-01", "org-b", "USD"): (1, 0, 0, 1000, 0, 500, 500),
        ("2031-05-02", "org-b", "USD"): (0, 0, 0, 0, 0, 200, -200),
    }


def test_currencies_never_mix_points_and_totals_included() -> None:
    points = Terms(
        kind=TermsKind.POINTS_PER_UNIT,
        points=Decimal(12),
        currency="USD",
        source="rule «Points» v1",
        rule_id=str(uuid4()),
        version=1,
    )
    wait_until(DAY_1)
    tell(
        observe("tx-1", pub_ref=tap(terms=points).pub_ref, **TOTAL | {"order_currency": "EUR"}),
        observe("tx-2", currency="JPY", account_id="acc-yen", order_total_minor=700),
        observe("tx-3", currency="JPY", account_id="acc-yen", merchant_id=None),
    )

    assert earnings() == {
        ("2031-05-01", "", "JPY"): (1, 0, 1000, 0, 0, 500, 500),
        ("2031-05-01", MERCHANT, "EUR"): (0, 9900, 0, 0, 0, 0, 0),
        ("2031-05-01", MERCHANT, "JPY"): (1, 700, 1000, 0, 0, 500, 500),
        ("2031-05-01", MERCHANT, "PTS"): (0, 0, 0, 0, 0, 120, 0),
        ("2031-05-01", MERCHANT, "USD"): (1, 0, 1000, 0, 0, 0, 1000),
    }
    assert {key[2] for key in earnings(currency="EUR")} == {"EUR"}
    assert earnings(currency="PTS") == {("2031-05-01", MERCHANT, "PTS"): (0, 0, 0, 0, 0, 120, 0)}


def test_a_brand_that_is_told_later_takes_all_of_it_over() -> None:
    wait_until(DAY_1)
    tell(observe("tx-1", merchant_id=None, **TOTAL))
    wait_until(DAY_2)
    tell(observe("tx-1", minutes=1))

    assert earnings(start="2031-05-02") == {
        ("2031-05-02", "", "USD"): (-1, -9900, -1000, 0, 0, -500, -500),
        ("2031-05-02", MERCHANT, "USD"): (1, 9900, 1000, 0, 0, 500, 500),
    }


def test_a_reward_counts_once_however_long_it_is_held_back() -> None:
    staff = User.objects.create(username="finance")
    tell(observe("tx-0", currency="JPY", account_id="acc-yen"))  # makes the brand known
    delay: dict[str, Any] = {"mode": ReleaseMode.DELAY, "delay_days": 9, "merchant_id": MERCHANT}
    set_release(actor=staff, reason="Returns", at=NOON, **delay)
    wait_until(DAY_1)
    tell(observe("tx-1"))
    wait_until(DAY_2)
    tell(observe("tx-1", minutes=1, status="validated"))
    wait_until(DAY_3)
    order = Transaction.objects.get(order_key="btnorder-1")
    assert release_orders([order.pk], at=NOON, actor_id=staff.pk, reason="Asked") == 1

    assert earnings(start="2031-05-01") == {
        ("2031-05-01", MERCHANT, "USD"): (1, 0, 1000, 0, 0, 500, 500),
        ("2031-05-02", MERCHANT, "USD"): (0, 0, -1000, 1000, 0, 0, 0),
    }


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("America/New_York", datetime(2031, 3, 9, 5, tzinfo=UTC)),  # a day of 23 hours begins
        ("America/New_York", datetime(2031, 3, 10, 4, tzinfo=UTC)),  # and ends
        ("America/New_York", datetime(2031, 11, 3, 5, tzinfo=UTC)),  # one of 25 hours ends
        ("Africa/Cairo", datetime(2031, 4, 24, 22, tzinfo=UTC)),  # there is no midnight
    ],
)
def test_days_are_those_of_the_business_when_the_clocks_change(
    settings: Settings, zone: str, midnight: datetime
) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo(zone)
    wait_until(midnight - timedelta(microseconds=2))
    tell(observe("tx-1"))  # a microsecond before it
    wait_until(midnight - timedelta(microseconds=1))
    tell(observe("tx-2"))
    wait_until(midnight + timedelta(hours=22))
    tell(observe("tx-3"))

    before, after = earnings().items()

    day = midnight.astimezone(ZoneInfo(zone)).date()
    assert (before[0][0], before[1][0]) == (str(day - timedelta(days=1)), 1)
    assert (after[0][0], after[1][0]) == (str(day), 2)
    assert earnings(start=str(day)) == dict([after])
    assert earnings(to=str(day)) == dict([before])


def test_an_instant_stays_as_it_was_whatever_comes_later() -> None:
    evil: dict[str, Any] = {"merchant_id": "=evil()"}
    second = evil | {"button_order_id": "btnorder-1", "created_at": NOON + timedelta(minutes=1)}
    made = {}
    wait_until(DAY_1)
    for told in (
        observe("tx-1", **evil),
        observe("tx-1", minutes=1, **evil, **TOTAL),
        observe("tx-2", minutes=2, order_total_minor=5000, amount_minor=900, **second),
        observe("tx-2", minutes=3, status="declined", **second),
        observe("tx-1", minutes=4, status="validated", **evil),
    ):
        tell(told)
        settled = settle()
        made[settled] = export("earnings", as_of=settled)

    assert {at: export("earnings", as_of=at) for at in made} == made
    assert [text.splitlines()[1:] for text in made.values()] == [
        ["2031-05-01,'=evil(),USD,1,0,1000,0,0,500,500"],
        ["2031-05-01,'=evil(),USD,1,9900,1000,0,0,500,500"],
        ["2031-05-01,'=evil(),USD,1,5000,900,0,0,450,450"],
        ["2031-05-01,'=evil(),USD,0,0,0,0,900,0,0"],
        ["2031-05-01,'=evil(),USD,1,9900,0,1000,0,500,500"],
    ]
