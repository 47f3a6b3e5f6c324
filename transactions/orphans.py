"""Rows that name a row which is not there: what foreign keys keep from happening, looked at again.

Asked of the models, so that a table that is added is looked at from then on.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, Min, OuterRef

from transactions.ledger.balances import Difference

BOOKS = frozenset(
    {
        "transactions",
        "ledger",
        "activity",
        "merging",
        "opening",
        "members",
        "adjustments",
        "redemptions",
        "expiry",
        "freezes",
        "releases",
    }
)
"""Labels of the apps that keep the books, and the evidence that they are derived from."""


def lost_references() -> Iterator[Difference]:
    """What rows of the books name, or rows of others name of the books, and is not there."""
    for field in references():
        yield from _lost(field)


def references() -> list[models.ForeignKey[models.Model, models.Model]]:
    """Every foreign key from, or to, a table of the books; those to users and brands included."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and BOOKS & {model._meta.app_label, field.related_model._meta.app_label}
    ]


def _lost(field: models.ForeignKey[models.Model, models.Model]) -> Iterator[Difference]:
    """One statement, and one difference for each row that is missing, whatever names it."""
    target = field.related_model
    there = target._base_manager.filter(**{field.target_field.attname: OuterRef(field.attname)})
    rows = (
        field.model._base_manager.filter(~Exists(there), **{f"{field.attname}__isnull": False})
        .values_list(field.attname)
        .annotate(Count("pk"), Min("pk"))
        .order_by(field.attname)
    )
    name = field.model._meta.verbose_name
    for key, count, first in rows.iterator():
        yield Difference(
            f"{target._meta.verbose_name} {key}",
            f"is not there, and is the {field.name} of {count} × {name}, the first of them {first}",
        )
