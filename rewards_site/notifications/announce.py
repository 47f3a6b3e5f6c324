"""announce(): a member's notice and an outward event, in the caller's commit.

Pure writes, a fixed number of statements for any number of news, and no answer is waited for: they
travel with the booking's own (transactions/writing.py). The member's count is taken first, sorted
by member, and kept to the commit; a number is what that row counts, so numbers have no gap and no
repeat, and a rollback takes them back. A key that was told already fails the commit: a cause is
booked once, and a second notice of it would be a fault to be seen (docs/decisions/0084).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from rewards_site.kernel import rows
from rewards_site.kernel.db import is_postgres
from rewards_site.kernel.ids import time_ordered_id
from rewards_site.kernel.rows import Write
from rewards_site.notifications.models import Notice, NoticeCount, Outbox
from rewards_site.notifications.news import News, objection_to

_TOLD = (
    *("public_id", "member_id", "key", "kind", "at", "currency", "before_minor", "after_minor"),
    *("pending_change_minor", "available_change_minor", "activity_id", "transaction_id"),
    *("redemption_id", "claim_id", "facts"),
)
"""What News tells of a notice, and its public id."""


def announce(news: Sequence[News]) -> None:
    """prepare(), and write it."""
    rows.run(prepare(news))


def prepare(news: Sequence[News]) -> list[Write]:
    """What is to be written so that these are told, each exactly once, in the caller's commit.

    A member's are numbered in the order given. To be run last, once in a transaction: it locks the
    members' notice counts (docs/locks.md). Fails the commit for a key that was told before.
    """
    if not news:
        return []
    for one in news:
        objection = objection_to(one)
        assert not objection, f"{one.kind} {one.key!r}: {objection}"
    assert len({one.key for one in news}) == len(news), "each is told once"
    return [_counted(news), _told(news), _queued(news)]


def _counted(news: Sequence[News]) -> Write:
    taken = Counter(one.member_id for one in news)
    rows = [{"member_id": member_id, "taken": count} for member_id, count in sorted(taken.items())]
    return Write(_count_sql(), [_as_json(rows)])


def _told(news: Sequence[News]) -> Write:
    """Each with how many of its member's come after it: its number is that many from the count."""
    after = Counter(one.member_id for one in news)
    rows = []
    for place, one in enumerate(news):
        after[one.member_id] -= 1
        rows.append({"place": place, "later": after[one.member_id]} | _values(one))
    return Write(_notice_sql(), [_as_json(rows)])


def _queued(news: Sequence[News]) -> Write:
    return Write(_outbox_sql(), [_as_json([{"key": one.key} for one in news])])


def _values(one: News) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in _TOLD if name != "public_id"} | {
        "public_id": time_ordered_id(),
        "kind": one.kind.value,
        "facts": {name: value for name, value in one.facts.items() if value not in (None, "")},
    }
    if is_postgres():
        return told
    columns = _columns()
    return {
        name: None if value is None else columns[name].get_db_prep_save(value, connection)
        for name, value in told.items()
    }


@cache
def _columns() -> dict[str, Any]:
    """Column → its field, in the order in which they are sent."""
    told = set(_TOLD)
    return {
        str(field.column): field for field in Notice._meta.concrete_fields if field.attname in told
    }


def _as_json(rows: list[dict[str, Any]]) -> str:
    """One parameter, however many rows."""
    return json.dumps(rows, default=_as_text, separators=(",", ":"))


def _as_text(value: Any) -> str:
    """What JSON has no word for, as PostgreSQL reads it."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


@cache
def _count_sql() -> str:
    table = NoticeCount._meta.db_table
    told = _rows(member_id="bigint", taken="bigint")
    return (
        f"INSERT INTO {table} (member_id, item_count, read_up_to) "  # noqa: S608  # our own names
        f"SELECT told.member_id, told.taken, 0 FROM {told} WHERE TRUE ORDER BY told.member_id "
        "ON CONFLICT (member_id) DO UPDATE "
        f"SET item_count = {table}.item_count + excluded.item_count"
    )


@cache
def _notice_sql() -> str:
    types = {
        name: str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))
        for name, field in _columns().items()
    }
    told = _rows(place="integer", later="bigint", **types)
    return (
        f"INSERT INTO {Notice._meta.db_table} "  # noqa: S608  # our own names
        f"(number, {', '.join(types)}) "
        f"SELECT counts.item_count - told.later, {', '.join(f'told.{name}' for name in types)} "
        f"FROM {told} "
        f"JOIN {NoticeCount._meta.db_table} counts ON counts.member_id = told.member_id "
        "ORDER BY told.place"
    )


@cache
def _outbox_sql() -> str:
    return (
        f"INSERT INTO {Outbox._meta.db_table} (notice_id) "  # noqa: S608  # our own names
        f"SELECT notice.id FROM {_rows(key='text')} "
        f"JOIN {Notice._meta.db_table} notice ON notice.key = told.key"
    )


def _rows(**types: str) -> str:
    """The rows of one parameter, a JSON array of objects, as a table `told` of these columns."""
    if is_postgres():
        columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
        return f"json_to_recordset(%s::json) AS told({columns})"
    columns = ", ".join(f"json_extract(value, '$.{name}') AS \"{name}\"" for name in types)
    return f"(SELECT {columns} FROM json_each(%s)) told"  # noqa: S608  # our own names
