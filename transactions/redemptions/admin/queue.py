"""The queue: what waits for approval, oldest first, with what speaks against each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.paging import bounded_count, count_text
from rewards_site.kernel.admin.service import ROWS_MAX
from rewards_site.kernel.admin.text import money_text
from transactions.redemptions.evidence import evidence_of
from transactions.redemptions.models import Redemption
from transactions.redemptions.states import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One redemption in the queue."""

    pk: int
    name: str
    cells: Sequence[object]
    against: Sequence[str]


def queue_view(
    request: HttpRequest, site: AdminSite, verbs: Sequence[tuple[str, str]]
) -> HttpResponse:
    """`verbs`: (label, address) of what may be done to those that are ticked."""
    at = clock.now()
    waiting = Redemption.objects.filter(status=Status.REQUESTED)
    rows = list(waiting.select_related("member").order_by("pk")[:ROWS_MAX])
    found = evidence_of(rows, at=at)
    lines = [
        Line(
            pk=row.pk,
            name=str(row),
            cells=[
                link(f"{row.requested_at:%Y-%m-%d %H:%M}", page_url(row)),
                age_text(at - row.requested_at),
                link(row.member, page_url(row.member)),
                money_text(row.amount_minor, row.currency),
                row.method,
                row.destination_masked,
                f"{found[row.pk].member_days} days",
                money_text(found[row.pk].earned_minor, row.currency),
                "yes" if found[row.pk].is_first else "no",
            ],
            against=found[row.pk].against,
        )
        for row in rows
    ]
    context = {
        **site.each_context(request),
        "title": "Redemptions to approve",
        "opts": Redemption._meta,
        "lines": lines,
        "verbs": verbs,
        "count_text": count_text(bounded_count(waiting)),
        "shown": len(lines),
        "list_url": list_url(Redemption),
    }
    request.current_app = site.name
    return TemplateResponse(request, "admin/redemptions/queue.html", context)


def age_text(age: timedelta) -> str:
    """`5 min`, `30 h`, `3 days`."""
    seconds = int(age.total_seconds())
    hours = seconds // 3600
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h" if hours > 0 else f"{max(0, seconds // 60)} min"
