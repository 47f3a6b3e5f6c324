"""Webhooks that come at once: the same one, and those that a sync is just reading, too."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Q
from django.test import Client

from accounts_sync.accounts import sync_accounts
from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import RunStatus
from accounts_sync.pull import pull_transactions
from rewards_site.button.client import ButtonClient
from rewards_site.button.signature import sign
from rewards_site.kernel import clock
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.factories import balances
from tests.journeys.books import member_balances
from tests.journeys.button import Button, served
from tests.life_cycles import START, expected_balances, stories, webhooks
from transactions.ledger.models import EntryGroup
from transactions.models import TransactionRevision

pytestmark = pytest.mark.usefixtures("committed_db")

Said = tuple[int, str]
"""Status code, and the `status` of the answer."""


def post(event: dict[str, Any]) -> Said:
    body = json.dumps(event).encode()
    answer = Client(raise_request_exception=False).post(
        "/webhooks/button/",
        data=body,
        content_type="application/json",
        headers={"X-Button-Signature": sign(body, settings.BUTTON_WEBHOOK_SECRETS[0])},
    )
    return answer.status_code, json.loads(answer.content)["status"]


def test_one_webhook_on_fifty_connections_is_booked_once() -> None:
    [story] = [told for told in stories(40, seed=1) if told.order_id == "btnorder-4"]
    event = {
        "id": "hook-1",
        "event_type": "tx-pending",
        "data": story.wire(story.states[0], milliseconds=True)
        | {"publisher_customer_id": "member-1", "amount": 1000},
    }

    said = all_returned(
        at_once(50, lambda number: post(event | {"request_id": f"attempt-{number}"}))
    )

    assert sorted(said) == [(200, "duplicate")] * 49 + [(200, "processed")]
    kept = WebhookEvent.objects.get()
    assert (kept.hook_id, kept.status, kept.delivery_count) == ("hook-1", "processed", 50)
    assert balances("member-1", story.currency) == {"pending": 500}
    assert TransactionRevision.objects.count() == EntryGroup.objects.count() == 1
    books_are_right()


SENDERS = 8
SYNCS = 2


@pytest.mark.parametrize("count", [100, pytest.param(300, marks=pytest.mark.slow)])
def test_webhooks_and_syncs_of_the_same_transactions_at_once(count: int) -> None:
    told = stories(count, seed=2, members=20)
    hooks = webhooks(told, random.Random(2), lost=0, repeated=0.05)
    assert len(hooks) > 2.6 * count
    button = Button(told, at=START, api_key="sk-1", page_rows_max=100)

    def send(number: int) -> set[Said]:
        return {post(hook.body) for hook in hooks[number::SENDERS]}

    def read(number: int) -> set[Said]:
        """Twice everything, while time goes on at Button; the accounts forth and back."""
        client = ButtonClient(api_key="sk-1", base_url=button.url)
        for days in (1, 60):
            button.at = max(button.at, START + timedelta(days=days))
            for account in sorted(listed)[:: 1 if number % 2 else -1]:
                report = pull_transactions(
                    account_id=account,
                    client=client,
                    at=clock.now(),
                    full=True,
                    wait_seconds_max=60,
                )
                assert (report.status, report.deferred_count) == (RunStatus.DONE, 0)
        return set()

    with served(button):
        listed = sync_accounts(
            client=ButtonClient(api_key="sk-1", base_url=button.url), at=clock.now()
        ).new_ids
        work = [send] * SENDERS + [read] * SYNCS
        said = all_returned(at_once(len(work), lambda number: work[number](number)))

    assert set.union(*said) <= {(200, "processed"), (200, "ignored"), (200, "duplicate")}
    assert WebhookEvent.objects.count() == len({hook.hook_id for hook in hooks})
    assert member_balances() == expected_balances(told)
    assert set(causes_of_revisions()) == set(EntryGroup.objects.values_list("cause", flat=True))
    books_are_right()
    assert deadlock_count() == 0


def causes_of_revisions() -> Iterator[str]:
    """The cause that the entries of each revision must name, each once: one group a revision."""
    booked = TransactionRevision.objects.filter(~Q(entry_group=None))
    for order, number in booked.values_list("transaction", "number"):
        yield f"transaction/{order}/revision/{number}"
