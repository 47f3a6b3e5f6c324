"""Who did what with which rule: the whole list."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from offers.rules.models import ChangeKind, RuleChange
from offers.rules.shown import change_label, details_html, who_text
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.filters import word_filter


@admin.register(RuleChange)
class RuleChangeAdmin(ReadOnlyAdmin[RuleChange]):
    list_display = ("at", "rule", "version_number", "what_was_done", "by", "reason")
    list_select_related = ("rule", "actor", "approver")
    list_filter = (word_filter("kind", ChangeKind.values),)
    linked_by = ("rule",)
    fieldsets = (
        (None, {"fields": ("rule", "version_number", "what_was_done", "details")}),
        ("Who and why", {"fields": ("at", "by", "reason")}),
        ("What it was about, as a digest", {"fields": ("content_hash",)}),
    )
    intro = "Everything that was done with reward rules, never altered."
    when_empty = "Nobody has drafted a reward rule yet: «New rule» on «Reward rules»."

    @admin.display(description="what was done")
    def what_was_done(self, change: RuleChange) -> SafeString:
        return change_label(change)

    @admin.display(description="details")
    def details(self, change: RuleChange) -> SafeString | str:
        return details_html(change)

    @admin.display(description="by")
    def by(self, change: RuleChange) -> str:
        return who_text(change)
