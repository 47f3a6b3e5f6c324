"""Payments: their list and page; one can be taken out of an open batch."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY, displayable, label, utc_text
from transactions.payouts import collecting
from transactions.payouts.models import PayoutItem, ProviderAnswer
from transactions.payouts.states import BatchStatus, ItemStatus

_LOOK = {"yes": ("a person has to look", ~Q(problem=""))}


def _removable(item: PayoutItem) -> str:
    if item.status == ItemStatus.REMOVED:
        return "it was taken out already"
    if item.batch.status != BatchStatus.OPEN:
        return f"its batch is {item.batch.status}"
    return ""


def _remove(attempt: Attempt[PayoutItem]) -> Done:
    collecting.remove_item(
        item_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="taken out. Its redemption waits for another batch.")


@admin.register(PayoutItem)
class PayoutItemAdmin(ServiceAdmin[PayoutItem]):
    list_display = (
        *("public_id", "batch", "redemption", "amount_minor", "status", "word", "problem"),
    )
    list_select_related = ("batch", "redemption")
    list_filter = (
        word_filter("status", list(ItemStatus)),
        choice_filter("problem", "look", _LOOK),
    )
    linked_by = ("batch", "redemption")
    search_fields = ("=public_id", "=provider_item_id", "=redemption__public_id")
    search_help_text = "The id of a payment, ours or the provider's, or of a redemption."
    intro = "Each pays one redemption."
    when_empty = "No payment yet: payments are made by collecting a payout batch."
    headings: ClassVar[dict[str, str]] = {
        "public_id": "payment",
        "word": "provider says",
        "problem": "look at",
        "provider_item_id": "provider's id",
    }
    fieldsets = (
        (None, {"fields": ("public_id", "batch", "redemption", "amount_minor", "attempt")}),
        (
            "How it stands",
            {"fields": ("status", "word", "provider_item_id", "problem", "told_at")},
        ),
        ("In the batch", {"fields": ("added_at", "removed_at")}),
    )
    verbs = (
        Verb(
            name="remove",
            label="Take out of the batch",
            permission="payouts.collect_payoutbatch",
            what_happens="It is not paid by this batch; its redemption waits for another.",
            perform=_remove,
            objection=_removable,
        ),
    )

    def panels(self, request: HttpRequest, row: PayoutItem) -> list[Panel]:
        answers = ProviderAnswer.objects.filter(item=row.pk).order_by("-pk").defer("evidence")
        cells: list[list[Any]] = [
            [
                link(utc_text(answer.at), page_url(answer)),
                displayable(answer.word) or EMPTY,
                label(answer.outcome),
                displayable(answer.why) or EMPTY,
            ]
            for answer in answers[:ROWS_MAX]
        ]
        return [
            Panel(
                title="What the provider said of it",
                headings=["When", "Its word", "In ours", "Why"],
                rows=cells,
                empty="Nothing yet.",
            )
        ]
