"""«Expected dates»: what is expected of each brand, by what, and how often it held."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString

from offers.brandrecord.chart import range_text, share_meter, waits_chart
from offers.brandrecord.models import BrandMeasure, BrandRecord
from offers.models import Merchant, MerchantProfile
from offers.windows import window_days
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.text import EMPTY, label

_FIRST_FIGURES = (
    "The worker measures every night. A brand's first figures come when 30 of its orders were "
    "validated and most of the older ones are final; until then its finalization window stands "
    "alone. «Measurements of brands» says how far each one is."
)


def holds_label(record: BrandRecord) -> SafeString | str:
    """Whether what is told now holds, as far as orders tell by now."""
    if record.drifting_since is not None:
        return label("drifting", tone="bad", text=f"wrong since {record.drifting_since:%Y-%m-%d}")
    if not record.judged_count:
        return label("not judged", tone="quiet", text="not judged yet")
    return label("holds", tone="good")


@admin.register(BrandRecord)
class BrandRecordAdmin(ReadOnlyAdmin[BrandRecord]):
    list_display = (
        *("merchant_id", "name", "window", "median", "range", "sample_size", "coverage", "state"),
    )
    list_select_related = ("merchant__profile",)
    list_defer = ("waits", "months")
    ordering = ("pk",)
    list_filter = (
        choice_filter(
            "state", "state", {"drifting": ("wrong by now", Q(drifting_since__isnull=False))}
        ),
    )
    search_fields = ("=merchant",)
    search_help_text = "A whole merchant id (org-…)."
    headings: ClassVar[dict[str, str]] = {
        "merchant_id": "merchant",
        "sample_size": "validated orders",
        "pending_count": "still pending",
        "declined_count": "declined",
        "from_at": "bought from",
        "until_at": "bought until",
    }
    intro = (
        "How long it takes from a purchase until the reward is available, by what really happened "
        "to each brand's orders: estimates."
    )
    when_empty = _FIRST_FIGURES
    fieldsets = (
        (None, {"fields": ("merchant", "window", "median", "range", "state", "coverage")}),
        (
            "What it rests on",
            {
                "fields": (
                    *("sample_size", "pending_count", "declined_count"),
                    *("from_at", "until_at", "measured_at"),
                )
            },
        ),
        ("How long validated orders took", {"fields": ("chart",)}),
    )

    @admin.display(description="brand")
    def name(self, record: BrandRecord) -> str:
        return record.merchant.name

    @admin.display(description="finalization window")
    def window(self, record: BrandRecord) -> str:
        return _window_text(record.merchant)

    @admin.display(description="median")
    def median(self, record: BrandRecord) -> str:
        return f"{record.median_days} days"

    @admin.display(description="8 of 10 within")
    def range(self, record: BrandRecord) -> str:
        return range_text(record.low_days, record.high_days)

    @admin.display(description="fell inside of late")
    def coverage(self, record: BrandRecord) -> SafeString:
        return share_meter(record.inside_count, record.judged_count)

    @admin.display(description="state")
    def state(self, record: BrandRecord) -> SafeString | str:
        return holds_label(record)

    @admin.display(description="waits")
    def chart(self, record: BrandRecord) -> SafeString | str:
        if not record.waits:
            return EMPTY
        return waits_chart(record.waits, low_days=record.low_days, high_days=record.high_days)

    def title_of(self, row: BrandRecord) -> str:
        return f"Expected dates of {row.merchant}"

    def panels(self, request: HttpRequest, row: BrandRecord) -> list[Panel]:
        return [_months_panel(row), _nights_panel(row)]


def _months_panel(row: BrandRecord) -> Panel:
    return Panel(
        title="How it held",
        note="For each month the estimate is made as it would have been when the month began, and "
        "judged by the orders bought in it once they are older than its range: none of them was "
        "used to make it. 8 in 10 should fall inside; declined orders are not judged.",
        headings=["Month", "Told then", "Fell inside", "#Sooner", "#Later", "#Still undecided"],
        rows=[
            [
                month["month"],
                range_text(month["low_days"], month["high_days"]),
                share_meter(month["inside"], month["inside"] + month["early"] + month["late"]),
                *(month["early"], month["late"], month["undecided"]),
            ]
            for month in row.months
        ],
        empty="No month began with an estimate yet: the first is judged when its orders are "
        "older than the range.",
    )


def _nights_panel(row: BrandRecord) -> Panel:
    measures = BrandMeasure.objects.filter(merchant_id=row.pk).order_by("-measured_on")
    return Panel(
        title="What was told when",
        note="Each night's estimate was in force until the next one.",
        headings=["Night", "Median", "8 of 10 within", "#Validated", "#Pending", "Fell inside"],
        rows=[
            [
                link(measure.measured_on, page_url(measure)),
                EMPTY if measure.median_days is None else f"{measure.median_days} days",
                range_text(measure.low_days, measure.high_days),
                *(measure.validated_count, measure.pending_count),
                share_meter(measure.inside_count, measure.judged_count),
            ]
            for measure in measures[:ROWS_MAX]
        ],
        empty="Nothing is kept of earlier nights.",
        more_url=list_url(BrandMeasure, f"merchant__merchant_id={row.pk}"),
    )


@admin.register(BrandMeasure)
class BrandMeasureAdmin(ReadOnlyAdmin[BrandMeasure]):
    list_display = (
        *("measured_on", "merchant", "median_days", "range", "validated_count", "pending_count"),
        *("declined_count", "coverage", "is_drifting"),
    )
    list_select_related = ("merchant",)
    linked_by = ("merchant",)
    list_filter = (
        choice_filter("estimate", "estimate", {"none": ("none", Q(median_days__isnull=True))}),
    )
    search_fields = ("=merchant__merchant_id",)
    search_help_text = "A whole merchant id (org-…)."
    headings: ClassVar[dict[str, str]] = {
        "measured_on": "night",
        "median_days": "median days",
        "validated_count": "validated",
        "pending_count": "pending",
        "declined_count": "declined",
        "is_drifting": "wrong",
        "from_at": "bought from",
    }
    intro = "What each night found, brand by brand; kept for 400 nights."
    when_empty = (
        "No brand was measured yet. The worker (manage.py qcluster) does it every night for each "
        "brand that has orders."
    )
    fieldsets = (
        (None, {"fields": ("merchant", "measured_on", "measured_at", "median_days", "range")}),
        (
            "What it rests on",
            {"fields": ("validated_count", "pending_count", "declined_count", "from_at")},
        ),
        ("How it held", {"fields": ("coverage", "is_drifting")}),
    )

    @admin.display(description="8 of 10 within")
    def range(self, measure: BrandMeasure) -> str:
        return range_text(measure.low_days, measure.high_days)

    @admin.display(description="fell inside of late")
    def coverage(self, measure: BrandMeasure) -> SafeString:
        return share_meter(measure.inside_count, measure.judged_count)


def _window_text(merchant: Merchant) -> str:
    try:
        days = window_days(merchant.profile.finalization_window_minutes)
    except MerchantProfile.DoesNotExist:
        return "not yet described"
    return "not told" if days is None else f"{days} days"
