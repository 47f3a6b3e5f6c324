"""Which brands pay less than they list: orders that came by a tap, summed by brand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse

from offers.clicks.models import Click
from offers.models import Merchant
from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.text import label, money_text
from transactions.auditing import expected_minor, is_tapped_before
from transactions.models import ButtonAccount, Transaction

LOOKED_AT = timedelta(days=90)
ORDERS_MAX = 10_000
"""The newest; a page must not wait for more. The report has them all."""
TOLERANCE_BPS = 200
"""Brands round, and leave out taxes: less than this is no news."""


@dataclass(slots=True)
class Brand:
    """Sums over one brand's orders of one currency, in minor units."""

    orders: int = 0
    listed: int = 0
    earned: int = 0
    less: int = 0
    """Orders that earned less than was listed."""

    @property
    def is_short(self) -> bool:
        return (self.listed - self.earned) * 10_000 > self.listed * TOLERANCE_BPS


def audit_url() -> str:
    return reverse("admin:transactions_transaction_rate_audit")


def may_audit(request: HttpRequest) -> bool:
    """Sums of commissions are for those who read the accounts, too; not for Support."""
    return may_view(request, Click) and may_view(request, ButtonAccount)


def rate_audit_view(request: HttpRequest) -> TemplateResponse:
    if not may_audit(request):
        raise PermissionDenied
    brands = _by_brand(since=clock.now() - LOOKED_AT)
    merchants = Merchant.objects.in_bulk({merchant_id for merchant_id, _ in brands})
    worst_first = sorted(brands.items(), key=lambda item: (_ratio(item[1]), item[0]))
    context = {
        **admin.site.each_context(request),
        "title": "Rate audit",
        "opts": Transaction._meta,
        "panels": [
            Panel(
                title="Listed and earned, by brand",
                headings=[
                    *("Brand", "#Orders", "#That earned less", "#Listed", "#Earned"),
                    *("#Earned of listed", "Verdict"),
                ],
                rows=[
                    [
                        link(merchants[key], page_url(merchants[key])),
                        brand.orders,
                        brand.less,
                        money_text(brand.listed, currency),
                        money_text(brand.earned, currency),
                        f"{_ratio(brand) / 100:.1f} %",
                        label("pays less than it lists", tone="warn")
                        if brand.is_short
                        else label("as listed", tone="quiet"),
                    ]
                    for (key, currency), brand in worst_first
                ],
                empty="No order that came by a tap in the last 90 days can be compared yet: it "
                "needs the order's total in the commission's currency.",
                note="Orders of the last 90 days that came by a tap and were not declined, "
                f"{ORDERS_MAX:,} at most. A brand may leave taxes, delivery or products out: a "
                "difference is a question to ask it, not a debt.",
            )
        ],
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "admin/rate_audit.html", context)


def _by_brand(*, since: datetime) -> dict[tuple[str, str], Brand]:
    brands: dict[tuple[str, str], Brand] = {}
    for row, expected in _compared(since):
        brand = brands.setdefault((row.merchant_id or "", row.currency), Brand())
        brand.orders += 1
        brand.listed += expected
        brand.earned += row.commission_minor
        brand.less += row.commission_minor < expected
    return brands


def _compared(since: datetime) -> Iterator[tuple[Transaction, int]]:
    """Orders with what was listed for them, where that can be reckoned."""
    found = (
        Transaction.objects.filter(click__isnull=False, purchased_at__gte=since, is_test=False)
        .exclude(status=ButtonStatus.DECLINED)
        .select_related("click")
        .only(
            *("merchant_id", "currency", "commission_minor", "purchased_at"),
            *("order_total_minor", "order_currency"),
            *("click__listed_value", "click__listed_currency", "click__clicked_at"),
        )
        .order_by("-pk")[:ORDERS_MAX]
    )
    for row in found:
        assert row.click is not None
        if not is_tapped_before(row.click, row.purchased_at):
            continue
        is_same = row.order_currency in ("", row.currency)
        total = row.order_total_minor if is_same else None
        expected = expected_minor(row.click, total, row.currency)
        if expected:
            yield row, expected


def _ratio(brand: Brand) -> int:
    """What was earned of what was listed, in basis points."""
    return brand.earned * 10_000 // brand.listed if brand.listed else 10_000
