"""What the pages with a form of their own share: a frame, and refusals as the form's errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse

from offers.rules.admin.forms import DraftForm
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import InvalidInput, ServiceError

R = TypeVar("R")
BUSY = "The database is busy and nothing was changed. Try again."


def actor_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def attempt(form: forms.Form, work: Callable[[], R]) -> R | None:
    """What `work` makes; None where it is refused, and then the form says why."""
    try:
        return work()
    except InvalidInput as refusal:
        if isinstance(form, DraftForm):
            form.take(refusal)
        else:
            form.add_error(None, str(refusal))
    except ServiceError as refusal:
        form.add_error(None, str(refusal))
    except DatabaseUnavailable:
        form.add_error(None, BUSY)
    return None


def log(actor: User, row: Model, message: str) -> None:
    """In the staff log, too, as every verb's."""
    LogEntry.objects.create(
        user=actor,
        content_type=ContentType.objects.get_for_model(row),
        object_id=str(row.pk),
        object_repr=str(row)[:200],
        action_flag=CHANGE,
        change_message=message,
    )


def page(
    request: HttpRequest, site: AdminSite, template: str, context: dict[str, Any]
) -> TemplateResponse:
    request.current_app = site.name
    return TemplateResponse(request, template, {**site.each_context(request), **context})
