"""Texts that may name a person in passing: found in any row of a table, and overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from rewards_site.members.erasure import Person

_AT_ONCE = 200


def overwrite_texts(
    rows: type[models.Model] | QuerySet[Any], names: Sequence[str], person: Person
) -> int:
    """Replace the person's customer ids in the text or JSON fields `names`; returns rows touched.

    Reads every row once: for tables that staff fill, or where nothing tells which rows to look at.
    """
    if not isinstance(rows, QuerySet):
        rows = rows._default_manager.all()
    changed = [
        row for row in naming(rows, names, person).iterator() if _rewrite(row, names, person)
    ]
    rows.model._default_manager.bulk_update(changed, list(names), batch_size=_AT_ONCE)
    return len(changed)


def naming(rows: QuerySet[Any], names: Sequence[str], person: Person) -> QuerySet[Any]:
    """Those rows in which any of the fields may hold one of the person's customer ids."""
    may_hold = Q()
    for name in names:
        rows = rows.annotate(**{f"{name}_as_text": Cast(name, TextField())})
        for spelling in person.spellings():
            may_hold |= Q(**{f"{name}_as_text__contains": spelling})
    return rows.filter(may_hold)


def _rewrite(row: Any, names: Sequence[str], person: Person) -> bool:
    is_changed = False
    for name in names:
        told = getattr(row, name)
        value = person.value(told)
        length_max = row._meta.get_field(name).max_length
        if isinstance(value, str) and length_max:
            value = value[:length_max]
        if value != told:
            setattr(row, name, value)
            is_changed = True
    return is_changed
