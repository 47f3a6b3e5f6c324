"""SQL text and conversions of models' rows, made once per shape and kept (rows.py uses them)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Shape:
    """A statement that takes rows, and how their values are made.

    `source` stands where the rows come in: on PostgreSQL it reads them from one JSON text, so that
    neither the statement nor the driver's work on it grows with them; else it is left to be filled
    with one group of placeholders a row.
    """

    head: str
    source: str
    tail: str
    read: Callable[[Any], Any]
    """row → its values, in the order of the columns."""
    keys: tuple[str, ...]
    is_json: bool


@cache
def inserting(model: type[models.Model], has_pk: bool, vendor: str) -> Shape:
    """INSERT of all columns, with the primary key or without."""
    fields = [field for field in model._meta.concrete_fields if has_pk or not field.primary_key]
    columns = ", ".join(quoted(field.column) for field in fields)
    return _shape(
        fields,
        vendor,
        head=f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) ",
        json_source="SELECT {columns} FROM {rows}",
        source="VALUES {rows}",
    )


@cache
def updating(model: type[models.Model], names: tuple[str, ...], vendor: str) -> Shape:
    """UPDATE of the fields `names` of the rows with these primary keys."""
    key, table = pk_of(model), quoted(model._meta.db_table)
    fields = [key, *(model._meta.get_field(name) for name in names)]
    assigned = ", ".join(
        f"{quoted(field.column)} = new.column{position}{_cast(field, vendor)}"
        for position, field in enumerate(fields[1:], start=2)
    )
    return _shape(
        fields,
        vendor,
        head=f"UPDATE {table} SET {assigned} FROM ",  # noqa: S608  # our own names
        json_source="{rows}",
        source="(VALUES {rows}) AS new",
        tail=f" WHERE {table}.{quoted(key.column)} = new.column1",
    )


def _shape(
    fields: list[Any], vendor: str, *, head: str, json_source: str, source: str, tail: str = ""
) -> Shape:
    keys = tuple(f"column{position}" for position in range(1, len(fields) + 1))
    has_bytes = any(isinstance(field, models.BinaryField) for field in fields)
    if vendor == "postgresql" and not has_bytes:
        types = ", ".join(
            f"{key} {field.db_type(connection)}" for key, field in zip(keys, fields, strict=True)
        )
        rows = f"json_to_recordset(%s::json) AS new({types})"
        names = [field.attname for field in fields]
        read = attrgetter(*names) if len(names) > 1 else _alone(names[0])
        text = json_source.format(columns=", ".join(keys), rows=rows)
        return Shape(head, text, tail, read, keys, is_json=True)
    makers = [_maker(field, vendor) for field in fields]
    return Shape(head, source, tail, lambda row: [make(row) for make in makers], keys, False)


def _alone(name: str) -> Callable[[Any], Any]:
    get = attrgetter(name)
    return lambda row: (get(row),)


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
