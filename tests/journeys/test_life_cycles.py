"""Random life cycles through the running product, and the balances that must come of them.

Webhooks come over HTTP by eight threads, signed: a tenth is lost, a third comes twice, all are out
of order; meanwhile the API is read, and `sync_transactions` brings the rest.
"""

from __future__ import annotations

import json
import random
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from accounts_sync.inbox.models import WebhookEvent
from tests.journeys.books import Balances, member_balances
from tests.journeys.conftest import Begin
from tests.journeys.processes import MEMBER_SECRET
from tests.journeys.sender import ACKNOWLEDGED, LOCK_NOT_HAD, Sender
from tests.life_cycles import LONGEST, Story, expected_balances, stories, webhooks

SEED = 20261122
MEMBERS_READ = 25


def test_300_life_cycles(begin: Begin) -> None:
    lives_end_where_the_model_says(begin, count=300, members=40)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_10_000_life_cycles(begin: Begin) -> None:
    lives_end_where_the_model_says(begin, count=10_000, members=500)


def lives_end_where_the_model_says(begin: Begin, *, count: int, members: int) -> None:
    start = datetime.now(tz=UTC).replace(microsecond=0) - LONGEST - timedelta(days=1)
    told = stories(count, seed=SEED, members=members, start=start)
    hooks = webhooks(told, random.Random(SEED))
    product, button = begin(told, at=start + timedelta(days=10))
    web, worker = product.start_web(), product.start_worker()

    sender = Sender(product.url, hooks)
    sender.start()
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
    members_see(product.url, expected, told)

    assert (web.stop(), worker.stop()) == (0, 0)
    verified = product.run("verify_ledger", seconds_max=600)
    assert verified.status == 0, verified.output
    assert f"checked: {count} transactions," in verified.output


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
