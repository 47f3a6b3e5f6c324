"""Reading, inserting and overwriting many rows at once, by SQL that is made once per shape.

The hot path of money reads and writes a dozen tables per webhook; making each statement anew by the
ORM cost more than running it (docs/performance.md). Here a statement is made from the model's own
fields once and kept; values are prepared by the fields, as the ORM would, and rows come back as
instances of the model. The text is the same for 1 row and for 500, and writes that need no answer
travel to PostgreSQL together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection, models

from rewards_site.kernel.row_shapes import (
    Shape,
    inserting,
    pk_of,
    quoted,
    reading,
    select,
    updating,
)

M = TypeVar("M", bound=models.Model)
A = TypeVar("A")
Wanted = Mapping[str, Collection[Any] | None]
"""Column → the values it may have; None: it is null. All of them hold."""

_PARAMETERS_MAX = 30_000
"""SQLite takes 32,766 in one statement; PostgreSQL's are rendered here and have no limit."""


@dataclass(frozen=True, slots=True)
class Write:
    """A statement that answers nothing, and its parameters."""

    sql: str
    parameters: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Question(Generic[A]):
    """A statement that answers, its parameters, and how its rows are read."""

    sql: str
    parameters: Sequence[Any]
    read: Callable[[Sequence[Sequence[Any]]], list[A]]


def rows_of(
    model: type[M], *alternatives: Wanted, is_locked: bool = False, is_held: bool = False
) -> Question[M]:
    """The rows that any of the `alternatives` describes, by pk; locked for update if asked.

    `is_held`: kept as they are until the commit, by as many as want to; whoever locks them for
    anything but their plain columns waits. It is the lock that a foreign key takes.

    One statement, for any number of values. Columns are named as the database names them. Without
    an alternative: every row.
    """
    shape = tuple(
        tuple((name, values is not None) for name, values in wanted.items())
        for wanted in alternatives
    )
    parameters = [
        _any_of(values)
        for wanted in alternatives
        for values in wanted.values()
        if values is not None
    ]

    def read(found: Sequence[Sequence[Any]]) -> list[M]:
        names, converters = reading(model, connection.vendor)
        alias = connection.alias
        return [model.from_db(alias, names, _converted(row, converters)) for row in found]

    lock = "NO KEY UPDATE" if is_locked else "KEY SHARE" if is_held else ""
    return Question(select(model, shape, connection.vendor, lock), parameters, read)


def next_ids(model: type[models.Model], count: int) -> Question[int]:
    """`count` unused primary keys of `model`.

    PostgreSQL takes them from the table's sequence; SQLite's single writer may count on from the
    highest, as long as the caller inserts them in this same transaction.
    """
    if connection.vendor == "postgresql":
        return Question(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [f'"{model._meta.db_table}"', count],
            lambda found: [row[0] for row in found],
        )
    return Question(
        f"SELECT COALESCE(MAX(id), 0) FROM {quoted(model._meta.db_table)}",  # noqa: S608  # ours
        [],
        lambda found: list(range(found[0][0] + 1, found[0][0] + 1 + count)),
    )


def find(
    model: type[M], *alternatives: Wanted, is_locked: bool = False, is_held: bool = False
) -> list[M]:
    """Ask for rows_of() alone."""
    asked = rows_of(model, *alternatives, is_locked=is_locked, is_held=is_held)
    found: list[M] = ask(asked)[0]
    return found


