"""Balances that lie idle: nothing by default; told before; a posting; and what saves them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from rewards_site.kernel import clock
from rewards_site.kernel.errors import InvalidInput
from rewards_site.members.models import Member
from rewards_site.notifications.models import Notice
from tests.factories import MEMBER, NOON, balances, house, observe, tell, tell_each
from tests.members.calling import read
from tests.spending import differences, earned, spend
from transactions.expiry.models import Expiry
from transactions.expiry.services import expire_idle
from transactions.expiry.setting import set_expiry
from transactions.freezes.services import freeze_member, lift
from transactions.ledger.chart import AccountKind

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_agree() -> object:
    yield
    assert differences() == []


@pytest.fixture
def finance() -> User:
    return User.objects.create(username="finance")


def on(finance: User, *, idle: int = 100, warn: int = 30, currency: str = "USD") -> None:
    set_expiry(
        currency=currency,
        is_on=True,
        idle_days=idle,
        warn_days=warn,
        actor=finance,
        reason="Terms",
        at=NOON,
    )


def earn(tx_id: str = "tx-1") -> None:
    tell_each(observe(tx_id), observe(tx_id, minutes=5, status="validated"))


def run(days: int) -> tuple[int, int]:
    done = expire_idle(at=_in(days))
    return done.warned, done.expired


def _in(days: int) -> datetime:
    return clock.now() + timedelta(days=days)


def test_nothing_expires_until_it_is_set() -> None:
    earn()

    assert run(5_000) == (0, 0)
    assert balances() == {"available": 500}


def test_members_are_told_before_and_then_it_is_a_posting(finance: User) -> None:
    on(finance)
    earn()

    assert run(69) == (0, 0)
    assert run(70) == (1, 0)
    assert run(70) == (0, 0), "told once"
    assert run(99) == (0, 0)
    assert run(101) == (0, 1)
    assert run(101) == (0, 0)

    assert balances() == {}
    assert house(AccountKind.EXPIRED) == -500
    assert earned() == 500, "what was earned was earned"
    kinds = [row.kind for row in Notice.objects.order_by("number")]
    assert kinds[-2:] == ["balance.expiring", "balance.expired"]
    latest, before = read("notifications/")["results"][:2]
    assert "5.00" in latest["text"]
    assert "30 days" in before["text"]
    item = read("activity/")["results"][0]
    assert (item["kind"], item["available_change"]) == ("balance_expired", -500)


def test_whoever_is_found_late_still_has_the_whole_warning(finance: User) -> None:
    earn()
    on(finance)

    assert run(400) == (1, 0)
    assert run(429) == (0, 0)
    assert run(431) == (0, 1)


def test_a_booking_after_the_warning_saves_it(finance: User) -> None:
    on(finance)
    earn()
    assert run(70) == (1, 0)
    earn("tx-2")

    assert run(101) == (1, 0), "a new warning, and nothing expired"
    assert balances() == {"available": 1000}


def test_who_waits_for_something_or_redeems_or_is_frozen_loses_nothing(finance: User) -> None:
    on(finance)
    earn()
    tell(observe("tx-2"))
    assert run(5_000) == (0, 0)
    tell(observe("tx-2", minutes=9, status="declined"))
    spend(MEMBER, 100)
    assert run(5_000) == (0, 0)


def test_who_is_frozen_cannot_redeem_and_loses_nothing(finance: User) -> None:
    on(finance)
    earn()
    member = Member.objects.get(customer_id=MEMBER)
    freeze_member(member_id=member.pk, until=None, actor=finance, reason="Odd", at=NOON)

    assert run(5_000) == (0, 0)


def test_of_many_each_once_and_other_currencies_stay(finance: User) -> None:
    on(finance)
    for number in range(5):
        fields: dict[str, Any] = {"publisher_customer_id": f"u-{number}"}
        fields["account_id"] = f"acc-{number % 2}"
        fields["currency"] = "EUR" if number % 2 else "USD"
        tell_each(
            observe(f"tx-{number}", **fields),
            observe(f"tx-{number}", minutes=5, status="validated", **fields),
        )

    assert run(71) == (3, 0)
    assert run(102) == (0, 3)
    assert [balances(f"u-{n}", "EUR" if n % 2 else "USD") for n in range(5)] == [
        {},
        {"available": 500},
        {},
        {"available": 500},
        {},
    ]
    assert Expiry.objects.filter(amount_minor=500).count() == 3


def test_wrong_days_are_refused(finance: User) -> None:
    for idle, warn, currency in ((30, 30, "USD"), (30, 0, "USD"), (10**6, 5, "USD"), (9, 5, "XXQ")):
        with pytest.raises(InvalidInput):
            on(finance, idle=idle, warn=warn, currency=currency)


def test_who_was_frozen_has_all_the_days_again(finance: User) -> None:
    on(finance)
    earn()
    assert run(70) == (1, 0)
    member = Member.objects.get(customer_id=MEMBER)
    frozen = freeze_member(member_id=member.pk, until=None, actor=finance, reason="Odd", at=_in(71))
    assert run(101) == (0, 0)
    lift(freeze_id=frozen.pk, actor=finance, reason="Fine", at=_in(120))

    assert run(121) == (0, 0), "they could not redeem for a single day"
    assert run(191) == (1, 0)
    assert run(222) == (0, 1)


def test_a_warning_under_another_policy_is_void(finance: User) -> None:
    on(finance)
    earn()
    assert run(70) == (1, 0)
    off: dict[str, Any] = {"currency": "USD", "is_on": False, "idle_days": 100, "warn_days": 30}
    set_expiry(**off, actor=finance, reason="Not now", at=NOON + timedelta(seconds=1))
    set_expiry(
        **off | {"is_on": True, "idle_days": 3000},
        actor=finance,
        reason="Later",
        at=NOON + timedelta(seconds=2),
    )

    assert run(300) == (0, 0)
    assert balances() == {"available": 500}
    assert run(2971) == (1, 0)
    assert run(3001) == (0, 1)


def test_what_cannot_be_redeemed_does_not_expire(finance: User) -> None:
    on(finance)
    tell_each(observe(amount_minor=998), observe(minutes=5, status="validated", amount_minor=998))
    assert balances() == {"available": 499}

    assert run(5_000) == (0, 0)
