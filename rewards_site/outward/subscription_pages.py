"""Subscriptions as staff see them: how each fares, and all that can be done to one."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.safestring import SafeString

from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import ServiceAdmin
from rewards_site.kernel.admin.text import EMPTY, label, utc_text
from rewards_site.kernel.errors import Conflict, InvalidInput, ServiceError
from rewards_site.outward import services
from rewards_site.outward.forms import RotateForm, SubscriptionForm
from rewards_site.outward.models import (
    OPEN,
    UNSENT,
    Delivery,
    DeliveryStatus,
    Subscription,
    SubscriptionStatus,
)
from rewards_site.outward.services import MadeSecret
from rewards_site.outward.subscription_verbs import MANAGE, ROTATE, VERBS

_LATEST = 10
DELIVERY_TONES = {
    "due": "wait",
    "delivering": "wait",
    "delivered": "good",
    "dead": "bad",
    "held": "warn",
}
_TONES = {"active": "good", "paused": "wait", "off": "bad"}


def unsent_url(row: Subscription) -> str:
    """The list of its deliveries that were given up or held."""
    return list_url(Delivery, f"subscription={row.pk}&state=unsent")


def _count(found: QuerySet[Delivery]) -> Subquery:
    counted = found.values("subscription").annotate(count=Count("pk"))
    return Subquery(counted.values("count"))


@admin.register(Subscription)
class SubscriptionAdmin(ServiceAdmin[Subscription]):
    change_list_template = "admin/list_with_tools.html"
    list_display = ("name", "host", "state", "last_delivered", "due", "waits_since", "not_sent")
    list_filter = (word_filter("status", SubscriptionStatus.values),)
    search_fields = ("=name",)
    search_help_text = "A whole name."
    list_defer = ("sealed_secret", "sealed_old_secret")
    list_select_related = ("created_by",)
    fieldsets = (
        (None, {"fields": ("name", "url", "chosen", "state", "status_since", "status_reason")}),
        ("Delivery", {"fields": ("last_delivered", "due", "waits_since", "not_sent")}),
        ("Secret", {"fields": ("old_secret_until",)}),
        ("Life", {"fields": ("created_at", "created_by", "public_id", "numbered")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "url": "address",
        "status_since": "since",
        "status_reason": "why",
        "old_secret_until": "old one signs until",
        "created_at": "made",
        "created_by": "made by",
    }
    when_empty = (
        "No subscription yet. The publisher's own systems are told of rewards, redemptions and "
        "claims by one: «Make a subscription», top right, if you may."
    )
    verbs = VERBS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        mine = Delivery.objects.filter(subscription=OuterRef("pk")).order_by()
        delivered = mine.filter(status=DeliveryStatus.DELIVERED).order_by("-ended_at")
        is_open = mine.filter(status__in=OPEN)
        return (
            super()
            .get_queryset(request)
            .annotate(
                last_at=Subquery(delivered.values("ended_at")[:1]),
                due_at=Subquery(is_open.order_by("due_since").values("due_since")[:1]),
                due_count=_count(is_open),
                unsent_count=_count(mine.filter(status__in=UNSENT)),
            )
        )

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        for one_at_a_time in ("change", ROTATE):
            actions.pop(one_at_a_time, None)
        return actions

    def initial_answers(self, rows: Any) -> dict[str, Any]:
        (row, *others) = rows
        if others:
            return {}
        return {"name": row.name, "url": row.url, "event_types": row.event_types}

    @admin.display(description="host")
    def host(self, row: Subscription) -> str:
        return urlsplit(row.url).hostname or EMPTY

    @admin.display(description="state")
    def state(self, row: Subscription) -> SafeString:
        text = "off: it answered 410" if row.is_off_by_receiver else row.status
        return label(row.status, tone=_TONES.get(row.status, ""), text=text)

    @admin.display(description="last delivered")
    def last_delivered(self, row: Any) -> str:
        return utc_text(row.last_at)

    @admin.display(description="due")
    def due(self, row: Any) -> int:
        return row.due_count or 0

    @admin.display(description="waits since")
    def waits_since(self, row: Any) -> str:
        return utc_text(row.due_at)

    @admin.display(description="not delivered")
    def not_sent(self, row: Any) -> SafeString | str:
        count = row.unsent_count or 0
        return link(count, unsent_url(row)) if count else "0"

    @admin.display(description="events")
    def chosen(self, row: Subscription) -> str:
        return ", ".join(row.event_types)

    @admin.display(description="events numbered")
    def numbered(self, row: Subscription) -> int:
        return row.next_sequence - 1

    def panels(self, request: HttpRequest, row: Subscription) -> list[Panel]:
        latest = Delivery.objects.filter(subscription=row).order_by("-sequence")[:_LATEST]
        return [
            Panel(
                title="Latest events",
                headings=["#Number", "Type", "State", "#Attempts", "What it came to"],
                rows=[
                    (
                        link(one.sequence, page_url(one)),
                        one.event_type,
                        label(one.status, tone=DELIVERY_TONES[one.status]),
                        one.attempt_count,
                        one.last_error or (one.last_status or EMPTY),
                    )
                    for one in latest
                ],
                empty="No event yet: it is told of what happens from now on. Send a test event.",
                more_url=list_url(Delivery, f"subscription={row.pk}"),
            )
        ]

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        make = self.admin_site.admin_view(self.make_view)
        mine: list[URLPattern | URLResolver] = [
            path("make/", make, name="outward_subscription_make")
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        if request.user.has_perm(MANAGE):
            url = reverse("admin:outward_subscription_make")
            tools = [{"label": "Make a subscription", "url": url}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def verb_view(self, request: HttpRequest, verb_name: str) -> HttpResponseBase:
        if verb_name == ROTATE:
            return self.rotate_view(request)
        return super().verb_view(request, verb_name)

    def make_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, POST makes it; the answer is the only page that ever shows its secret."""
        self._demand(request)
        form = SubscriptionForm(request.POST or None)
        made = None
        if request.method == "POST" and form.is_valid():
            made = self._done(request, form, flag=ADDITION)
        return self._page(request, form, made, row=None)

    def rotate_view(self, request: HttpRequest) -> HttpResponse:
        """The same for a new secret of one subscription."""
        self._demand(request)
        row = next(iter(self._rows(request)), None)
        if row is None:
            messages.warning(request, "Nothing is selected any more. Open the subscription again.")
            return HttpResponseRedirect(reverse("admin:outward_subscription_changelist"))
        form = RotateForm(request.POST or None)
        made = None
        if request.method == "POST" and form.is_valid():
            made = self._done(request, form, flag=CHANGE, row=row)
        return self._page(request, form, made, row=row)

    def _demand(self, request: HttpRequest) -> None:
        if not (request.user.has_perm(MANAGE) and self.has_view_permission(request)):
            raise PermissionDenied

    def _done(
        self, request: HttpRequest, form: forms.Form, *, flag: int, row: Subscription | None = None
    ) -> MadeSecret | None:
        """None where it was refused; the form then says why."""
        actor = request.user
        assert isinstance(actor, User)
        given, at = form.cleaned_data, clock.now()
        try:
            if row is None:
                made = services.make_subscription(**given, actor=actor, at=at)
            else:
                made = services.rotate_secret(pk=row.pk, **given, actor=actor, at=at)
        except InvalidInput as refusal:
            for name, message in refusal.fields.items():
                form.add_error(name, message)
            return None
        except ServiceError as refusal:
            form.add_error("name" if isinstance(refusal, Conflict) else None, str(refusal))
            return None
        what = "Made." if row is None else f"Rotated; old secret for {given['old_hours']} h."
        LogEntry.objects.create(
            user=actor,
            content_type=ContentType.objects.get_for_model(Subscription),
            object_id=str(made.row.pk),
            object_repr=str(made.row)[:200],
            action_flag=flag,
            change_message=f"{what} Reason: {given['reason']}",
        )
        return made

    def _page(
        self,
        request: HttpRequest,
        form: forms.Form,
        made: MadeSecret | None,
        *,
        row: Subscription | None,
    ) -> HttpResponse:
        asks = "Make a subscription" if row is None else f"Rotate the secret of {row}"
        context = {
            **self.admin_site.each_context(request),
            "title": "The secret" if made else asks,
            "opts": self.opts,
            "form": form,
            "made": made,
            "row": row,
            "page_url": page_url(made.row) if made else "",
            "back_url": page_url(row) if row else list_url(Subscription),
        }
        request.current_app = self.admin_site.name
        response = TemplateResponse(request, "admin/outward_secret.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response
