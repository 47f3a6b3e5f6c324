"""Keys as staff see them: made here, shown once, revoked with a reason, never changed."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.safestring import SafeString

from rewards_site.api_keys.models import ApiKey
from rewards_site.api_keys.scopes import OFFERED, Scope
from rewards_site.api_keys.services import (
    NAME_LENGTH_MAX,
    MadeKey,
    make_api_key,
    revoke_api_key,
)
from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import label
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput

_MAKE = "api_keys.make_apikey"
_IN_FORCE = Q(revoked_at=None)


class MakeKeyForm(forms.Form):
    """What a new key is for, and what it opens."""

    name = forms.CharField(
        max_length=NAME_LENGTH_MAX,
        help_text="What will use it, such as «support desk». One key in force of a name.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.label) for scope in OFFERED],
        widget=forms.CheckboxSelectMultiple,
        help_text="As few as will do: they cannot be changed later.",
    )
    expires_at = forms.DateTimeField(
        required=False,
        label="Expires",
        help_text="In UTC, such as 2027-12-31 00:00. Empty: good until it is revoked.",
    )


def _revoke(attempt: Attempt[ApiKey]) -> Done:
    revoke_api_key(pk=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at)
    return Done(message="revoked. Calls with it are refused from now on.")


def _is_revoked(row: ApiKey) -> str:
    return "it was revoked already" if row.revoked_at is not None else ""


@admin.register(ApiKey)
class ApiKeyAdmin(ServiceAdmin[ApiKey]):
    change_list_template = "admin/list_with_tools.html"
    list_display = ("name", "key", "opens", "state", "last_used_at", "expires_at")
    list_select_related = ("created_by", "revoked_by")
    list_defer = ("secret_digest",)
    list_filter = (
        choice_filter(
            "state",
            "state",
            {"in force": ("in force", _IN_FORCE), "revoked": ("revoked", ~_IN_FORCE)},
        ),
    )
    search_fields = ("=key_id", "=name")
    search_help_text = "A whole name, or the twelve letters after rk_."
    fieldsets = (
        (None, {"fields": ("name", "key", "opens", "state")}),
        ("Life", {"fields": ("created_at", "created_by", "expires_at", "last_used_at")}),
        ("Revoked", {"fields": ("revoked_at", "revoked_by", "revoke_reason")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "created_at": "made",
        "created_by": "made by",
        "revoke_reason": "reason",
        "revoked_by": "revoked by",
    }
    when_empty = (
        "No API key yet. The publisher's own back end reads members' data with one: "
        "«Make a key», top right, if you may."
    )
    verbs = (
        Verb(
            name="revoke",
            label="Revoke",
            permission="api_keys.revoke_apikey",
            what_happens="Every call with it is refused from then on, for ever. What uses it needs "
            "a new key first.",
            perform=_revoke,
            objection=_is_revoked,
        ),
    )

    @admin.display(description="key")
    def key(self, row: ApiKey) -> str:
        return f"rk_{row.key_id}_…"

    @admin.display(description="opens")
    def opens(self, row: ApiKey) -> str:
        return ", ".join(row.scopes)

    @admin.display(description="state")
    def state(self, row: ApiKey) -> SafeString:
        if row.revoked_at is not None:
            return label("revoked", tone="bad")
        if row.expires_at is not None and row.expires_at <= clock.now():
            return label("expired", tone="warn")
        return label("in force", tone="good")

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        mine: list[URLPattern | URLResolver] = [
            path("make/", self.admin_site.admin_view(self.make_view), name="api_keys_apikey_make")
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = []
        if request.user.has_perm(_MAKE):
            tools = [{"label": "Make a key", "url": reverse("admin:api_keys_apikey_make")}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def make_view(self, request: HttpRequest) -> HttpResponse:
        """GET asks, POST makes the key and is the only page that ever shows it."""
        if not (request.user.has_perm(_MAKE) and self.has_view_permission(request)):
            raise PermissionDenied
        form = MakeKeyForm(request.POST or None)
        made = None
        if request.method == "POST" and form.is_valid():
            made = self._make(request, form)
        context = {
            **self.admin_site.each_context(request),
            "title": "Your new key" if made else "Make an API key",
            "opts": self.opts,
            "form": form,
            "made": made,
            "page_url": page_url(made.row) if made else "",
            "list_url": list_url(ApiKey),
        }
        request.current_app = self.admin_site.name
        response = TemplateResponse(request, "admin/make_api_key.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _make(self, request: HttpRequest, form: MakeKeyForm) -> MadeKey | None:
        actor = request.user
        assert isinstance(actor, User)
        answers = form.cleaned_data
        try:
            with atomic():
                made = make_api_key(
                    name=answers["name"],
                    scopes=[Scope(value) for value in answers["scopes"]],
                    expires_at=answers["expires_at"],
                    actor=actor,
                    at=clock.now(),
                )
                LogEntry.objects.create(
                    user=actor,
                    content_type=ContentType.objects.get_for_model(ApiKey),
                    object_id=str(made.row.pk),
                    object_repr=str(made.row)[:200],
                    action_flag=ADDITION,
                    change_message=f"Made, with {', '.join(made.row.scopes)}.",
                )
        except InvalidInput as refusal:
            for name, message in refusal.fields.items():
                form.add_error(name, message)
        except Conflict as refusal:
            form.add_error("name", str(refusal))
        else:
            return made
        return None
