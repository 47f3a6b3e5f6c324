"""What brands changed: the list for ops, the history on a merchant's page, the landing page."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import admin
from django.utils.safestring import SafeString

from offers.admin.words import changes_html, changes_summary
from offers.models import Merchant, MerchantRevision, RevisionKind
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.text import evidence_html, label, utc_text

LATELY = timedelta(days=14)
LATELY_ROWS_MAX = 10
_NEWS = (RevisionKind.CHANGED, RevisionKind.UNLISTED, RevisionKind.RELISTED)
_TONES = {
    RevisionKind.DESCRIBED: "quiet",
    RevisionKind.CHANGED: "wait",
    RevisionKind.UNLISTED: "bad",
    RevisionKind.RELISTED: "good",
}


def kind_label(revision: MerchantRevision) -> SafeString:
    kind = RevisionKind(revision.kind)
    return label(kind.value, tone=_TONES[kind])


def revisions_panel(merchant: Merchant) -> Panel:
    revisions = list(merchant.revisions.select_related("run").order_by("-number")[: ROWS_MAX + 1])
    return Panel(
        title="What changed, newest first",
        note="Every change that a reading of the catalogue found, never altered.",
        headings=["#No.", "Recorded", "Kind", "What changed", "By"],
        rows=[
            [
                link(revision.number, page_url(revision)),
                utc_text(revision.recorded_at),
                kind_label(revision),
                changes_html(revision),
                link(revision.run, page_url(revision.run)),
            ]
            for revision in revisions[:ROWS_MAX]
        ],
        empty="Nothing yet: no reading of the catalogue has listed this merchant.",
        more_url=(
            list_url(MerchantRevision, f"merchant={merchant.pk}")
            if len(revisions) > ROWS_MAX
            else ""
        ),
    )


@admin.register(MerchantRevision)
class MerchantRevisionAdmin(ReadOnlyAdmin[MerchantRevision]):
    list_display = ("recorded_at", "merchant", "tag", "summary", "run")
    list_select_related = ("merchant", "run")
    list_defer = ("row",)
    list_filter = (word_filter("kind", RevisionKind.values),)
    search_fields = ("=merchant__merchant_id",)
    search_help_text = "A whole merchant id (org-…)."
    linked_by = ("merchant", "run")
    fieldsets = (
        (None, {"fields": ("merchant", "number", "tag", "what_changed", "run")}),
        ("Times", {"fields": ("read_at", "recorded_at")}),
        ("The row that told it, as it came", {"fields": ("evidence",)}),
    )
    when_empty = (
        "No brand has changed yet. Every reading of the catalogue (manage.py sync_merchants) "
        "records here what it found changed."
    )

    @admin.display(description="kind")
    def tag(self, revision: MerchantRevision) -> SafeString:
        return kind_label(revision)

    @admin.display(description="what changed")
    def summary(self, revision: MerchantRevision) -> SafeString:
        return changes_summary(revision)

    @admin.display(description="what changed")
    def what_changed(self, revision: MerchantRevision) -> SafeString:
        return changes_html(revision)

    @admin.display(description="row")
    def evidence(self, revision: MerchantRevision) -> str:
        return evidence_html(revision.row)


def _lately(at: datetime) -> Panel:
    news = MerchantRevision.objects.filter(kind__in=_NEWS, recorded_at__gte=at - LATELY)
    revisions = list(
        news.select_related("merchant").defer("row").order_by("-id")[: LATELY_ROWS_MAX + 1]
    )
    return Panel(
        title="What brands changed in the last 14 days",
        headings=["Recorded", "Merchant", "Kind", "What changed"],
        rows=[
            [
                utc_text(revision.recorded_at),
                link(revision.merchant, page_url(revision.merchant)),
                kind_label(revision),
                changes_summary(revision),
            ]
            for revision in revisions[:LATELY_ROWS_MAX]
        ],
        empty="No brand changed its name, its terms or its windows.",
        more_url=list_url(MerchantRevision) if len(revisions) > LATELY_ROWS_MAX else "",
    )


attention.register_table(
    "brand-changes", _lately, permission="offers.view_merchantrevision", order=30
)
