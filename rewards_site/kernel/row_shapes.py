"""SQL text and conversions of models' rows, made once per shape and kept (rows.py uses them)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from django.db import connection, models

_PLAIN = (
    models.IntegerField,
    models.CharField,
    models.TextField,
    models.BooleanField,
    models.DateTimeField,
    models.UUIDField,
)


@cache
def select(
    model: type[models.Model],
    shape: tuple[tuple[tuple[str, bool], ...], ...],
    vendor: str,
    lock: str,
) -> str:
    quote = quoted
    is_in = "= ANY(%s)" if vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"
    any_of = " OR ".join(
        "("
        + " AND ".join(
            f"{quote(name)} {is_in}" if has_values else f"{quote(name)} IS NULL"
            for name, has_values in wanted
        )
        + ")"
        for wanted in shape
    )
    columns = ", ".join(quote(field.column) for field in model._meta.concrete_fields)
    tail = f" FOR {lock}" if lock and vendor == "postgresql" else ""
    return (
        f"SELECT {columns} FROM {quote(model._meta.db_table)} "  # noqa: S608  # our own names
        f"WHERE {any_of or 'TRUE'} ORDER BY {quote(pk_of(model).column)}{tail}"
    )


@cache
def reading(
    model: type[models.Model],
    vendor: str,  # noqa: ARG001  # part of the key of the cache
) -> tuple[list[str], list[tuple[int, list[Any], Any]]]:
    """Attribute names, and (position, converters, expression) of columns that need converting."""
    fields = model._meta.concrete_fields
    converters = []
    for position, field in enumerate(fields):
        expression = field.get_col(model._meta.db_table)
        makers = connection.ops.get_db_converters(expression) + expression.get_db_converters(
            connection
        )
        if makers:
            converters.append((position, makers, expression))
    return [field.attname for field in fields], converters


@cache
def inserting(
    model: type[models.Model],
    has_pk: bool,
    vendor: str,
) -> tuple[list[Callable[[Any], Any]], str]:
    """How each column's value is made, and the head of the statement."""
    fields = [field for field in model._meta.concrete_fields if has_pk or not field.primary_key]
    quote = quoted
    columns = ", ".join(quote(field.column) for field in fields)
    return (
        [_maker(field, vendor) for field in fields],
        f"INSERT INTO {quote(model._meta.db_table)} ({columns})",
    )


@cache
def updating(
    model: type[models.Model], names: tuple[str, ...], vendor: str
) -> tuple[list[Callable[[Any], Any]], str]:
    """How the pk and each value is made, and the statement, with room for the values."""
    key = pk_of(model)
    fields = [key, *(model._meta.get_field(name) for name in names)]
    quote = quoted
    assigned = ", ".join(
        f"{quote(field.column)} = new.column{position}{_cast(field, vendor)}"
        for position, field in enumerate(fields[1:], start=2)
    )
    sql = (
        f"UPDATE {quote(model._meta.db_table)} SET {assigned} "  # noqa: S608  # our own names
        "FROM (VALUES {values}) AS new "
        f"WHERE {quote(model._meta.db_table)}.{quote(key.column)} = new.column1"
    )
    return [_maker(field, vendor) for field in fields], sql


def _cast(field: Any, vendor: str) -> str:
    """PostgreSQL takes a column of nothing but nulls for text."""
    return f"::{field.db_type(connection)}" if vendor == "postgresql" else ""


def _maker(field: Any, vendor: str) -> Callable[[Any], Any]:
    """How a row's value of this field becomes a parameter.

    What PostgreSQL's driver takes as it stands is not prepared: that is most of every row.
    """
    name = field.attname
    if vendor == "postgresql" and isinstance(
        field.target_field if field.is_relation else field, _PLAIN
    ):
        return attrgetter(name)

    def make(row: Any) -> Any:
        value = getattr(row, name)
        return None if value is None else field.get_db_prep_save(value, connection)

    return make


def quoted(name: str | None) -> str:
    """A table's or column's name; never null on a concrete field."""
    return str(connection.ops.quote_name(str(name)))


def pk_of(model: type[models.Model]) -> Any:
    return model._meta.pk
