"""Readings of the Brands API, and rows of it that could not be used."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import Q

from offers.admin.reading import ReadsCatalog
from offers.models import CatalogRun, RefusedBrand, RunStatus
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.text import evidence_html

_COUNTS = ("listed_count", "described_count", "changed_count", "unlisted_count", "refused_count")
_OPEN = Q(settled_at__isnull=True)


@admin.register(CatalogRun)
class CatalogRunAdmin(ReadsCatalog, ReadOnlyAdmin[CatalogRun]):
    is_asked_here = True
    list_display = ("started_at", "status", "error", *_COUNTS)
    list_filter = (word_filter("status", RunStatus.values),)
    headings: ClassVar[dict[str, str]] = {
        "listed_count": "listed",
        "described_count": "new",
        "changed_count": "changed",
        "unlisted_count": "gone",
        "refused_count": "refused",
    }
    fieldsets = (
        (None, {"fields": ("status", "error")}),
        ("Times", {"fields": ("started_at", "finished_at")}),
        ("Counts", {"fields": _COUNTS}),
    )
    when_empty = (
        "The catalogue was never read. The worker (manage.py qcluster) reads it once a day; "
        "«Read the catalogue now» or manage.py sync_merchants does it at once."
    )


@admin.register(RefusedBrand)
class RefusedBrandAdmin(ReadOnlyAdmin[RefusedBrand]):
    list_display = ("name", "reason", "last_seen_at", "seen_count", "settled_at")
    list_defer = ("row",)
    list_filter = (choice_filter("state", "open", {"yes": ("still listed so", _OPEN)}),)
    search_fields = ("=merchant_id_told",)
    search_help_text = "A whole merchant id (org-…)."
    headings: ClassVar[dict[str, str]] = {
        "seen_count": "times seen",
        "settled_at": "no more listed so since",
        "last_run": "last seen by",
        "row_digest": "digest of the row",
    }
    fieldsets = (
        (None, {"fields": ("name", "reason", "last_run")}),
        ("Times", {"fields": ("first_seen_at", "last_seen_at", "seen_count", "settled_at")}),
        ("The row, as it came", {"fields": ("evidence", "row_digest")}),
    )
    when_empty = "No row was refused: every brand that Button listed could be read."

    @admin.display(description="brand")
    def name(self, row: RefusedBrand) -> str:
        return str(row)

    @admin.display(description="row")
    def evidence(self, row: RefusedBrand) -> str:
        return evidence_html(row.row)


def _refused() -> attention.Card:
    still_listed = RefusedBrand.objects.filter(_OPEN)
    return attention.Card(
        title="Brands that cannot be read",
        count=bounded_count(still_listed, most=attention.COUNTED_MAX),
        url=list_url(RefusedBrand, "open=yes"),
        what_to_do="Read why and tell Button; the other brands are not held up.",
        when_none="Every brand that Button lists could be read.",
    )


attention.register_card("refused-brands", _refused, permission="offers.view_refusedbrand", order=60)