def ask(*questions: Question[Any], after: Sequence[Write] = ()) -> list[list[Any]]:
    """The answer to each question, after the writes `after`: one round trip on PostgreSQL."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            steps: list[Write | Question[Any]] = [*after, *questions]
            cursor.execute(
                "; ".join(step.sql for step in steps),
                [value for step in steps for value in step.parameters],
            )
            for _ in after:
                cursor.nextset()
            answers = [cursor.fetchall()]
            while cursor.nextset():
                answers.append(cursor.fetchall())
        else:
            for write in after:
                cursor.execute(write.sql, write.parameters)
            answers = []
            for question in questions:
                cursor.execute(question.sql, question.parameters)
                answers.append(cursor.fetchall())
    return [question.read(answer) for question, answer in zip(questions, answers, strict=True)]


def insert(rows: Sequence[models.Model]) -> list[Write]:
    """Insert `rows`, which are of one model; those without a pk get one that nobody asks for."""
    return _inserts(rows, tail="")


def insert_missing(rows: Sequence[models.Model]) -> list[Write]:
    """Insert `rows` in the order given, leaving alone what a unique constraint says exists."""
    return _inserts(rows, tail=" ON CONFLICT DO NOTHING")


def insert_new(rows: Sequence[M]) -> list[int]:
    """Insert `rows`, leaving alone what exists; the pks of those that were inserted."""
    return [pk for pk, _ in insert_new_asking(rows, "NULL")]


def insert_new_asking(rows: Sequence[M], also: str) -> list[tuple[int, Any]]:
    """As insert_new(), and beside each pk what `also` is: SQL for one value, asked along."""
    told: list[tuple[int, Any]] = []
    key = quoted(pk_of(type(rows[0])).column) if rows else ""
    for write in _inserts(rows, tail=f" ON CONFLICT DO NOTHING RETURNING {key}, {also}"):
        with connection.cursor() as cursor:
            cursor.execute(write.sql, write.parameters)
            told.extend((found[0], found[1]) for found in cursor.fetchall())
    return told


def insert_or_overwrite(rows: Sequence[models.Model], names: Sequence[str]) -> list[Write]:
    """Insert `rows`, in the order given; where a pk exists already, write its fields `names`."""
    if not rows:
        return []
    model = type(rows[0])
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    columns = [quoted(field.column) for field in fields]
    assigned = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
    key = quoted(pk_of(model).column)
    return _inserts(rows, tail=f" ON CONFLICT ({key}) DO UPDATE SET {assigned}")


def overwrite(rows: Sequence[models.Model], names: Sequence[str]) -> list[Write]:
    """Write the fields `names` of existing `rows`, which the caller has locked."""
    if not rows:
        return []
    return _filled(updating(type(rows[0]), tuple(names), connection.vendor), rows)


def run(writes: Iterable[Write]) -> None:
    """Run `writes` in order: in one round trip on PostgreSQL, one by one on SQLite."""
    writes = list(writes)
    if not writes:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            parameters = [value for write in writes for value in write.parameters]
            cursor.execute("; ".join(write.sql for write in writes), parameters or None)
            return
        for write in writes:
            cursor.execute(write.sql, write.parameters)


def _inserts(rows: Sequence[models.Model], *, tail: str) -> list[Write]:
    if not rows:
        return []
    has_pk = rows[0].pk is not None
    assert all((row.pk is not None) == has_pk for row in rows), "all have a pk, or none has"
    return _filled(inserting(type(rows[0]), has_pk, connection.vendor), rows, tail=tail)


def _filled(shape: Shape, rows: Sequence[models.Model], *, tail: str = "") -> list[Write]:
    """The statement with the values of `rows`; several where SQLite has no room."""
    if shape.is_json:
        told = [dict(zip(shape.keys, shape.read(row), strict=True)) for row in rows]
        text = json.dumps(told, default=_as_text, separators=(",", ":"))
        return [Write(f"{shape.head}{shape.source}{shape.tail}{tail}", [text])]
    width = len(shape.keys)
    most = _PARAMETERS_MAX // width if connection.vendor == "sqlite" else len(rows)
    group = f"({', '.join(['%s'] * width)})"
    writes = []
    for first in range(0, len(rows), most):
        chunk = rows[first : first + most]
        source = shape.source.format(rows=", ".join([group] * len(chunk)))
        values = [value for row in chunk for value in shape.read(row)]
        writes.append(Write(f"{shape.head}{source}{shape.tail}{tail}", values))
    return writes


def _as_text(value: Any) -> str:
    """What JSON has no word for, as PostgreSQL reads it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not written by rows of this kind")


def _any_of(values: Collection[Any]) -> Any:
    """The values as one parameter: an array on PostgreSQL, a JSON list on SQLite."""
    return list(values) if connection.vendor == "postgresql" else json.dumps(list(values))


def _converted(
    row: Sequence[Any], converters: Sequence[tuple[int, list[Any], Any]]
) -> Sequence[Any]:
    if not converters:
        return row
    values = list(row)
    for position, makers, expression in converters:
        value = values[position]
        for convert in makers:
            value = convert(value, expression, connection)
        values[position] = value
    return values
