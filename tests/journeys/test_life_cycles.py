"""Random life cycles through the running product, and the balances that must come of them.

Webhooks come over HTTP by eight threads, signed: a tenth is lost, a third comes twice, all are out
of order; meanwhile the API is read, and `sync_transactions` brings the rest. Every fifth order
comes by a click, some by it alone; brands have rules of their own, which change while orders are
bought, and once more, above all others, while they are told. Some pay points.
"""

from __future__ import annotations

import json
import random
import urllib.request
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import jwt
import pytest

from accounts_sync.inbox.models import WebhookEvent
from offers.rules.terms import Terms, TermsKind
from rewards_site.kernel import clock
from tests.journeys.books import Balances, member_balances
from tests.journeys.conftest import Begin
from tests.journeys.processes import MEMBER_SECRET
from tests.journeys.sender import ACKNOWLEDGED, LOCK_NOT_HAD, Sender
from tests.life_cycles import (
    LONGEST,
    Promise,
    Story,
    Tapped,
    expected_balances,
    shop,
    stories,
    webhooks,
)
from tests.offers.rules.making import make_merchant, published
from tests.properties.promised import Promise as RulePromise
from tests.properties.telling import publish
from tests.transactions.tapping import tap
from transactions.models import Transaction

SEED = 20261122
MEMBERS_READ = 25
MERCHANTS = [f"org-{number}" for number in range(7)]
POINTS, BRANDS, CHANGED = MERCHANTS[0], MERCHANTS[1], MERCHANTS[2]
"""With a rule each: points; a share of its own; a share that a new version changes."""
CHANGES_AFTER = timedelta(hours=12)
"""Orders are bought in the first 24."""


def test_300_life_cycles(begin: Begin) -> None:
    lives_end_where_the_model_says(begin, count=300, members=40)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_10_000_life_cycles(begin: Begin) -> None:
    lives_end_where_the_model_says(begin, count=10_000, members=500)


def lives_end_where_the_model_says(begin: Begin, *, count: int, members: int) -> None:
    start = datetime.now(tz=UTC).replace(microsecond=0) - LONGEST - timedelta(days=1)
    told = stories(count, seed=SEED, members=members, start=start)
    shop(
        told,
        taps_before(start, members=members * 2 // 5),
        random.Random(SEED),
        lambda story: promised_by_rule(story, start=start),
    )
    rules_since(start)
    hooks = webhooks(told, random.Random(SEED))
    product, button = begin(told, at=start + timedelta(days=10))
    web, worker = product.start_web(), product.start_worker()

    sender = Sender(product.url, hooks)
    sender.start()
    published("Mean", share_bps=1, priority=1000, at=clock.now())  # for none of these orders
    first = product.run("sync_transactions", seconds_max=600)
    sender.finish()
    button.at = start + LONGEST
    second = product.run("sync_transactions", seconds_max=600)

    assert (first.status, second.status) == (0, 0), first.output + second.output
    assert set(sender.answers) <= {*ACKNOWLEDGED, LOCK_NOT_HAD}, sender.answers
    delivered = {hook.hook_id for hook in hooks}
    assert set(WebhookEvent.objects.values_list("hook_id", flat=True)) == delivered
    assert len(delivered) < sum(len(story.states) for story in told)  # the others were lost
    expected = expected_balances(told)
    assert member_balances() == expected
    by_click = [story for story in told if story.promise in CLICKED]
    assert Transaction.objects.exclude(click=None).count() == len(by_click) > count // 8
    assert sum("PTS" in has for has in expected.values()) > 5
    members_see(product.url, expected, told)

    assert (web.stop(), worker.stop()) == (0, 0)
    verified = product.run("verify_ledger", seconds_max=600)
    assert verified.status == 0, verified.output
    assert f"checked: {count} transactions," in verified.output


CLICKED = (Promise(share_bps=8_001), Promise(points_per_dollar=7))
"""What was promised at taps; the latter at brands of odd numbers."""


def taps_before(start: datetime, *, members: int) -> list[Tapped]:
    """Of the first `members` at every brand, an hour before anybody bought."""
    at = start - timedelta(hours=1)
    terms = (
        Terms(share_bps=8_001, source="rule «Gone» v1"),
        Terms(
            kind=TermsKind.POINTS_PER_UNIT,
            points=Decimal(7),
            currency="USD",
            source="rule «Gone» v2",
        ),
    )
    return [
        Tapped(
            customer_id=f"member-{number}",
            merchant_id=merchant_id,
            pub_ref=tap(
                f"member-{number}", merchant_id=merchant_id, terms=terms[brand % 2], at=at
            ).pub_ref,
            promise=CLICKED[brand % 2],
        )
        for number in range(members)
        for brand, merchant_id in enumerate(MERCHANTS)
    ]


def rules_since(start: datetime) -> None:
    before = start - timedelta(hours=2)
    for merchant_id in (POINTS, BRANDS, CHANGED):
        make_merchant(merchant_id, merchant_id)
    published(
        "Points",
        kind=TermsKind.POINTS_FIXED,
        share_bps=0,
        points=Decimal(40),
        merchant_id=POINTS,
        at=before,
    )
    published("Brand", share_bps=9_999, merchant_id=BRANDS, at=before)
    published("Changed", share_bps=1_111, merchant_id=CHANGED, at=before)
    changed = RulePromise(share_bps=6_667, merchant_id=CHANGED)
    publish("Changed", changed, at=start + CHANGES_AFTER)


def promised_by_rule(story: Story, *, start: datetime) -> Promise:
    if story.merchant_id == POINTS:
        return Promise(points=40)
    if story.merchant_id == BRANDS:
        return Promise(share_bps=9_999)
    if story.merchant_id == CHANGED:
        is_before = story.states[0].created_at.replace(microsecond=0) <= start + CHANGES_AFTER
        return Promise(share_bps=1_111 if is_before else 6_667)
    return Promise()


def members_see(url: str, expected: Balances, told: list[Story]) -> None:
    """What members read over the API with tokens of their own, for some of them."""
    everybody = sorted({story.customer_id for story in told if story.customer_id})
    for customer_id in random.Random(SEED).sample(everybody, MEMBERS_READ):
        seen = {}
        for row in _balances(url, customer_id):
            amounts = {kind: row[kind] for kind in ("pending", "available") if row[kind]}
            assert row["lifetime_earned"] == row["available"]
            assert (row["redeeming"], row["paid_out"]) == (0, 0)
            if amounts:
                seen[row["currency"]] = amounts
        assert seen == expected.get(customer_id, {}), customer_id


def _balances(url: str, customer_id: str) -> list[dict[str, Any]]:
    expires_at = datetime.now(tz=UTC) + timedelta(minutes=5)
    token = jwt.encode(
        {"sub": customer_id, "exp": int(expires_at.timestamp())}, MEMBER_SECRET, algorithm="HS256"
    )
    request = urllib.request.Request(
        f"{url}/api/v1/balances/", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        results: list[dict[str, Any]] = json.load(response)["results"]
    return results
