"""Merchants, as far as they are known."""

from __future__ import annotations

from django.contrib import admin

from offers.models import Merchant
from rewards_site.kernel.admin.base import ReadOnlyAdmin


@admin.register(Merchant)
class MerchantAdmin(ReadOnlyAdmin[Merchant]):
    list_display = ("merchant_id", "name", "first_seen_at")
    search_fields = ("=merchant_id", "name")
    search_help_text = "A merchant id (org-…), or part of a name."
    fieldsets = ((None, {"fields": ("merchant_id", "name", "first_seen_at")}),)
    when_empty = (
        "No merchant yet. A merchant is made at the first order of its brand that Button tells."
    )
