"""Triggers that keep the books as they were written, on both databases.

Entries and groups can be inserted and nothing else, whoever asks: no UPDATE, no DELETE, no
TRUNCATE, and on SQLite no INSERT OR REPLACE, which would pass the others. A group must balance per
currency and hold as many entries as it says: on PostgreSQL that is asked at commit, on SQLite when
the group's row is written, after which no entry can join it. Nothing is booked at or before an
instant that reports have shown (horizon.py). What the owner of a database can do by DDL is out of
scope; docs/security.md says so.
"""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel.guards import anything_goes, append_only

__all__ = [
    "BALANCE",
    "anything_goes",
    "append_only",
    "balanced_groups",
    "settled_books",
    "unbalanced_groups",
    "unsettled_books",
]

BALANCE = "ledger_balance"
HORIZON = "ledger_horizon"


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


def settled_books(editor: BaseDatabaseSchemaEditor) -> None:
    """The horizon only grows, and no group is booked at or before what is settled."""
    append_only(editor, HORIZON, columns=["id"])
    statements = _PG_SETTLED if editor.connection.vendor == "postgresql" else _SQLITE_SETTLED
    for statement in statements:
        editor.execute(statement, params=None)


def unsettled_books(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of settled_books()."""
    is_postgres = editor.connection.vendor == "postgresql"
    for table, name in ((HORIZON, "grows"), ("ledger_entrygroup", "after_settled")):
        on = f" ON {table}" if is_postgres else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}", params=None)
    anything_goes(editor, HORIZON)


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

_PG_SETTLED = (
    """
CREATE OR REPLACE FUNCTION ledger_check_horizon() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.horizon_at < OLD.horizon_at OR NEW.settled_at < OLD.settled_at THEN
        RAISE EXCEPTION 'the horizon of the reports only grows'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'horizon_grows';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE TRIGGER ledger_horizon_grows BEFORE UPDATE ON ledger_horizon
FOR EACH ROW EXECUTE FUNCTION ledger_check_horizon()
""",
    """
CREATE OR REPLACE FUNCTION ledger_check_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM written WHERE posted_at <= (SELECT settled_at FROM ledger_horizon)
    ) THEN
        RAISE EXCEPTION 'an entry group is booked at an instant that reports have shown'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_group_after_settled';
    END IF;
    RETURN NULL;
END $$
""",
    # Once a statement, not once a row: a page of the sync books hundreds of groups
    """
CREATE TRIGGER ledger_entrygroup_after_settled AFTER INSERT ON ledger_entrygroup
REFERENCING NEW TABLE AS written
FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_settled()
""",
)

_SQLITE_SETTLED = (
    """
CREATE TRIGGER ledger_horizon_grows BEFORE UPDATE ON ledger_horizon
WHEN NEW.horizon_at < OLD.horizon_at OR NEW.settled_at < OLD.settled_at
BEGIN SELECT RAISE(ABORT, 'the horizon of the reports only grows'); END
""",
    """
CREATE TRIGGER ledger_entrygroup_after_settled BEFORE INSERT ON ledger_entrygroup
WHEN NEW.posted_at <= (SELECT settled_at FROM ledger_horizon)
BEGIN SELECT RAISE(ABORT, 'an entry group is booked at an instant that reports have shown'); END
""",
)
