"""Steps of batches, and providers' own words: read-only."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.filters import word_filter
from transactions.payouts.models import BatchStep, ProviderAnswer, StepVerb


@admin.register(BatchStep)
class BatchStepAdmin(ReadOnlyAdmin[BatchStep]):
    list_display = ("at", "batch", "verb", "actor", "reason")
    list_select_related = ("batch", "actor")
    list_defer = ("facts",)
    list_filter = (word_filter("verb", StepVerb.values, title="what"),)
    linked_by = ("batch",)
    search_fields = ("=digest", "=batch__public_id")
    search_help_text = "The SHA-256 of a file, or the id of a batch."
    intro = "Who did what with which batch, and why; also who took which file."
    when_empty = "Nothing yet: every verb about a payout batch writes a line here."
    fieldsets = (
        (None, {"fields": ("batch", "verb", "actor", "reason", "at")}),
        ("Facts", {"fields": ("facts", "digest")}),
    )


@admin.register(ProviderAnswer)
class ProviderAnswerAdmin(ReadOnlyAdmin[ProviderAnswer]):
    list_display = ("at", "batch", "item", "word", "outcome", "why")
    list_select_related = ("batch", "item")
    list_defer = ("evidence",)
    linked_by = ("batch", "item")
    search_fields = ("=batch__public_id", "=item__public_id")
    search_help_text = "The id of a batch or of a payment."
    intro = "What providers said, where it was something new. Destinations are left out."
    when_empty = "Nothing yet: providers are heard once a batch is sent."
    headings: ClassVar[dict[str, str]] = {
        "word": "provider's word",
        "outcome": "in ours",
        "item": "payment",
    }
    fieldsets = (
        (None, {"fields": ("batch", "item", "word", "outcome", "why", "at")}),
        ("As it came", {"fields": ("evidence",)}),
    )
