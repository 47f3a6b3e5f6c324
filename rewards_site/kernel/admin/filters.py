"""Filters over fixed choices: none of them asks the table what values it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest


def choice_filter(
    title: str, parameter: str, choices: Mapping[str, tuple[str, Q]]
) -> type[SimpleListFilter]:
    """A filter whose values are known: value → (what people read, what it asks)."""
    named, asked = title, parameter

    class FixedChoices(SimpleListFilter):
        title = named
        parameter_name = asked

        def lookups(
            self, request: HttpRequest, model_admin: ModelAdmin[Any]
        ) -> Iterable[tuple[str, str]]:
            return [(value, text) for value, (text, _) in choices.items()]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            chosen = choices.get(self.value() or "")
            return queryset.filter(chosen[1]) if chosen else queryset

    return FixedChoices


def word_filter(field: str, words: Iterable[str], *, title: str = "") -> type[SimpleListFilter]:
    """A filter on a column that holds one of `words`."""
    return choice_filter(
        title or field.replace("_", " "),
        field,
        {word: (word, Q(**{field: word})) for word in words},
    )
