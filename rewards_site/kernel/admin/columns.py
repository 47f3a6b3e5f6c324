"""A model's field → the column that shows it: money right, times in UTC, labels, links."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

from django.contrib.admin.utils import quote
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rewards_site.kernel.admin.text import (
    EMPTY,
    displayable,
    evidence_html,
    json_html,
    label,
    money_text,
    utc_text,
)

Column = Callable[[Any], Any]
_LABELLED = {"status", "kind", "source", "share_mode"}
_UNITS = ("_minor", "_at", "_count")


def page_url(row: models.Model) -> str:
    """The row's own page in the admin; empty where it has none."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    try:
        return reverse(name, args=[quote(str(row.pk))])
    except NoReverseMatch:
        return ""


def list_url(model: type[models.Model], query: str = "") -> str:
    """The model's list in the admin; `query` such as `status=deferred`."""
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{query}" if query else address


def link(text: object, url: str) -> SafeString | str:
    shown = text if isinstance(text, SafeString) else displayable(str(text))
    return format_html('<a href="{}">{}</a>', url, shown) if url else shown


def followed(row: Any, path: str) -> Any:
    """The value at a dotted path: `account.currency`."""
    return reduce(lambda value, name: getattr(value, name, None), path.split("."), row)


def column_for(
    model: type[models.Model],
    name: str,
    *,
    heading: str = "",
    currency: str = "currency",
    is_linked: bool = True,
) -> Column | None:
    """The column of the field `name`; None where it is no field, or Django renders it well.

    `currency` is the dotted path from a row to the currency of its `*_minor` fields.
    """
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    read = _reader(field, name, currency=currency, is_linked=is_linked)
    if read is None:
        return None
    read.__name__ = name
    read.short_description = heading or _heading(field, name)  # type: ignore[attr-defined]
    return read


def _heading(field: Any, name: str) -> str:
    text = str(getattr(field, "verbose_name", name))
    for unit in _UNITS:
        text = text.removesuffix(unit.replace("_", " "))
    return text


def _reader(field: Any, name: str, *, currency: str, is_linked: bool) -> Column | None:
    if isinstance(field, models.DateTimeField):
        return lambda row: utc_text(getattr(row, name))
    if name.endswith("_minor"):
        return lambda row: money_text(getattr(row, name), followed(row, currency) or "")
    if isinstance(field, models.ForeignKey):
        return lambda row: _related(getattr(row, name), is_linked=is_linked)
    if isinstance(field, models.JSONField):
        return lambda row: json_html(getattr(row, name))
    if isinstance(field, models.BinaryField):
        return lambda row: evidence_html(bytes(getattr(row, name) or b""))
    if name in _LABELLED and field.choices:
        return lambda row: label(getattr(row, name))
    if isinstance(field, models.BooleanField):
        return lambda row: "yes" if getattr(row, name) else "no"
    if isinstance(field, models.ManyToManyField) or not field.concrete:
        return None
    return lambda row: _plain(getattr(row, name))


def _plain(value: object) -> str:
    return EMPTY if value is None or value == "" else displayable(str(value))


def _related(row: models.Model | None, *, is_linked: bool) -> SafeString | str:
    if row is None:
        return EMPTY
    return link(row, page_url(row) if is_linked else "")
