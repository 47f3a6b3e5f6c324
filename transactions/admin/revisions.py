"""Revisions: the evidence, one at a time."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.safestring import SafeString

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.filters import word_filter
from transactions.admin.panels import changes_of, said_by
from transactions.models import RevisionKind, Source, TransactionRevision


@admin.register(TransactionRevision)
class TransactionRevisionAdmin(ReadOnlyAdmin[TransactionRevision]):
    list_display = (
        "name",
        "recorded_at",
        "transaction",
        "said",
        "status",
        "commission_minor",
        "reward_minor",
        "change_minor",
    )
    list_select_related = ("transaction", "child", "actor")
    list_defer = ("observation", "terms", "transaction__terms", "child__told")
    list_filter = (
        word_filter("kind", RevisionKind.values),
        word_filter("source", Source.values),
    )
    search_fields = ("=child__tx_id", "=transaction__button_order_id")
    search_help_text = "A whole tx id or order id."
    linked_by = ("transaction", "child", "member")
    money_currency = "transaction.currency"
    headings: ClassVar[dict[str, str]] = {
        "transaction": "order",
        "change_minor": "change of the reward",
        "occurred_at": "happened",
        "read_at": "received",
    }
    fieldsets = (
        (None, {"fields": ("transaction", "number", "kind", "said", "reason", "what_changed")}),
        (
            "What it came to",
            {
                "fields": (
                    "status",
                    "commission_minor",
                    "reward_minor",
                    "change_minor",
                    "member",
                    "merchant",
                    "entry_group",
                )
            },
        ),
        (
            "Times",
            {"fields": ("occurred_at", "read_at", "recorded_at", "missing_from", "missing_until")},
        ),
        ("Evidence", {"fields": ("observation", "terms", "flags")}),
    )
    when_empty = "No revision yet. The first order that Button tells writes the first one."

    @admin.display(description="revision")
    def name(self, revision: TransactionRevision) -> str:
        return f"No. {revision.number}"

    @admin.display(description="by")
    def said(self, revision: TransactionRevision) -> str:
        return said_by(revision)

    @admin.display(description="what changed")
    def what_changed(self, revision: TransactionRevision) -> SafeString:
        earlier = TransactionRevision.objects.filter(
            transaction=revision.transaction_id,
            child=revision.child_id,
            number__lte=revision.number,
        ).select_related("member")
        latest = list(earlier.order_by("-number")[:50])[::-1]
        return changes_of(latest, revision.transaction.currency)[revision.number]
