"""The permits, for whoever wants to see how much of a minute's budget is in use."""

from __future__ import annotations

from django.contrib import admin

from rewards_site.button.ratelimit.models import Permit
from rewards_site.kernel.admin.base import ReadOnlyAdmin


@admin.register(Permit)
class PermitAdmin(ReadOnlyAdmin[Permit]):
    list_display = ("slot", "free_at")
    fieldsets = ((None, {"fields": ("slot", "free_at")}),)
    when_empty = "No member has asked for offers yet: the first request makes the permits."
