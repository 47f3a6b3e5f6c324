"""Members, as staff look them up. Balances and transactions are added by the rooms above."""

from __future__ import annotations

from django.contrib import admin

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.members.models import Member


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin[Member]):
    list_display = ("customer_id", "created_at", "public_id")
    search_fields = ("=customer_id", "=public_id")
    search_help_text = "A whole customer id, or a whole member id."
    fieldsets = ((None, {"fields": ("customer_id", "public_id", "created_at")}),)
    headings = {"public_id": "member id", "created_at": "first seen"}
    when_empty = (
        "No member yet. A member is made when Button first tells an order with their customer id, "
        "or when they first call the API with a token."
    )
