"""What stands below a row's own fields: small tables. Rooms above add theirs at start."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import HttpRequest

ROWS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A table under a heading. A heading that starts with `#` is of numbers, shown right."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str
    """What to say, and to do next, where there is no row."""
    note: str = ""
    more_url: str = ""
    """Where the rest of the rows stand."""

    @property
    def columns(self) -> list[tuple[str, bool]]:
        return [(text.removeprefix("#"), text.startswith("#")) for text in self.headings]

    @property
    def lines(self) -> list[list[tuple[Any, bool]]]:
        numeric = [is_number for _, is_number in self.columns]
        return [list(zip(row, numeric, strict=True)) for row in self.rows]


PanelsOf = Callable[[HttpRequest, Any], Iterable[Panel]]
_registered: dict[type[models.Model], list[PanelsOf]] = {}


def register(model: type[models.Model], panels_of: PanelsOf) -> None:
    """Add panels to the page of `model`, from a room above it. Call it in an admin.py."""
    providers = _registered.setdefault(model, [])
    if panels_of not in providers:
        providers.append(panels_of)


def panels_of(request: HttpRequest, row: models.Model) -> list[Panel]:
    return [panel for make in _registered.get(type(row), []) for panel in make(request, row)]


def may_view(request: HttpRequest, model: type[models.Model]) -> bool:
    """Whether the staff member may read this model's rows."""
    user = request.user
    name = f"{model._meta.app_label}.view_{model._meta.model_name}"
    return bool(getattr(user, "is_staff", False)) and user.has_perm(name)
