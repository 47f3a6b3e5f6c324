"""What stands below a batch (sums, payments, steps, words of the provider), and a redemption."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest

from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem, ProviderAnswer
from transactions.redemptions.models import Redemption

TONES = {"paid": "good", "sent": "wait", "waiting": "wait", "unknown": "warn", "failed": "bad"}


def totals(rows: Sequence[PayoutBatch]) -> Panel:
    """What a verb is about to be done to."""
    return Panel(
        title="Batches",
        headings=["Batch", "By", "#Payments", "#Total"],
        rows=[
            [
                link(row.public_id, page_url(row)),
                f"{row.method}, {row.provider}",
                row.item_count,
                money_text(row.total_minor, row.currency),
            ]
            for row in rows
        ],
        empty="No batch.",
    )


def by_status(batch: PayoutBatch) -> Panel:
    sums = (
        PayoutItem.objects.filter(batch=batch.pk)
        .order_by("status")
        .values_list("status")
        .annotate(count=Count("pk"), total=Sum("amount_minor"))
    )
    return Panel(
        title="How its payments stand",
        headings=["Status", "#Payments", "#Sum"],
        rows=[
            [label(status, tone=TONES.get(status, "")), count, money_text(total, batch.currency)]
            for status, count, total in sums
        ],
        empty="It pays nobody.",
    )


def items(batch: PayoutBatch) -> Panel:
    rows = PayoutItem.objects.filter(batch=batch.pk).select_related("redemption").order_by("pk")
    return Panel(
        title="Payments",
        headings=["Payment", "Redemption", "To", "#Amount", "Status", "Provider says", "Look at"],
        rows=[_item_cells(item) for item in rows[:ROWS_MAX]],
        empty="It pays nobody.",
        more_url=list_url(PayoutItem, f"batch={batch.pk}"),
    )


def _item_cells(item: PayoutItem) -> list[Any]:
    return [
        link(item.public_id, page_url(item)),
        link(item.redemption.public_id, page_url(item.redemption)),
        displayable(item.redemption.destination_masked),
        money_text(item.amount_minor, item.currency),
        label(item.status, tone=TONES.get(item.status, "")),
        displayable(item.word) or EMPTY,
        displayable(item.problem) or EMPTY,
    ]


def steps(batch: PayoutBatch) -> Panel:
    return _steps("What was done with it", BatchStep.objects.filter(batch=batch.pk))


def steps_of(item: PayoutItem) -> Panel:
    """Those of its batch that are about this payment alone."""
    mine = BatchStep.objects.filter(batch=item.batch_id, facts__item=str(item.public_id))
    return _steps("What people said of it", mine)


def _steps(title: str, found: QuerySet[BatchStep]) -> Panel:
    rows = found.select_related("actor").order_by("-pk")
    return Panel(
        title=title,
        headings=["When", "What", "By", "Why"],
        rows=[
            [
                link(utc_text(step.at), page_url(step)),
                step.get_verb_display(),
                displayable(str(step.actor)) if step.actor_id else "the provider's answer",
                displayable(step.reason) or EMPTY,
            ]
            for step in rows[:ROWS_MAX]
        ],
        empty="Nothing yet.",
    )


def answers(batch: PayoutBatch) -> Panel:
    rows = ProviderAnswer.objects.filter(batch=batch.pk, item=None).order_by("-pk")
    asked = (
        f"It answered {batch.ask_count} times, last at {utc_text(batch.asked_at)}. "
        if batch.asked_at is not None
        else ""
    )
    return Panel(
        title="What the provider said of the batch",
        headings=["When", "Answer", "Its words"],
        rows=[
            [
                link(utc_text(answer.at), page_url(answer)),
                label(answer.outcome),
                displayable(answer.why) or EMPTY,
            ]
            for answer in rows.defer("evidence")[:ROWS_MAX]
        ],
        empty="Nothing yet.",
        note=f"{asked}Kept where it said something else than before; what it said of each payment "
        "stands on the payment's page.",
    )


def _of_redemption(request: HttpRequest, redemption: Redemption) -> list[Panel]:
    if not panels.may_view(request, PayoutItem):
        return []
    rows = PayoutItem.objects.filter(redemption=redemption.pk).select_related("batch")
    return [
        Panel(
            title="Payout batches",
            headings=["Batch", "Payment", "Status", "Provider says", "Provider's id"],
            rows=[
                [
                    link(item.batch.public_id, page_url(item.batch)),
                    link(item.public_id, page_url(item)),
                    label(item.status, tone=TONES.get(item.status, "")),
                    displayable(item.word) or EMPTY,
                    displayable(item.provider_item_id) or EMPTY,
                ]
                for item in rows.order_by("-pk")[:ROWS_MAX]
            ],
            empty="In no batch. Approved redemptions are collected under «Payout batches».",
        )
    ]


panels.register(Redemption, _of_redemption)
