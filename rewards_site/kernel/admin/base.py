"""The bases of every page of the admin: read-only, and read-only with verbs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation, ValidationError
from django.db.models import CharField, Model, Q, QuerySet
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.http import HttpRequest, HttpResponse

from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.columns import Column, column_for
from rewards_site.kernel.admin.paging import BoundedPaginator, KeysetChangeList, is_key

T = TypeVar("T", bound=Model)
_SEARCH_MATCHES_MAX = 200


class FastList(admin.ModelAdmin[T]):
    """A list that stays fast at any size: keyset pages, exact search, fixed filters."""

    list_per_page = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    ordering = ("-pk",)
    actions_on_top = True
    paginator = BoundedPaginator
    list_class: ClassVar[type[ChangeList]] = KeysetChangeList
    list_defer: ClassVar[Sequence[str]] = ()
    """Large columns that the list does not show."""
    linked_by: ClassVar[Sequence[str]] = ()
    """Foreign keys that other pages filter this list by: `?member=5`."""
    intro = ""
    """What the list holds, in one sentence."""
    when_empty = "Nothing here yet."
    """What to do next, where the list has no row at all."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return self.list_class

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what we link to: any other filter may read the whole table."""
        assert request is not None  # Django's own lists always give it
        named = {*map(_filtered_by, self.get_list_filter(request)), *self.linked_by}
        return lookup.removesuffix("__exact") in {
            spelling for name in named for spelling in self._spellings(name)
        }

    def _spellings(self, name: str) -> set[str]:
        """How Django's own filters spell a filter by `name` in their links, less `__exact`."""
        try:
            field = self.opts.get_field(name)
        except FieldDoesNotExist:
            return {name}  # a filter of ours with a word of its own
        related = field.related_model
        if not isinstance(related, type):
            return {name}
        return {name, f"{name}__{related._meta.pk.name}", f"{name}__isnull"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[T], search_term: str
    ) -> tuple[QuerySet[T], bool]:
        """The term as it stands, looked up in one index after another.

        One condition over several tables would use none of their indexes: measured at 5 million
        rows, 30 s against 10 ms.
        """
        term = search_term.strip()
        if not term or not self.search_fields:
            return queryset, False
        found = [self._matches(str(name), term) for name in self.search_fields]
        any_of = Q()
        for condition in filter(None, found):
            any_of |= condition
        return (queryset.filter(any_of) if any_of else queryset.none()), False

    def _matches(self, name: str, term: str) -> Q | None:
        """The condition by which the search field `name` finds rows; None where it finds none."""
        if not name.startswith("="):
            return Q(**{f"{name}__icontains": term})
        head, _, tail = name.removeprefix("=").partition("__")
        field = self.model._meta.get_field(head)
        if not tail:
            rows = self.model._default_manager.filter
            return (
                Q(**{head: term}) if _fits(field, term) and rows(**{head: term}).exists() else None
            )
        related = field.related_model
        assert isinstance(related, type)
        if not _fits(related._meta.get_field(tail), term):
            return None
        matches = related._default_manager.filter(**{tail: term})
        is_reverse = isinstance(field, ForeignObjectRel)
        key = field.field.attname if isinstance(field, ForeignObjectRel) else "pk"
        keys = list(matches.values_list(key, flat=True)[:_SEARCH_MATCHES_MAX])
        return Q(**{"pk__in" if is_reverse else f"{head}__in": keys}) if keys else None

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> T | None:
        if from_field is None and not is_key(self.opts.pk, object_id):
            return None
        return super().get_object(request, object_id, from_field)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if any("\x00" in value for values in request.GET.lists() for value in values[1]):
            raise SuspiciousOperation("NUL in a list's address")
        if not all(
            is_key(self.opts.pk, text) for text in request.POST.getlist(ACTION_CHECKBOX_NAME)
        ):
            raise SuspiciousOperation("a list's action for what is no key")
        return super().changelist_view(request, extra_context)


def _filtered_by(item: Any) -> str:
    """What an item of `list_filter` filters by: a field, (field, filter), a filter of ours."""
    if isinstance(item, str):
        return item
    if isinstance(item, list | tuple):
        return str(item[0])
    return str(getattr(item, "parameter_name", ""))


def _fits(field: Any, term: str) -> bool:
    """Whether `term` can be a value of `field` at all: no number, no UUID, no match."""
    try:
        field.to_python(term)
    except (ValidationError, ValueError, TypeError):
        return False
    if isinstance(field, CharField) and field.max_length:
        return len(term) <= field.max_length
    return True


class ReadOnlyAdmin(FastList[T]):
    """Shows, and changes nothing: not for superusers either, who skip every permission.

    Fields named in `list_display` and `fieldsets` are shown by what they are (columns.py).
    """

    money_currency: ClassVar[str] = "currency"
    """Dotted path from a row to the currency of its `*_minor` fields."""
    money_currencies: ClassVar[dict[str, str]] = {}
    """Those of them that are in another currency: field → the path to it."""
    headings: ClassVar[dict[str, str]] = {}
    """Field → the words above it, where its name does not do."""
    change_form_template = "admin/read_only_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: T | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: T | None = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        first, *others = self.list_display
        return [
            self._shown(request, first, is_linked=False),  # it links to the row's own page
            *(self._shown(request, name) for name in others),
        ]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> list[Any]:
        return list(list_display)[:1]

    def get_fieldsets(self, request: HttpRequest, obj: T | None = None) -> Any:
        assert self.fieldsets, f"{type(self).__name__} names its fieldsets"
        return [
            (
                title,
                {**options, "fields": [self._shown(request, name) for name in options["fields"]]},
            )
            for title, options in self.fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: T | None = None) -> list[Any]:
        return flatten_fieldsets(self.get_fieldsets(request, obj))

    def panels(self, request: HttpRequest, row: T) -> list[panels.Panel]:
        """The tables below the row's own fields."""
        return []

    def title_of(self, row: T) -> str:
        name, text = str(self.opts.verbose_name), str(row)
        title = text if text.startswith(f"{name} ") else f"{name} {text}"
        return f"{title[:1].upper()}{title[1:]}"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = {}
        if row is not None and self.has_view_permission(request, row):
            context["panels"] = [*self.panels(request, row), *panels.panels_of(request, row)]
            context["title"] = self.title_of(row)
            context["subtitle"] = None
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def _shown(self, request: HttpRequest, name: Any, *, is_linked: bool = True) -> Any:
        """The column of a field's name, the same object each time it is asked in a request."""
        if not isinstance(name, str) or hasattr(self, name):
            return name
        return _columns_of(request).setdefault(
            f"{self.opts.label}.{name}.{is_linked}",
            self._column(request, name, is_linked=is_linked) or name,
        )

    def _column(self, request: HttpRequest, name: str, *, is_linked: bool) -> Column | None:
        try:
            related = self.model._meta.get_field(name).related_model
        except FieldDoesNotExist:
            return None
        return column_for(
            self.model,
            name,
            heading=self.headings.get(name, ""),
            currency=self.money_currencies.get(name, self.money_currency),
            is_linked=is_linked and isinstance(related, type) and panels.may_view(request, related),
        )


def _columns_of(request: HttpRequest) -> dict[str, Any]:
    columns: dict[str, Any] | None = getattr(request, "admin_columns", None)
    if columns is None:
        columns = {}
        request.admin_columns = columns  # type: ignore[attr-defined]
    return columns
