"""Opening balances, as finance and ops read them: imports with their totals, lines, closings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import money_text
from transactions.opening.models import OpeningClosing, OpeningImport, OpeningLine, OpeningTotal

_HOW = (
    "Opening balances come from a file, at cut-over: manage.py import_opening_balances FILE "
    "--name NAME."
)


@admin.register(OpeningImport)
class OpeningImportAdmin(ReadOnlyAdmin[OpeningImport]):
    list_display = ("name", "started_at", "finished_at", "line_count", "imported_by", "actor")
    list_select_related = ("actor",)
    search_fields = ("=name", "=digest")
    search_help_text = "A whole name, or the SHA-256 of a file."
    fieldsets = (
        (None, {"fields": ("name", "file_name", "digest", "line_count")}),
        ("Who and when", {"fields": ("imported_by", "actor", "started_at", "finished_at")}),
    )
    headings: ClassVar[dict[str, str]] = {"digest": "SHA-256 of the file", "line_count": "lines"}
    when_empty = f"Nothing was imported. {_HOW}"


@admin.register(OpeningTotal)
class OpeningTotalAdmin(ReadOnlyAdmin[OpeningTotal]):
    list_display = ("opening", "line_count", "pending_minor", "available_minor")
    list_select_related = ("opening",)
    linked_by = ("opening",)
    fieldsets = (
        (None, {"fields": ("opening", "currency", "line_count")}),
        ("What it brought", {"fields": ("pending_minor", "available_minor")}),
    )
    when_empty = f"Nothing was imported. {_HOW}"


@admin.register(OpeningLine)
class OpeningLineAdmin(ReadOnlyAdmin[OpeningLine]):
    list_display = (
        *("opening", "number", "customer_id", "member", "pending_minor", "available_minor"),
        "entry_group",
    )
    list_select_related = ("opening", "member", "entry_group")
    linked_by = ("opening", "member")
    search_fields = ("=member__customer_id",)
    search_help_text = "A whole customer id."
    fieldsets = (
        (None, {"fields": ("opening", "number", "customer_id", "member", "currency")}),
        ("What it brought", {"fields": ("pending_minor", "available_minor", "entry_group")}),
    )
    headings: ClassVar[dict[str, str]] = {"number": "line", "entry_group": "booked by"}
    when_empty = f"Nothing was imported. {_HOW}"


@admin.register(OpeningClosing)
class OpeningClosingAdmin(ReadOnlyAdmin[OpeningClosing]):
    list_display = ("closed_at", "kind", "line", "member", "closed_by", "actor", "reason")
    list_select_related = ("line", "member", "actor")
    linked_by = ("member",)
    search_fields = ("=member__customer_id",)
    search_help_text = "A whole customer id."
    fieldsets = (
        (None, {"fields": ("line", "kind", "member", "entry_group")}),
        ("Who and why", {"fields": ("closed_by", "actor", "reason", "closed_at")}),
    )
    when_empty = (
        "Nothing was closed. What was brought along as pending is released or cancelled by "
        "manage.py close_opening_balances NAME."
    )


def _import_panels(_request: HttpRequest, row: OpeningImport) -> Iterator[Panel]:
    still = dict.fromkeys((total.currency for total in row.totals.all()), 0)
    for currency, minor in row.lines.filter(closing__isnull=True).values_list(
        "currency", "pending_minor"
    ):
        still[currency] += minor
    left = row.lines.filter(entry_group__isnull=True).count()
    yield Panel(
        title="What it brought",
        headings=["Currency", "#Lines", "#Available", "#Pending", "#Still pending"],
        rows=[_cells(total, still[total.currency]) for total in row.totals.order_by("currency")],
        empty="",
        note=f"{left} lines are not booked yet: run the same command again." if left else "",
        more_url=list_url(OpeningLine, f"opening={row.pk}"),
    )


def _cells(total: OpeningTotal, still_minor: int) -> list[Any]:
    return [
        total.currency,
        str(total.line_count),
        money_text(total.available_minor, total.currency),
        money_text(total.pending_minor, total.currency),
        money_text(still_minor, total.currency),
    ]


panels.register(OpeningImport, _import_panels)
