"""Revisions: the evidence, one at a time."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import Q
from django.utils.safestring import SafeString

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from transactions.admin.differences import as_lines, differences_of
from transactions.models import RevisionKind, Source, TransactionRevision

_COMPARED_WITH_MAX = 50


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
    list_defer = ("observation", "transaction__terms", "child__told")
    list_filter = (
        word_filter("kind", RevisionKind.values),
        word_filter("source", Source.values),
        choice_filter(
            "states", "missing", {"yes": ("may be missing", Q(missing_from__isnull=False))}
        ),
    )
    search_fields = ("=child__tx_id", "=transaction__button_order_id")
    search_help_text = "A whole tx id or order id."
    linked_by = ("transaction", "child", "member")
    money_currency = "transaction.currency"
    money_currencies: ClassVar[dict[str, str]] = {
        "reward_minor": "reward_currency",
        "change_minor": "reward_currency",
    }
    headings: ClassVar[dict[str, str]] = {
        "transaction": "order",
        "change_minor": "change of the reward",
        "occurred_at": "happened",
        "read_at": "received",
        "approver": "approved by",
        "unrecovered": "kept by earlier members",
    }
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "transaction",
                    "number",
                    "kind",
                    "said",
                    "approver",
                    "reason",
                    "what_changed",
                )
            },
        ),
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
                    "unrecovered",
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
        )
        latest = list(earlier.order_by("-number")[:_COMPARED_WITH_MAX])[::-1]
        said = differences_of(
            latest, revision.transaction.currency, is_whole=len(latest) < _COMPARED_WITH_MAX
        )
        return as_lines(said[revision.number])


def said_by(revision: TransactionRevision) -> str:
    if revision.actor is not None:
        return f"{revision.actor.get_username()} (staff)"
    return f"{revision.source}: {revision.child}"
