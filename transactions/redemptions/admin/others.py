"""Steps, keys, and who read a destination: lists that nobody changes."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from transactions.redemptions.models import DestinationReveal, RedemptionKey, RedemptionStep


@admin.register(RedemptionStep)
class RedemptionStepAdmin(ReadOnlyAdmin[RedemptionStep]):
    list_display = ("at", "redemption", "status", "actor", "approver", "reason", "entry_group")
    list_select_related = ("redemption", "actor", "approver", "entry_group")
    linked_by = ("redemption",)
    search_fields = ("=reference",)
    search_help_text = "A whole reference, such as the provider's."
    fieldsets = (
        (None, {"fields": ("redemption", "number", "status", "at", "entry_group")}),
        ("Who and why", {"fields": ("actor", "approver", "reason", "told", "reference")}),
    )
    headings: ClassVar[dict[str, str]] = {"entry_group": "booked by", "told": "told the member"}
    when_empty = "No redemption was asked for yet."


@admin.register(RedemptionKey)
class RedemptionKeyAdmin(ReadOnlyAdmin[RedemptionKey]):
    list_display = ("created_at", "member", "key", "answer_status")
    list_select_related = ("member",)
    list_defer = ("answer",)
    linked_by = ("member",)
    search_fields = ("=member__customer_id",)
    search_help_text = "A whole customer id."
    fieldsets = ((None, {"fields": ("member", "key", "created_at", "answer_status", "answer")}),)
    headings: ClassVar[dict[str, str]] = {
        "created_at": "first sent",
        "answer_status": "answered",
    }
    when_empty = "No key was sent yet: each POST /api/v1/redemptions/ needs one."


@admin.register(DestinationReveal)
class DestinationRevealAdmin(ReadOnlyAdmin[DestinationReveal]):
    list_display = ("at", "redemption", "actor", "reason")
    list_select_related = ("redemption", "actor")
    linked_by = ("redemption",)
    fieldsets = ((None, {"fields": ("redemption", "actor", "reason", "at")}),)
    when_empty = "Nobody has read a destination in full."
