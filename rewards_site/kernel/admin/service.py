"""What staff may do: verbs. Each goes through a service, after a confirmation page.

A verb stands in the list's action menu and as a button on the row's own page; both lead to one
confirmation page, `do/<verb>/?id=…`. Each row is a transaction of its own (the service's) and gets
a message of its own; what was done is logged with the actor, the reason and the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import urlencode

from rewards_site.kernel import clock
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import page_url
from rewards_site.kernel.admin.paging import is_key
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError

T = TypeVar("T", bound=Model)
ROWS_MAX = 100
"""A verb is done to at most so many rows at once."""


class ReasonForm(forms.Form):
    """Every verb says why; the reason is kept with what was done."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept for ever beside what was done, with your name.",
    )


class ConfirmForm(forms.Form):
    """For a verb that is safe to repeat, such as trying again: nothing is asked but the click."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of one row. A verb that did not change anything says so by its level."""

    message: str
    level: int = messages.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt(Generic[T]):
    """One row, who acts, what the form said, and the one reading of the clock."""

    row: T
    actor: User
    answers: dict[str, Any]
    at: datetime

    @property
    def reason(self) -> str:
        return str(self.answers.get("reason", ""))


def _no_panels(rows: Sequence[Any], actor: User, at: datetime) -> list[Panel]:  # noqa: ARG001
    return []


def _no_objection(row: Any) -> str:  # noqa: ARG001  # the shape of an objection
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb(Generic[T]):
    """One thing staff may do to rows."""

    name: str
    label: str
    permission: str
    """In full: `transactions.attribute_transaction`."""
    what_happens: str
    """What the confirmation page says before anything is done."""
    perform: Callable[[Attempt[T]], Done]
    """Calls one service. Raises: ServiceError, shown as this row's message."""
    form: type[forms.Form] = ReasonForm
    is_logged_here: bool = True
    """False where the service itself writes the staff log, in its own commit."""
    objection: Callable[[T], str] = _no_objection
    """Why it cannot be done to this row; empty where it can."""
    panels: Callable[[Sequence[T], User, datetime], list[Panel]] = _no_panels
    """What the confirmation page shows of what it would come to, for whoever asks, now."""


