"""Admin: from an instant to the sync run that read then; asked only when somebody follows it."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode

from accounts_sync.models import SyncRun
from rewards_site.kernel.admin.columns import list_url, page_url
from rewards_site.kernel.admin.panels import may_view


def run_at_url(account_id: str, at: datetime) -> str:
    query = urlencode({"account": account_id, "at": at.isoformat()})
    return f"{reverse('admin:accounts_sync_syncrun_at')}?{query}"


def run_at_view(request: HttpRequest) -> HttpResponse:
    """Redirects to the run that was reading the account then, else to the account's runs."""
    if not may_view(request, SyncRun):
        raise PermissionDenied
    account_id, at = request.GET.get("account", ""), _instant(request.GET.get("at", ""))
    if "\x00" in account_id:
        raise SuspiciousOperation("NUL in an account's id")
    runs = SyncRun.objects.filter(account=account_id)
    if at is not None:
        was_open = Q(finished_at__isnull=True) | Q(finished_at__gte=at)
        run = runs.filter(was_open, started_at__lte=at).order_by("-pk").first()
        if run is not None:
            return HttpResponseRedirect(page_url(run))
    messages.warning(request, "No run of that moment is kept. These are the account's runs.")
    return HttpResponseRedirect(list_url(SyncRun, urlencode({"account": account_id})))


def _instant(text: str) -> datetime | None:
    try:
        at = parse_datetime(text)
        return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None
    except (ValueError, OverflowError):  # in UTC it may lie before the year 1 or after 9999
        return None
