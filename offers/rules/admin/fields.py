"""Fields of the draft's form: a text with suggestions, a time by some zone's clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Suggestions = Callable[[], Iterable[tuple[str, str]]]
"""(what is typed, what it is called)."""


class SuggestingInput(forms.TextInput):
    """A text field whose browser offers what begins or is called like what is typed."""

    def __init__(self, suggestions: Suggestions, **attrs: Any) -> None:
        super().__init__(attrs={"class": "vTextField", "autocomplete": "off"} | attrs)
        self._suggestions = suggestions

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: Any = None,
    ) -> SafeString:
        list_id = f"suggested_{name}"
        shown = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', self._suggestions())
        return format_html('{}<datalist id="{}">{}</datalist>', shown, list_id, options)


class LocalTimeField(forms.Field):
    """What a clock on the wall shows: a naive datetime, or None."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, datetime) or not value:
            return value or None
        try:
            local = datetime.fromisoformat(str(value).strip())
        except ValueError:
            local = None
        if local is None or local.tzinfo is not None:
            raise ValidationError("A day and a time such as 2026-11-27 00:00, without an offset.")
        return local.replace(microsecond=0)

    def prepare_value(self, value: Any) -> Any:
        """As the browser's own field wants it."""
        return value.isoformat() if isinstance(value, datetime) else value
