"""Lists that cost the same at row 1 and at row 5,000,000: seek by key, never count it all."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from rewards_site.kernel.db import is_postgres

COUNTED_MAX = 10_000
BEFORE, AFTER = "before", "after"


def bounded_count(queryset: QuerySet[Any], *, most: int = COUNTED_MAX) -> int:
    """How many rows there are; `most` + 1 stands for «more», and no more are looked at."""
    return queryset.order_by()[: most + 1].count()


def count_text(count: int, *, most: int = COUNTED_MAX) -> str:
    """`count` as people read it; `more than 10,000` past the bound."""
    return f"{count:,}" if count <= most else f"more than {most:,}"


def estimated_count(model: type[Model]) -> int | None:
    """PostgreSQL's own estimate of a table's rows, where it has one that is past the bound."""
    if not is_postgres():
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)",
            [connection.ops.quote_name(model._meta.db_table)],
        )
        row = cursor.fetchone()
    return int(row[0]) if row and row[0] > COUNTED_MAX else None


def is_key(field: Any, text: str) -> bool:
    """Whether `text` can be a value of the primary key `field`: databases break at what cannot."""
    while field.remote_field is not None:  # a row that shares the key of another
        field = field.target_field
    try:
        field.run_validators(field.to_python(text))
    except ValidationError:
        return False
    return "\x00" not in text


class BoundedPaginator(Paginator[Any]):
    """Numbered pages over at most 10,000 rows: never counts, and never reaches, further."""

    @cached_property
    def count(self) -> int:
        assert isinstance(self.object_list, QuerySet)
        return min(bounded_count(self.object_list), COUNTED_MAX)


class FastChangeList(ChangeList):
    """A list with a plain title; its paging is Django's, by number."""

    is_keyset = False
    total_text = ""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        name = str(self.opts.verbose_name_plural)
        self.title = name[:1].upper() + name[1:]

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        for name, texts in self.get_filters_params().items():
            key = self._key_behind(name.removesuffix("__exact"))
            if key is not None and not all(is_key(key, text) for text in texts):
                raise IncorrectLookupParameters(f"{name}: no key")
        queryset = super().get_queryset(request, exclude_parameters)
        deferred = getattr(self.model_admin, "list_defer", ())
        return queryset.defer(*deferred) if deferred else queryset

    def _key_behind(self, name: str) -> Any:
        """The primary key that a filter `member` or `groups__id` compares with, if it does."""
        head, _, tail = name.partition("__")
        try:
            related = self.opts.get_field(head).related_model
        except FieldDoesNotExist:
            return None
        if not isinstance(related, type) or tail not in ("", related._meta.pk.name):
            return None
        return related._meta.pk

    @property
    def is_narrowed(self) -> bool:
        """Something was searched for or filtered by."""
        return bool(self.query or self.get_filters_params())

    @property
    def clear_url(self) -> str:
        return "?"


class KeysetChangeList(FastChangeList):
    """Newest first by primary key; a page is found by the key before it, not by an offset."""

    is_keyset = True
    older_url = ""
    newer_url = ""
    newest_url = ""

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        for name in (BEFORE, AFTER):
            found.pop(name, None)
        return found

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        return super().get_query_string(new_params, [BEFORE, AFTER, *(remove or [])])

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        before, after = (self._key(request.GET.get(name)) for name in (BEFORE, AFTER))
        rows, has_newer, has_older = self._rows(before, after)
        self.result_list = rows
        # of this page: «select all across pages» is never offered
        self.result_count = self.full_result_count = len(rows)
        self.show_full_result_count = False
        self.show_admin_actions = bool(rows)
        self.can_show_all = self.multi_page = False
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        self.total_text = self._total(len(rows), is_whole=not (has_newer or has_older))
        if rows and has_older:
            self.older_url = self.get_query_string() + f"&{BEFORE}={_quoted(rows[-1].pk)}"
        if rows and has_newer:
            self.newer_url = self.get_query_string() + f"&{AFTER}={_quoted(rows[0].pk)}"
        if has_newer:
            self.newest_url = self.get_query_string()

    def _rows(self, before: Any, after: Any) -> tuple[list[Any], bool, bool]:
        """The page's rows, whether newer ones exist, whether older ones do."""
        size = self.list_per_page
        if after is not None:
            rows = list(self.queryset.filter(pk__gt=after).order_by("pk")[: size + 1])
            return rows[:size][::-1], len(rows) > size, True
        queryset = self.queryset if before is None else self.queryset.filter(pk__lt=before)
        rows = list(queryset[: size + 1])
        return rows[:size], before is not None, len(rows) > size

    def _total(self, shown: int, *, is_whole: bool) -> str:
        if is_whole:
            return f"{shown:,}"
        if not self.is_narrowed:
            estimate = estimated_count(self.model)
            if estimate is not None:
                return f"about {float(f'{estimate:.2g}'):,.0f}"
        return count_text(bounded_count(self.queryset))

    def _key(self, text: str | None) -> Any:
        if not text:
            return None
        try:
            return self.opts.pk.to_python(text)
        except ValidationError as error:
            raise IncorrectLookupParameters from error


def _quoted(key: Any) -> str:
    return quote(str(key), safe="")
