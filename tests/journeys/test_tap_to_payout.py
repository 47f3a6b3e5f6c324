"""From a tap to the payout, over HTTP: who shops, Button, ops, finance, PayPal, a receiver."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.conf import settings as django_settings
from django.core.management import call_command
from pytest_django import Settings

from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from rewards_site.demo_story import StaffMember
from rewards_site.kernel import clock
from rewards_site.members.tokens import issue_token
from tests.admin_world import PASSWORD, make_staff
from tests.button.sandbox.caller import Caller
from tests.conftest import CommittedDatabase
from tests.journeys.shop import door
from tests.outward.receiving import Receiver, receiving, subscribe
from tests.transactions.payouts.paying import use_paypal
from transactions.payouts.models import PayoutBatch
from transactions.payouts.providers import paypal
from transactions.redemptions.models import Redemption

WHO = "ann"
COMMISSION, REWARD = 4_000, 2_000
"""Half of it, as the member was shown."""


@dataclass
class World:
    """The product's address, Button with PayPal beside it, and a system that is told of events."""

    site: str
    sandbox: Sandbox
    receiver: Receiver
    token: str = ""

    def ask(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        """As the member's app."""
        answer = requests.request(
            "GET" if body is None else "POST",
            f"{self.site}/api/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"} | headers,
            timeout=30,
        )
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def staff(self, username: str, role: str) -> StaffMember:
        make_staff(role, username=username)
        return StaffMember(
            site=self.site, username=username, password=PASSWORD, stopping=threading.Event()
        )

    def balance(self) -> dict[str, int]:
        (told,) = self.ask("balances/")["results"]
        return {name: value for name, value in told.items() if name != "currency" and value}

    def deliveries_end(self) -> None:
        assert self.sandbox.sender is not None
        self.sandbox.sender.wait_until_sent()


@pytest.fixture
def world(committed_db: CommittedDatabase, settings: Settings) -> Iterator[World]:
    settings.OUTWARD_ALLOW_PRIVATE = True
    paypal._TOKENS.clear()
    with door() as site, _button(site) as sandbox, receiving() as receiver:
        settings.BUTTON_API_KEY = DEFAULT_API_KEY
        settings.BUTTON_API_URL = settings.BUTTON_OFFERS_URL = sandbox.url
        use_paypal(settings, sandbox)
        for command in ("sync_accounts", "sync_merchants"):
            call_command(command, stdout=StringIO())
        receiver.secrets.append(subscribe(receiver.url).text)
        token = issue_token(WHO, days=1, at=clock.now())
        yield World(site=site, sandbox=sandbox, receiver=receiver, token=token)


@contextmanager
def _button(site: str) -> Iterator[Sandbox]:
    with running_sandbox(
        seed=7,
        webhook_url=f"{site}/webhooks/button/",
        webhook_secret=django_settings.BUTTON_WEBHOOK_SECRETS[0],
    ) as sandbox:
        yield sandbox


def _do(staff: StaffMember, model: str, verb: str, pk: int, **answers: str) -> str:
    """What the admin says after a verb on one row."""
    address = f"/admin/{model}/do/{verb}/?id={pk}"
    return staff._submit(address, staff.open(address), id=str(pk), reason="Friday", **answers)


def _buy(world: World) -> dict[str, Any]:
    """Open the offers, tap one, follow the link, buy: the order as Button told of it."""
    merchant = next(one for one in world.ask("offers/")["merchants"] if one["offers"])
    offer = merchant["offers"][0]
    click = world.ask("clicks/", {"offer_token": offer["token"], "url": None})
    said = parse_qs(urlsplit(click["link"]).query)
    order: dict[str, Any] = Caller(world.sandbox).order(
        customer=said["btn_pub_user"][0],
        pub_ref=said["btn_pub_ref"][0],
        merchant=merchant["merchant_id"],
        currency="USD",
        total=50_000,
        amount=COMMISSION,
    )
    world.deliveries_end()
    return order | {"click_id": click["click_id"]}


def test_from_a_tap_to_the_payout(world: World) -> None:
    ops, finance = world.staff("ona", "Ops"), world.staff("finn", "Finance")

    order = _buy(world)
    (pending,) = world.ask("transactions/")["results"]
    assert (pending["status"], pending["reward"]) == ("pending", REWARD)
    assert pending["click_id"] == order["click_id"]
    Caller(world.sandbox).control(f"orders/{order['button_order_id']}/validate")
    world.deliveries_end()
    assert world.balance() == {"available": REWARD, "lifetime_earned": REWARD}

    wanted = {
        "currency": "USD",
        "amount": 1_500,
        "method": "paypal",
        "destination": "ann@example.com",
    }
    asked, again = (world.ask("redemptions/", wanted, **{"Idempotency-Key": "k"}) for _ in "12")
    assert asked == again
    row = Redemption.objects.get()
    assert (asked["status"], asked["destination"]) == ("requested", row.destination_masked)
    _do(ops, "redemptions/redemption", "approve", row.pk)

    collect = "/admin/payouts/payoutbatch/collect/"
    finance._submit(collect, finance.open(collect), which="USD/paypal/paypal", reason="The week's.")
    batch = PayoutBatch.objects.get()
    for verb in ("close", "send"):
        _do(finance, "payouts/payoutbatch", verb, batch.pk)
    for _ in "12":  # it is sent, and asked for
        call_command("sync_payouts", stdout=StringIO())

    paid = world.ask(f"redemptions/{asked['id']}/")
    assert (paid["status"], paid["reason"]) == ("paid", None)
    assert world.balance() == {"available": 500, "paid_out": 1_500, "lifetime_earned": REWARD}
    assert list(world.sandbox.payouts.bank.ledger(clock.now()).values()) == [
        {"paid": "15.00", "returned": "0", "payments": 1, "currency": "USD"}
    ]
    told = world.ask("notifications/")["results"]
    assert [one["kind"] for one in reversed(told)] == [
        *("reward.pending", "reward.available"),
        *("redemption.requested", "redemption.approved", "redemption.paid"),
    ]
    call_command("deliver_events", stdout=StringIO())
    heard = sorted(world.receiver.received, key=lambda got: got.sequence)
    assert [got.told["type"] for got in heard] == [one["kind"] for one in reversed(told)]
    assert all(got.verified_by == world.receiver.secrets for got in heard)
    said = StringIO()
    call_command("verify_ledger", stdout=said)
    assert re.search(r"; 0 differences", said.getvalue())
