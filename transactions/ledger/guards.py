"""Triggers that keep the books as they were written, on both databases.

Entries and groups can be inserted and nothing else, whoever asks: no UPDATE, no DELETE, no
TRUNCATE, and on SQLite no INSERT OR REPLACE, which would pass the others. A group must balance per
currency and hold as many entries as it says: on PostgreSQL that is asked at commit, on SQLite when
the group's row is written, after which no entry can join it. What the owner of a database can do by
DDL is out of scope; docs/security.md says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

BALANCE = "ledger_balance"


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


def anything_goes(editor: BaseDatabaseSchemaEditor, table: str) -> None:
    """The reverse of append_only()."""
    names = ("no_update", "no_delete", "no_truncate", "no_replace")
    for name in names:
        on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}", params=None)


def balanced_groups(editor: BaseDatabaseSchemaEditor) -> None:
    """Refuse a group whose debits are not its credits, per currency, or that lacks entries."""
    if editor.connection.vendor == "postgresql":
        editor.execute(_PG_BALANCE, params=None)
        for table, column in (("ledger_entry", "group_id"), ("ledger_entrygroup", "id")):
            editor.execute(
                f"CREATE CONSTRAINT TRIGGER {table}_balanced AFTER INSERT ON {table} "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                f"EXECUTE FUNCTION ledger_check_balance('{column}')",
                params=None,
            )
        return
    editor.execute(_SQLITE_BALANCE, params=None)
    editor.execute(_SQLITE_SEALED, params=None)


def unbalanced_groups(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of balanced_groups()."""
    if editor.connection.vendor == "postgresql":
        for table in ("ledger_entry", "ledger_entrygroup"):
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_balanced ON {table}", params=None)
        return
    editor.execute("DROP TRIGGER IF EXISTS ledger_entrygroup_balanced", params=None)
    editor.execute("DROP TRIGGER IF EXISTS ledger_entry_sealed", params=None)


_PG_REFUSE = """
CREATE OR REPLACE FUNCTION rewards_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""

_PG_BALANCE = """
CREATE OR REPLACE FUNCTION ledger_check_balance() RETURNS trigger LANGUAGE plpgsql
-- A plan made while the table was small is kept for the session, and would scan it when it is large
SET enable_seqscan = off
AS $$
DECLARE
    group_key bigint;
    found_count bigint;
    told_count bigint;
BEGIN
    IF TG_ARGV[0] = 'id' THEN group_key := NEW.id; ELSE group_key := NEW.group_id; END IF;
    SELECT entry_count INTO told_count FROM ledger_entrygroup WHERE id = group_key;
    SELECT count(*) INTO found_count FROM ledger_entry WHERE group_id = group_key;
    IF told_count IS DISTINCT FROM found_count THEN
        RAISE EXCEPTION 'entry group % says % entries and has %', group_key, told_count, found_count
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_group_is_complete';
    END IF;
    IF EXISTS (
        SELECT 1 FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
        WHERE e.group_id = group_key
        GROUP BY a.currency HAVING sum(e.debit_minor) <> sum(e.credit_minor)
    ) THEN
        RAISE EXCEPTION 'entry group % does not balance', group_key
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_group_balances';
    END IF;
    RETURN NULL;
END $$
"""

_SQLITE_BALANCE = """
CREATE TRIGGER ledger_entrygroup_balanced BEFORE INSERT ON ledger_entrygroup
WHEN (SELECT count(*) FROM ledger_entry WHERE group_id = NEW.id) <> NEW.entry_count
  OR EXISTS (
    SELECT 1 FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
    WHERE e.group_id = NEW.id
    GROUP BY a.currency HAVING sum(e.debit_minor) <> sum(e.credit_minor))
BEGIN SELECT RAISE(ABORT, 'entry group does not balance'); END
"""

_SQLITE_SEALED = """
CREATE TRIGGER ledger_entry_sealed BEFORE INSERT ON ledger_entry
WHEN EXISTS (SELECT 1 FROM ledger_entrygroup WHERE id = NEW.group_id)
BEGIN SELECT RAISE(ABORT, 'entry group is sealed'); END
"""
