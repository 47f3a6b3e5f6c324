"""Triggers that keep append-only tables as they were written, on both databases.

Rows can be inserted and nothing else, whoever asks: no UPDATE, no DELETE, no TRUNCATE, and on
SQLite no INSERT OR REPLACE, which would pass the others. Installed by migrations. SQLite rebuilds a
table on most changes of it and drops its triggers: such a migration installs them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def append_only(
    editor: BaseDatabaseSchemaEditor,
    table: str,
    *,
    columns: Sequence[str] = (),
    keys: Sequence[str] = (),
) -> None:
    """Refuse DELETE and TRUNCATE of `table`, and UPDATE of it, or of these `columns` of it.

    `keys` are its unique keys beside `id`, as SQL conditions over `old` and `NEW`: SQLite's INSERT
    OR REPLACE deletes by each of them, and passes the trigger for DELETE in a connection that
    lacks `PRAGMA recursive_triggers` (settings.py sets it).
    """
    of = f" OF {', '.join(columns)}" if columns else ""
    if editor.connection.vendor == "postgresql":
        editor.execute(_PG_REFUSE, params=None)
        for event in (f"UPDATE{of}", "DELETE"):
            verb = event.split()[0].lower()
            editor.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {event} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION rewards_refuse_change()",
                params=None,
            )
        editor.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION rewards_refuse_change()",
            params=None,
        )
        return
    same_id = "old.id = NEW.id"
    if columns:  # rows that do change are written by an upsert, which says the same of the rest
        changed = " OR ".join(f"old.{column} IS NOT NEW.{column}" for column in columns)
        same_id = f"old.id = NEW.id AND ({changed})" if "id" in columns else changed
    clashes = " OR ".join(f"({clash})" for clash in (same_id, *keys))
    events = {
        "no_update": f"BEFORE UPDATE{of} ON {table}",
        "no_delete": f"BEFORE DELETE ON {table}",
        "no_replace": f"BEFORE INSERT ON {table} "  # noqa: S608  # our own names
        f"WHEN EXISTS (SELECT 1 FROM {table} old WHERE {clashes})",
    }
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for name, event in events.items():
        editor.execute(f"CREATE TRIGGER {table}_{name} {event} {refuse}", params=None)


def erasable(editor: BaseDatabaseSchemaEditor, table: str, columns: Sequence[str]) -> None:
    """Refuse UPDATE of these `columns` of `table`, too, but while a person is being forgotten.

    Beside an append_only() that names the others, and `old.id = NEW.id` among its keys. That goes
    on only inside of erase_member's own transaction: nobody else's can see that row, and none can
    be committed with it (members/models.py, Erasure.under_way).
    """
    update = f"CREATE TRIGGER {table}_only_erasing BEFORE UPDATE OF {', '.join(columns)} ON {table}"
    if editor.connection.vendor == "postgresql":
        editor.execute(_PG_REFUSE_UNLESS_ERASING, params=None)
        refuse = "FOR EACH ROW EXECUTE FUNCTION rewards_refuse_unless_erasing()"
    else:
        refuse = f"WHEN NOT ({ERASING}) BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    editor.execute(f"{update} {refuse}", params=None)


def only_keys(
    editor: BaseDatabaseSchemaEditor, table: str, column: str, keys: Sequence[str]
) -> None:
    """Of the JSON object in an erasable() column, refuse UPDATE of all but these keys."""
    if editor.connection.vendor == "postgresql":
        less = "".join(f" - '{key}'" for key in keys)
        differ = f"(OLD.{column}{less}) IS DISTINCT FROM (NEW.{column}{less})"
        refuse = "EXECUTE FUNCTION rewards_refuse_change()"
    else:
        paths = ", ".join(f"'$.{key}'" for key in keys)
        differ = f"json_remove(OLD.{column}, {paths}) IS NOT json_remove(NEW.{column}, {paths})"
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    editor.execute(
        f"CREATE TRIGGER {table}_only_keys BEFORE UPDATE OF {column} ON {table} FOR EACH ROW "
        f"WHEN ({differ}) {refuse}",
        params=None,
    )


def anything_goes(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """The reverse of append_only(), erasable() and only_keys()."""
    names = (
        *("no_update", "no_delete", "no_truncate", "no_replace"),
        *("only_erasing", "only_keys"),
    )
    for name in names:
        on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}", params=None)


_PG_REFUSE = """
CREATE OR REPLACE FUNCTION rewards_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

ERASING: Final = "EXISTS (SELECT 1 FROM members_erasure WHERE under_way_id = 0)"
"""SQL: a person is being forgotten in this very transaction."""
_PG_REFUSE_UNLESS_ERASING = f"""
CREATE OR REPLACE FUNCTION rewards_refuse_unless_erasing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT {ERASING} THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""
