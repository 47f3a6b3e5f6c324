"""The queue of all that could not be applied, newest first: webhook events and rows of the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from accounts_sync.deferrals import DeferralKind, kind_of
from accounts_sync.inbox.models import EventStatus, WebhookEvent
from accounts_sync.models import DeferredRow, DeferredStatus
from rewards_site.button import wirejson
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text

PAGE_SIZE = 50
_READ_CHARACTERS_MAX = 20_000
"""Of longer evidence no amount is read for the list; its own page shows it."""
_CHANGES = (
    Q(reason__startswith="the category changed")
    | Q(reason__startswith="the brand changed")
    | Q(reason__startswith="the member changed")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """One line of the queue."""

    item: WebhookEvent | DeferredRow
    since: datetime
    way: str


def queue_url(query: str = "") -> str:
    address = reverse("admin:accounts_sync_deferredrow_queue")
    return f"{address}?{query}" if query else address


def open_events() -> QuerySet[WebhookEvent]:
    return WebhookEvent.objects.filter(status=EventStatus.DEFERRED)


def open_rows() -> QuerySet[DeferredRow]:
    return DeferredRow.objects.filter(status=DeferredStatus.OPEN)


def queue_view(request: HttpRequest) -> TemplateResponse:
    """Both ways in on one page, with what each is about and what staff can do."""
    if not (may_view(request, WebhookEvent) or may_view(request, DeferredRow)):
        raise PermissionDenied
    only_changes = request.GET.get("only") == "changes"
    waiting = _waiting(request, only_changes=only_changes)
    shown = waiting[:PAGE_SIZE]
    only = [("only", "changes")] if only_changes else []
    context = {
        **admin.site.each_context(request),
        "title": "Deferred",
        "opts": DeferredRow._meta,
        "panels": [_panel(request, shown, only_changes=only_changes)],
        "only_changes": only_changes,
        "all_url": queue_url(),
        "changes_url": queue_url("only=changes"),
        "older_url": queue_url(urlencode([*only, *_older_than(request, shown)]))
        if len(waiting) > PAGE_SIZE
        else "",
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "admin/deferred_queue.html", context)


def _waiting(request: HttpRequest, *, only_changes: bool) -> list[_Waiting]:
    """One more than a page, so that the page knows whether it is the last."""
    wanted = _CHANGES if only_changes else Q()
    found: list[_Waiting] = []
    if may_view(request, WebhookEvent):
        events = _page(request, "event", open_events().filter(wanted)).defer("body")
        found += [_Waiting(item=event, since=event.received_at, way="webhook") for event in events]
    if may_view(request, DeferredRow):
        rows = _page(request, "row", open_rows().filter(wanted)).defer("row")
        found += [_Waiting(item=row, since=row.first_seen_at, way="sync") for row in rows]
    return sorted(found, key=lambda line: (line.since, line.item.pk), reverse=True)[: PAGE_SIZE + 1]


def _page(request: HttpRequest, name: str, rows: QuerySet[Any]) -> QuerySet[Any]:
    before = request.GET.get(name, "")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    return rows.select_related("transaction").order_by("-pk")[: PAGE_SIZE + 1]


def _older_than(request: HttpRequest, shown: Sequence[_Waiting]) -> list[tuple[str, str]]:
    """Where the next page begins in each of the two tables."""
    marks = []
    for name, model in (("event", WebhookEvent), ("row", DeferredRow)):
        keys = [line.item.pk for line in shown if isinstance(line.item, model)]
        mark = str(min(keys)) if keys else request.GET.get(name, "")
        if mark:
            marks.append((name, mark))
    return marks


def _panel(request: HttpRequest, shown: Sequence[_Waiting], *, only_changes: bool) -> Panel:
    amounts = _amounts_told(shown)
    return Panel(
        title="Changes to decide about" if only_changes else "Waiting, newest first",
        note="Nothing of these is booked, and nothing is lost. Open one to decide about it.",
        headings=["Since", "What", "By", "Order", "Why", "#At stake", "What to do"],
        rows=[_cells(request, line, amounts) for line in shown],
        empty="Nothing waits: all that Button sent could be applied, or was decided about.",
    )


def _cells(request: HttpRequest, line: _Waiting, amounts: dict[tuple[str, int], str]) -> list[Any]:
    item, order = line.item, line.item.transaction
    kind = kind_of(item.reason)
    stake = amounts.get((line.way, item.pk), EMPTY)
    if order is not None:
        stake = f"{money_text(order.reward_minor, order.reward_currency)} {order.status}"
    is_linked = order is not None and may_view(request, type(order))
    return [
        utc_text(line.since),
        link(item.tx_id or item, page_url(item)),
        line.way,
        link(order, page_url(order)) if order and is_linked else order or EMPTY,
        displayable(item.reason),
        stake,
        _advice(kind),
    ]


def _advice(kind: DeferralKind) -> Any:
    return kind.what_to_do if kind is not DeferralKind.CHANGE else label("decide", tone="warn")


def _amounts_told(shown: Iterable[_Waiting]) -> dict[tuple[str, int], str]:
    """What the words of those say that are of no known order: (way, key) → commission told."""
    amounts: dict[tuple[str, int], str] = {}
    for way, model, name in (("webhook", WebhookEvent, "body"), ("sync", DeferredRow, "row")):
        keys = [
            line.item.pk for line in shown if line.way == way and line.item.transaction_id is None
        ]
        for key, raw in _short_evidence(model, name, keys):
            text = _amount_told(raw.encode() if isinstance(raw, str) else bytes(raw))
            if text:
                amounts[way, key] = text
    return amounts


def _short_evidence(model: type[Model], name: str, keys: Sequence[int]) -> list[tuple[int, Any]]:
    if not keys:
        return []
    rows = model._default_manager.filter(pk__in=keys).annotate(length=Length(name))
    return list(rows.filter(length__lte=_READ_CHARACTERS_MAX).values_list("pk", name))


def _amount_told(raw: bytes) -> str:
    """The commission as it stands in the words, whatever they are worth; empty if none does."""
    try:
        said = wirejson.parse(raw)
    except ValueError:
        return ""
    data = said.get("data", said) if isinstance(said, dict) else None
    if not isinstance(data, dict):
        return ""
    amount, currency = data.get("amount"), data.get("currency")
    if not isinstance(amount, int) or isinstance(amount, bool) or not isinstance(currency, str):
        return ""
    return displayable(f"{money_text(amount, currency[:10].upper())} commission told")


def _card() -> attention.Card:
    most = attention.COUNTED_MAX
    events = bounded_count(open_events(), most=most)
    return attention.Card(
        title="Deferred: could not be applied",
        count=events + bounded_count(open_rows(), most=most),
        url=queue_url(),
        what_to_do="Read why; accept, reject, or mend the cause and try again. Nothing is lost.",
        when_none="All that Button sent could be applied.",
    )


attention.register_card("deferred", _card, permission="inbox.view_webhookevent", order=20)