class ServiceAdmin(ReadOnlyAdmin[T]):
    """Read-only, but for its verbs."""

    verbs: ClassVar[Sequence[Verb[Any]]] = ()

    def confirmation_panels(self, rows: Sequence[T]) -> list[Panel]:
        """What the confirmation page shows of the rows: who and how much."""
        return []

    def initial_answers(self, rows: Sequence[T]) -> dict[str, Any]:
        return {}

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        mine: list[URLPattern | URLResolver] = [
            path("do/<slug:verb_name>/", self.admin_site.admin_view(self.verb_view), name=name)
        ]
        return mine + super().get_urls()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        for verb in self.allowed_verbs(request):
            actions[verb.name] = (_list_action(verb), verb.name, verb.label)
        return actions

    def allowed_verbs(self, request: HttpRequest) -> list[Verb[T]]:
        return [verb for verb in self.verbs if request.user.has_perm(verb.permission)]

    def objection(self, request: HttpRequest, verb: Verb[T], row: T) -> str:
        """Why the verb cannot be done to this row, by whoever asks; empty where it can."""
        return verb.objection(row)

    def verb_url(self, verb: Verb[T], keys: Sequence[Any]) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_do"
        query = urlencode([("id", str(key)) for key in keys])
        return f"{reverse(name, args=[verb.name])}?{query}"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        offered = []
        if row is not None and self.has_view_permission(request, row):
            offered = [
                {"label": verb.label, "url": self.verb_url(verb, [row.pk])}
                for verb in self.allowed_verbs(request)
                if not self.objection(request, verb, row)
            ]
        context = {"verbs": offered} | (extra_context or {})
        return super().change_view(request, object_id, form_url, context)

    def verb_view(self, request: HttpRequest, verb_name: str) -> HttpResponseBase:
        """GET asks, POST does."""
        verb = next((verb for verb in self.verbs if verb.name == verb_name), None)
        if verb is None or not request.user.has_perm(verb.permission):
            raise PermissionDenied
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self._rows(request)
        if not rows:
            messages.warning(request, "Nothing is selected any more. Select rows, then try again.")
            return HttpResponseRedirect(self._list_url())
        form = verb.form(request.POST or None, initial=self.initial_answers(rows))
        able = [row for row in rows if not self.objection(request, verb, row)]
        if request.method == "POST" and able and form.is_valid():
            at = clock.now()
            for row in able:
                self.attempt(request, verb, row, form.cleaned_data, at=at)
            return HttpResponseRedirect(page_url(rows[0]) if len(rows) == 1 else self._list_url())
        return self._confirmation(request, verb, rows, able, form)

    def attempt(
        self, request: HttpRequest, verb: Verb[T], row: T, answers: dict[str, Any], *, at: datetime
    ) -> None:
        """Do the verb to one row; a refusal is this row's message and stops no other row."""
        actor = request.user
        assert isinstance(actor, User)
        try:
            done = verb.perform(Attempt(row=row, actor=actor, answers=answers, at=at))
        except ServiceError as refusal:
            messages.error(request, f"{row}: {refusal}")
            return
        except DatabaseUnavailable:
            messages.error(
                request, f"{row}: the database is busy and nothing was changed. Try again."
            )
            return
        if verb.is_logged_here:
            _log(actor, row, f"{verb.label}: {done.message}", answers)
        messages.add_message(request, done.level, f"{row}: {done.message}")

    def _rows(self, request: HttpRequest) -> list[T]:
        """The rows asked for, in key order; keys that are none, or are gone, are left out."""
        asked = (request.POST if request.method == "POST" else request.GET).getlist("id")
        keys = [text for text in asked if is_key(self.opts.pk, text)][:ROWS_MAX]
        queryset = self.get_queryset(request).filter(pk__in=keys).order_by("pk")
        related = self.list_select_related
        if isinstance(related, list | tuple):
            queryset = queryset.select_related(*related)
        return list(queryset)

    def _panels(self, request: HttpRequest, verb: Verb[T], able: Sequence[T]) -> list[Panel]:
        assert isinstance(request.user, User)
        shown = verb.panels(able, request.user, clock.now())
        return [*self.confirmation_panels(able), *shown]

    def _list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _confirmation(
        self,
        request: HttpRequest,
        verb: Verb[T],
        rows: Sequence[T],
        able: Sequence[T],
        form: forms.Form,
    ) -> TemplateResponse:
        objections = [(row, self.objection(request, verb, row)) for row in rows]
        noun = self.opts.verbose_name if len(able) == 1 else self.opts.verbose_name_plural
        context = {
            **self.admin_site.each_context(request),
            "title": verb.label,
            "opts": self.opts,
            "verb": verb,
            "count_text": f"{len(able)} {noun}",
            "rows": able,
            "row_ids": [row.pk for row in rows],
            "objections": [(row, objection) for row, objection in objections if objection],
            "panels": self._panels(request, verb, able) if able else [],
            "form": form,
            "back_url": page_url(rows[0]) if len(rows) == 1 else self._list_url(),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/confirm_verb.html", context)


def _list_action(verb: Verb[Any]) -> Callable[..., Any]:
    def ask(
        model_admin: ServiceAdmin[Any],
        request: HttpRequest,  # noqa: ARG001  # the shape of an action
        queryset: QuerySet[Any],
    ) -> HttpResponseBase:
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[:ROWS_MAX])
        return HttpResponseRedirect(model_admin.verb_url(verb, keys))

    return ask


def _log(actor: User, row: Model, message: str, answers: dict[str, Any]) -> None:
    reason = str(answers.get("reason", "")).strip()
    LogEntry.objects.create(
        user=actor,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=str(row)[:200],
        action_flag=CHANGE,
        change_message=message + (f" Reason: {reason}" if reason else ""),
    )
