"""The landing page: batches that wait for a person."""

from __future__ import annotations

from django.urls import reverse

from rewards_site.kernel import clock
from rewards_site.kernel.admin.attention import COUNTED_MAX, Card, register_card
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.paging import bounded_count
from transactions.payouts.collecting import live_items
from transactions.payouts.models import PayoutBatch, PayoutItem
from transactions.payouts.queries import items_with_problems, stuck_batches
from transactions.payouts.states import BatchStatus
from transactions.redemptions.models import Redemption
from transactions.redemptions.states import Status


def _waiting() -> Card:
    free = Redemption.objects.filter(~live_items(), status=Status.APPROVED)
    return Card(
        title="Approved redemptions in no batch",
        count=bounded_count(free, most=COUNTED_MAX),
        url=reverse("admin:payouts_collect"),
        what_to_do="Collect them into a payout batch.",
        when_none="Redemptions that were approved and are in no payout batch appear here.",
    )


def _stuck() -> Card:
    return Card(
        title="Payout batches that nobody knows about",
        count=bounded_count(stuck_batches(clock.now()), most=COUNTED_MAX),
        url=list_url(PayoutBatch, f"status={BatchStatus.SENDING.value}"),
        what_to_do="Open the batch: it says what to do next. Nothing is sent twice by itself.",
        when_none="Batches for which the provider's answer was lost appear here after an hour.",
        tone="bad",
    )


def _problems() -> Card:
    return Card(
        title="Payments to look at",
        count=bounded_count(items_with_problems(), most=COUNTED_MAX),
        url=list_url(PayoutItem, "look=yes"),
        what_to_do="The provider and the books say different things: see what was really paid, "
        "then say so on the payment's page.",
        when_none="Payments whose outcome only a person can judge appear here.",
        tone="bad",
    )


register_card("payouts_waiting", _waiting, permission="payouts.collect_payoutbatch", order=33)
register_card("payouts_stuck", _stuck, permission="payouts.view_payoutbatch", order=34)
register_card("payouts_problems", _problems, permission="payouts.view_payoutitem", order=35)
