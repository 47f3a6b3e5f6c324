"""What members read of the books, as staff look it up."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from transactions.activity.models import ActivityCount, MemberActivity


@admin.register(MemberActivity)
class MemberActivityAdmin(ReadOnlyAdmin[MemberActivity]):
    list_display = (
        "number",
        "member",
        "group",
        "pending_change_minor",
        "available_change_minor",
        "pending_after_minor",
        "available_after_minor",
    )
    list_select_related = ("member", "group")
    search_fields = ("=member__customer_id", "=group__cause")
    search_help_text = "A whole customer id, or a whole cause."
    linked_by = ("member", "group")
    fieldsets = (
        (None, {"fields": ("member", "number", "group", "currency", "public_id")}),
        ("Changes", {"fields": ("pending_change_minor", "available_change_minor")}),
        ("Balances after it", {"fields": ("pending_after_minor", "available_after_minor")}),
    )
    headings: ClassVar[dict[str, str]] = {"group": "entry group", "public_id": "id in the API"}
    when_empty = (
        "No activity yet. The first booking that touches a member's balance writes the first item."
    )


@admin.register(ActivityCount)
class ActivityCountAdmin(ReadOnlyAdmin[ActivityCount]):
    list_display = ("member", "item_count")
    list_select_related = ("member",)
    search_fields = ("=member__customer_id",)
    search_help_text = "A whole customer id."
    fieldsets = ((None, {"fields": ("member", "item_count")}),)
    headings: ClassVar[dict[str, str]] = {"item_count": "items"}
    when_empty = "No member has any activity yet."
