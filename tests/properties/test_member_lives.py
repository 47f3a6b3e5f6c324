"""Random lives of members, by webhooks, the member API and staff, against a model of their own.

At the end balances, activity, notices, outward events and the ledger say the same, to the cent.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from offers.clicks.models import Click
from offers.models import Merchant
from offers.rules.terms import Terms
from rewards_site.approvals.services import approve
from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import ServiceError
from rewards_site.members.models import Member
from rewards_site.outward.deliver import deliver_events
from tests.accounts_sync.inbox.deliveries import deliver, wire_event
from tests.members.calling import call, read
from tests.outward.receiving import receiving, subscribe
from tests.properties.lives import BRAND, SLOW_BRAND, Life, steps
from tests.spending import differences
from tests.transactions.claims.claiming import filed
from tests.transactions.tapping import tap
from transactions.adjustments.models import AdjustmentKind
from transactions.adjustments.proposals import propose_adjustment
from transactions.adjustments.services import Wanted
from transactions.models import Transaction
from transactions.redemptions.models import Redemption
from transactions.redemptions.services import Move, move_redemptions
from transactions.redemptions.states import Status
from transactions.releases.choices import ReleaseMode
from transactions.releases.services import set_release
from transactions.releasing import release_orders

START = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
HALF = Terms(share_bps=5_000, source="default share")


class Driver:
    """Lives one member's life: each step in the product, and in the model."""

    def __init__(self, name: str, seed: int, staff: tuple[User, User]) -> None:
        self.name = name
        self.dice = random.Random(seed)
        self.life = Life()
        self.staff = staff
        self.lived: list[Any] = []
        self.ids: dict[int, str] = {}
        self.clicks: dict[str, Click] = {}
        self.words = 0

    def live(self, *, length: int) -> None:
        for name, told in steps(self.dice, self.life, length=length):
            self.lived.append((name, told))
            getattr(self, f"_{name}")(**told)

    def _hear(self, order_id: str, status: str, commission: int, brand: str) -> None:
        self.words += 1
        said_at = (START + timedelta(minutes=self.words)).isoformat().replace("+00:00", "Z")
        click = self.clicks.get(order_id)
        event = wire_event(
            f"hook-{self.name}-{self.words}",
            tx_id=f"tx-{self.name}-{order_id}",
            button_order_id=f"btnorder-{self.name}-{order_id}",
            status=status,
            amount=commission,
            commerce_organization=brand,
            publisher_customer_id=self.name,
            pub_ref=click.pub_ref if click else None,
            order_purchase_date=None,
            created_date="2026-06-01T12:00:00Z",
            modified_date=said_at,
        )
        response = deliver(event)
        assert response.status_code in (200, 202), response.content
        self.life.hear(order_id, status, commission, brand)

    def _ask(self, number: int, amount: int) -> None:
        wanted = self.life.ask(number, amount)
        for _ in range(2):  # an app that is not sure asks again
            response = call(
                "redemptions/",
                method="POST",
                customer_id=self.name,
                headers={"Idempotency-Key": f"key-{number}"},
                body={
                    "currency": "USD",
                    "amount": amount,
                    "method": "manual",
                    "destination": f"Box {number}",
                },
            )
            assert response.status_code == wanted, (response.content, self.lived)
        if wanted == 201:
            self.ids[number] = response.json()["id"]

    def _turn(self, number: int, to: str) -> None:
        if to == "cancelled":
            path = f"redemptions/{self.ids[number]}/cancel/"
            response = call(path, method="POST", customer_id=self.name)
            is_again = self.life.payouts[number].state == "cancelled"
            wanted = 200 if is_again or self.life.may(number, to) else 409
            assert response.status_code == wanted, (response.content, self.lived)
            if not is_again and wanted == 200:
                self.life.turn(number, to)
            return
        row = Redemption.objects.get(public_id=self.ids[number])
        with atomic():
            move = Move(redemption_id=row.pk, to=Status(to), reason="as it goes", reference="ref")
            moved = move_redemptions([move], actor_id=self.staff[0].pk, at=clock.now())[row.pk]
        assert moved.is_new == self.life.may(number, to), (moved, self.lived)
        if moved.is_new:
            self.life.turn(number, to)

    def _adjust(self, amount: int) -> None:
        member = Member.objects.filter(customer_id=self.name).first()
        if member is None:
            return
        wanted = Wanted(
            kind=AdjustmentKind.CORRECTION,
            member_id=member.pk,
            currency="USD",
            amount_minor=amount,
        )
        is_possible = self.life.available + amount >= 0
        try:
            row = propose_adjustment(
                wanted, actor=self.staff[0], reason="as it goes", at=clock.now()
            )
            approve(proposal_id=row.pk, actor=self.staff[1], reason="seen", at=clock.now())
        except ServiceError:
            assert not is_possible, self.lived
            return
        assert is_possible, self.lived
        self.life.adjust(amount)

    def _release(self) -> None:
        held = Transaction.objects.filter(member__customer_id=self.name, is_held=True)
        keys = list(held.order_by("pk").values_list("pk", flat=True))
        for key in keys:
            release_orders([key], at=clock.now())
        self.life.release_all()

    def _claim(self, order_id: str, number: int) -> None:
        """Of a tap of its own, an hour before: too long ago to be too early."""
        at = START - timedelta(days=30, minutes=number)
        click = self.clicks[order_id] = tap(self.name, merchant_id=BRAND, terms=HALF, at=at)
        row = filed(click, customer_id=self.name, at=START)
        assert row.answered_at is None, self.lived
        self.life.open_claim = order_id
        self.life.told.append(("claim.opened", None, None))


