"""Whatever a provider and the line to it do, in any order: both books agree, nobody forgotten."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests
import responses
from django.test import override_settings
from hypothesis import given as over
from hypothesis import settings, strategies
from hypothesis.extra.django import TestCase

from rewards_site.button.sandbox.answers import HungUpError, Request
from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.payouts import CLIENT_ID, CLIENT_SECRET, Payouts
from rewards_site.button.sandbox.payouts_faults import PayoutFault
from tests.factories import balances
from tests.spending import differences
from tests.transactions.payouts.paying import AMOUNT, attended, collected, given, later, owed
from transactions.payouts.models import PayoutBatch, PayoutItem
from transactions.payouts.providers import paypal

URL = "https://payouts.example"
NAMES = ("ann", "failed-f", "unclaimed-u", "returned-r", "reversed-v", "pending-p")
_LINE = [fault for fault in PayoutFault if not fault.startswith("stall")]
STEPS = strategies.lists(
    strategies.one_of(
        strategies.tuples(
            strategies.sampled_from(_LINE), strategies.sampled_from(["token", "send", "ask"])
        ),
        strategies.sampled_from([timedelta(minutes=1), timedelta(minutes=16), timedelta(days=3)]),
        strategies.just(timedelta(days=31)),
    ),
    max_size=10,
)


@override_settings(
    PAYPAL_API_URL=URL, PAYPAL_CLIENT_ID=CLIENT_ID, PAYPAL_CLIENT_SECRET=CLIENT_SECRET
)
class TestAnyProvider(TestCase):
    batch: PayoutBatch

    @classmethod
    def setUpTestData(cls) -> None:
        with override_settings(
            PAYPAL_API_URL=URL, PAYPAL_CLIENT_ID=CLIENT_ID, PAYPAL_CLIENT_SECRET=CLIENT_SECRET
        ):
            for name in NAMES:
                owed(name)
            cls.batch = given(collected())

    @settings(max_examples=15)
    @over(steps=STEPS)
    def test_the_two_books_agree(self, steps: list[tuple[PayoutFault, str] | timedelta]) -> None:
        clock = SteppedClock(datetime(2026, 11, 20, tzinfo=UTC))
        provider = Payouts(seed=1, clock=clock)
        paypal._TOKENS.clear()
        with responses.RequestsMock(assert_all_requests_are_fired=False) as line:
            for method in (responses.GET, responses.POST):
                line.add_callback(
                    method, re.compile(".*"), callback=lambda asked: _answered(provider, asked)
                )
            for step in steps:
                if isinstance(step, timedelta):
                    clock.move(seconds=step.total_seconds())
                    later(self.batch, step)
                else:
                    provider.faults.add(step[0], on=step[1])
                attended(self.batch)
                _agree(provider, clock.now())
            provider.faults.clear()
            for _ in range(4):
                clock.move(seconds=16 * 60)
                later(self.batch, timedelta(minutes=16))
                attended(self.batch)
        _agree(provider, clock.now())
        _nobody_forgotten(provider, clock.now())
        assert differences() == []


def _answered(
    provider: Payouts, asked: requests.PreparedRequest
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(str(asked.url))
    body = asked.body or b""
    try:
        reply = provider.answer(
            Request(
                method=str(asked.method),
                path=parts.path,
                query=parts.query,
                headers={name.lower(): value for name, value in asked.headers.items()},
                body=body if isinstance(body, bytes) else body.encode(),
                base_url=URL,
                is_local=True,
            )
        )
    except HungUpError as error:
        raise requests.ConnectionError("hung up") from error
    return reply.status, {"Content-Type": reply.content_type}, reply.body


def _agree(provider: Payouts, at: datetime) -> None:
    """What the provider really did against what we believe, payment by payment."""
    ledger = provider.bank.ledger(at)
    for item in PayoutItem.objects.select_related("redemption__member"):
        told = ledger.get(str(item.public_id), {"paid": "0", "returned": "0", "payments": 0})
        status = item.redemption.status
        assert int(str(told["payments"])) <= 1, item
        if status == "paid":
            assert told["paid"] == "7.00", item
        if status == "failed":
            assert told["paid"] in ("0", told["returned"]), item
        held = {"approved": "redeeming", "paid": "paid_out", "failed": "available"}[status]
        assert balances(item.redemption.member.customer_id) == {held: AMOUNT}


def _nobody_forgotten(provider: Payouts, at: datetime) -> None:
    """Once the line is good the batch is at its end, or waits for a person since it is too late."""
    batch = PayoutBatch.objects.get()
    if batch.status == "closed":
        assert provider.bank.batches == []  # refused at once, and nothing of it taken
        return
    if batch.status == "sending":
        assert batch.unsure_since is not None
        assert batch.next_ask_at is None
        return
    [taken] = provider.bank.batches
    truth = {item.sender_item_id: item.status(at - taken.taken_at) for item in taken.items}
    words = {str(item.public_id): item.word for item in PayoutItem.objects.all()}
    assert words == truth
