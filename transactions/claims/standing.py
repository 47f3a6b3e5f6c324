"""How claims stand, brand by brand: how old the open ones are, how many members were right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Min, Q, Sum

from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text
from transactions.claims.choices import Answer, AnsweredBy, Verdict
from transactions.claims.models import Claim

SINCE = timedelta(days=365)
_ROWS_MAX = 200
_OPEN = Q(answered_at__isnull=True)
_WON = Q(answer__in=[Answer.TRACKED, Answer.GOODWILL])
_LATER = Q(verdict=Verdict.OPEN, answered_at__isnull=False)
"""Those that somebody had to look into, and that were answered."""


def standing_panel(*, at: datetime) -> Panel:
    """Claims filed in the last year. A claim is won if its order arrived, or goodwill was given."""
    rows = (
        Claim.objects.filter(filed_at__gt=at - SINCE, merchant__isnull=False)
        .values("merchant", "merchant__name")
        .annotate(
            filed=Count("pk"),
            at_once=Count("pk", filter=Q(answered_by=AnsweredBy.FACTS)),
            open=Count("pk", filter=_OPEN),
            week=Count("pk", filter=_OPEN & Q(filed_at__lt=at - timedelta(days=7))),
            month=Count("pk", filter=_OPEN & Q(filed_at__lt=at - timedelta(days=30))),
            oldest=Min("filed_at", filter=_OPEN),
            looked_into=Count("pk", filter=_LATER),
            won=Count("pk", filter=_LATER & _WON),
            took=Avg(
                ExpressionWrapper(F("answered_at") - F("filed_at"), output_field=DurationField()),
                filter=_LATER,
            ),
        )
        .order_by("-open", "-filed", "merchant")[:_ROWS_MAX]
    )
    risks = _at_risk()
    return Panel(
        title="Claims of the last year, by brand",
        note="Won: of those that somebody had to look into, the order arrived or goodwill was "
        "given. At risk: what open claims would come to by what members were shown; an estimate.",
        headings=[
            *("Brand", "#Filed", "#At once", "#Open", "#Over 7 days", "#Over 30 days"),
            *("#Oldest", "#Looked into", "#Won", "#Average", "#At risk"),
        ],
        rows=[_cells(row, risks, at=at) for row in rows],
        empty="Nobody reported a missing reward in the last year.",
    )


def queue_panel(*, at: datetime) -> Panel:
    """Open claims, whoever has waited longest first."""
    rows = list(
        Claim.objects.filter(_OPEN)
        .select_related("merchant", "member")
        .defer("note", "evidence")
        .order_by("pk")[: _ROWS_MAX + 1]
    )
    sums = (
        Claim.objects.filter(_OPEN, estimate_minor__isnull=False)
        .values_list("estimate_currency")
        .annotate(minor=Sum("estimate_minor"))
        .order_by("estimate_currency")
    )
    risks = ", ".join(money_text(minor, currency) for currency, minor in sums)
    return Panel(
        title="Open claims, oldest first",
        headings=["Claim", "Age", "Brand", "Member", "State", "#At risk (estimate)"],
        rows=[
            [
                link(f"filed {utc_text(row.filed_at)}", page_url(row)),
                age_text(at - row.filed_at),
                row.merchant or EMPTY,
                displayable(str(row.member)),
                label("open", text="brand asked") if row.handed_at else label("open"),
                EMPTY
                if row.estimate_minor is None
                else money_text(row.estimate_minor, row.estimate_currency),
            ]
            for row in rows[:_ROWS_MAX]
        ],
        empty="No claim is open: those that the facts cannot answer will stand here.",
        note=f"At risk in all: {risks}." if risks else "",
        more_url=list_url(Claim, "status=open") if len(rows) > _ROWS_MAX else "",
    )


def age_text(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} days" if hours >= 48 else f"{hours} hours"


def _cells(row: Mapping[str, Any], risks: dict[str, list[str]], *, at: datetime) -> list[Any]:
    address = list_url(Claim, f"merchant__merchant_id={row['merchant']}")
    looked_into = row["looked_into"]
    return [
        link(row["merchant__name"], address),
        *(row["filed"], row["at_once"], row["open"], row["week"], row["month"]),
        f"{(at - row['oldest']).days} days" if row["oldest"] else EMPTY,
        looked_into,
        f"{row['won']} ({100 * row['won'] // looked_into} %)" if looked_into else EMPTY,
        f"{row['took'].days} days" if row["took"] is not None else EMPTY,
        ", ".join(risks.get(row["merchant"], [])) or EMPTY,
    ]


def _at_risk() -> dict[str, list[str]]:
    sums = (
        Claim.objects.filter(_OPEN, estimate_minor__isnull=False)
        .values_list("merchant", "estimate_currency")
        .annotate(minor=Sum("estimate_minor"))
        .order_by("merchant", "estimate_currency")
    )
    found: dict[str, list[str]] = {}
    for merchant_id, currency, minor in sums:
        found.setdefault(str(merchant_id), []).append(money_text(minor, currency))
    return found