def check(driver: Driver, heard: list[dict[str, Any]]) -> None:
    """What the member reads, and what the publisher's system heard, is what the model says."""
    life, name = driver.life, driver.name
    story = f"{name}: {driver.lived}"
    found = read("balances/", customer_id=name)["results"]
    amounts = found[0] if found else {}
    names = ("pending", "available", "redeeming", "paid_out", "lifetime_earned")
    assert {key: amounts.get(key, 0) for key in names} == {
        key: getattr(life, key) for key in names
    }, story
    activity = _all("activity/", name)
    assert [(row["pending_change"], row["available_change"]) for row in activity] == life.moves, (
        story
    )
    if activity:
        last = activity[-1]
        assert (last["pending_after"], last["available_after"]) == (life.pending, life.available)
    notices = _all("notifications/", name)
    assert [row["kind"] for row in notices] == [kind for kind, *_ in life.told], story
    for row, (_, before, after) in zip(notices, life.told, strict=True):
        if row["kind"].startswith("reward."):
            assert (row["before"], row["after"]) == (before, after), (row, story)
        elif row["kind"].startswith("redemption."):
            assert row["after"] == after or row["before"] == after, (row, story)
        assert row["title"], row
        assert row["text"], row
    assert [one["type"] for one in heard] == [kind for kind, *_ in life.told], story
    moved = [one["data"]["activity"] for one in heard if one["data"].get("activity")]
    assert moved == [row["id"] for row in activity], story


def _all(path: str, name: str) -> list[Any]:
    """Oldest first."""
    rows: list[Any] = []
    url: str | None = f"{path}?limit=200"
    while url:
        page = read(url, customer_id=name)
        rows += page["results"]
        url = page["next"]
    return rows[::-1]


def live_all(count: int, *, length: int, seed: int) -> None:
    ops, finance = (
        User.objects.create(username=name, is_staff=True, is_superuser=True)
        for name in ("ops-1", "finance-1")
    )
    for merchant_id in (BRAND, SLOW_BRAND):
        Merchant.objects.create(merchant_id=merchant_id, name="Northwind", first_seen_at=START)
    set_release(
        merchant_id=SLOW_BRAND,
        mode=ReleaseMode.PAID,
        delay_days=0,
        actor=ops,
        reason="It pays late",
        at=clock.now(),
    )
    drivers = [Driver(f"m-{number}", seed + number, (ops, finance)) for number in range(count)]
    with receiving() as receiver:
        made = subscribe(receiver.url)
        receiver.secrets.append(made.text)
        for driver in drivers:
            driver.live(length=length)
        while deliver_events().events:
            pass
        deliver_events()
        assert receiver.sequences == list(range(1, len(receiver.received) + 1)), "no gap, no repeat"
        assert all(got.verified_by for got in receiver.received)
        heard: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for got in sorted(receiver.received, key=lambda one: one.sequence):
            heard[got.told["data"]["customer_id"]].append(got.told)
    for driver in drivers:
        check(driver, heard[driver.name])
    assert differences() == []


@pytest.mark.django_db
def test_a_few_lives_end_as_the_model_says(settings: Settings) -> None:
    settings.OUTWARD_ALLOW_PRIVATE = True

    live_all(12, length=14, seed=20261122)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.django_db
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_lives_end_as_the_model_says(part: int, settings: Settings) -> None:
    settings.OUTWARD_ALLOW_PRIVATE = True

    live_all(1000, length=14, seed=part * 1_000_000)
