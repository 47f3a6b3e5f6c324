"""«Read the catalogue now»: a verb of the whole catalogue, not of one row of it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse

from offers.models import CatalogRun
from offers.nudge import queue_reading
from rewards_site.kernel.admin.base import FastList
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.db import DatabaseUnavailable

PERMISSION = "offers.start_catalogrun"
LABEL = "Read the catalogue now"
WHAT_HAPPENS = (
    "The worker asks Button for the list of brands, as it does once a day by itself, and takes "
    "over what changed. Safe to repeat. The run appears among the catalogue runs."
)


class ReadsCatalog(FastList[Any]):
    """A list that offers to have the catalogue read."""

    change_list_template = "admin/list_with_tools.html"
    is_asked_here: ClassVar[bool] = False
    """Whether the confirmation page stands below this list."""

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        if not self.is_asked_here:
            return [*super().get_urls()]
        view = self.admin_site.admin_view(self.read_now_view)
        mine: list[URLPattern | URLResolver] = [path("read-now/", view, name="offers_read_now")]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        if request.user.has_perm(PERMISSION):
            tools.append({"label": LABEL, "url": reverse("admin:offers_read_now")})
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def read_now_view(self, request: HttpRequest) -> HttpResponseBase:
        """GET asks, POST queues the reading."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        if request.method == "POST":
            self._queue(request)
            return HttpResponseRedirect(list_url(CatalogRun))
        context = {
            **self.admin_site.each_context(request),
            "title": LABEL,
            "opts": self.opts,
            "verb": {"label": LABEL, "what_happens": WHAT_HAPPENS},
            "count_text": "The whole list of brands",
            "rows": ["the catalogue"],
            "form": forms.Form(),
            "back_url": list_url(CatalogRun),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/confirm_verb.html", context)

    def _queue(self, request: HttpRequest) -> None:
        actor = request.user
        assert isinstance(actor, User)
        try:
            is_queued = queue_reading()
        except DatabaseUnavailable:
            messages.error(request, "The database is busy and nothing was queued. Try again.")
            return
        if not is_queued:
            messages.info(request, "A reading waits already: the worker does it in its turn.")
            return
        LogEntry.objects.create(
            user=actor,
            content_type=ContentType.objects.get_for_model(CatalogRun),
            object_repr="the catalogue",
            action_flag=CHANGE,
            change_message=f"{LABEL}: queued.",
        )
        messages.success(
            request, "Queued: the worker reads it now. Open this page again to see the run."
        )
