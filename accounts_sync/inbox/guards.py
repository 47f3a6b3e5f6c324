"""Triggers that keep each webhook event as it came, on both databases.

What Button sent and when it was received can't be changed, and no event can be deleted, whoever
asks; what became of it (status, reason, counts, times of tries, transaction) can.

One way out there is for a body, and for nothing else of an event: into an archive. The UPDATE that
empties it names an archive that is recorded, not yet closed, and spans the event; the event is
settled, no other body stands beside it, and staff never decided about it. There is no way back in.
And while a person is forgotten, what names them may be overwritten, in bodies and archives alike.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel.guards import ERASING, erasable
from transactions.ledger import guards

TABLE = "inbox_webhookevent"
ARCHIVE_TABLE = "inbox_bodyarchive"
RAW_COLUMNS = (
    "id",
    "hook_id",
    "event_type",
    "tx_id",
    "body",
    "body_digest",
    "is_test",
    "received_at",
    "beside_id",
)
ARCHIVE_COLUMNS = (
    "id",
    "number",
    "name",
    "sha256",
    "file_bytes",
    "event_count",
    "body_bytes",
    "first_event_id",
    "last_event_id",
    "received_first",
    "received_last",
    "archived_at",
)
ARCHIVE_ERASABLE = ("name", "sha256", "file_bytes", "body_bytes")
DECISION_TABLE = "inbox_deferreddecision"
DECISION_ERASABLE = ("deferred_because", "reason")
KEYS = (
    "old.hook_id = NEW.hook_id",
    "old.beside_id = NEW.beside_id AND old.body_digest = NEW.body_digest",
)
ARCHIVE_KEYS = ("old.number = NEW.number", "old.name = NEW.name")


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """As it was before there were archives."""
    guards.append_only(editor, TABLE, columns=RAW_COLUMNS, keys=KEYS)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    guards.anything_goes(editor, TABLE)


def install_with_archives(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table.

    A migration in which it rebuilds another table that _MAY_GO names begins with
    remove_with_archives(): SQLite refuses to rename a table while a trigger lacks it.
    """
    install(editor)
    guards.append_only(editor, ARCHIVE_TABLE, columns=ARCHIVE_COLUMNS, keys=ARCHIVE_KEYS)
    others = ", ".join(column for column in RAW_COLUMNS if column != "body")
    statements = _ON_POSTGRES if editor.connection.vendor == "postgresql" else _ON_SQLITE
    for statement in statements:
        editor.execute(statement.format(others=others, may_go=_MAY_GO), params=None)


def install_with_erasures(editor: BaseDatabaseSchemaEditor, decision: Any) -> None:
    """As install_with_archives(), which it takes the place of; and what names a person may be
    overwritten when that person is forgotten. `decision`: DeferredDecision as the migration has it.
    """
    remove_with_archives(editor)
    guards.anything_goes(editor, DECISION_TABLE)
    install(editor)
    kept = [name for name in ARCHIVE_COLUMNS if name not in ARCHIVE_ERASABLE]
    guards.append_only(editor, ARCHIVE_TABLE, columns=kept, keys=ARCHIVE_KEYS)
    erasable(editor, ARCHIVE_TABLE, ARCHIVE_ERASABLE)
    others = ", ".join(name for name in RAW_COLUMNS if name not in ("body", "body_digest"))
    may_go = f"({_MAY_GO}) OR ({ERASING} AND {_STAYS_WHERE_IT_IS})"
    statements = _ON_POSTGRES if editor.connection.vendor == "postgresql" else _ON_SQLITE
    for statement in statements:
        editor.execute(statement.format(others=others, may_go=may_go), params=None)
    erasable(editor, TABLE, ["body_digest"])
    columns = [field.column for field in decision._meta.concrete_fields]
    kept = [column for column in columns if column not in DECISION_ERASABLE]
    guards.append_only(editor, DECISION_TABLE, columns=kept, keys=["old.id = NEW.id"])
    erasable(editor, DECISION_TABLE, DECISION_ERASABLE)


def remove_with_erasures(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install_with_erasures(): as it was before."""
    remove_with_archives(editor)
    install_with_archives(editor)
    guards.anything_goes(editor, DECISION_TABLE)
    guards.append_only(editor, DECISION_TABLE)


def remove_with_archives(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install_with_archives(); also where a rebuild has dropped some of them."""
    on = f" ON {TABLE}" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_body_stays{on}", params=None)
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP FUNCTION IF EXISTS inbox_body_stays()", params=None)
    guards.anything_goes(editor, ARCHIVE_TABLE)
    remove(editor)


_STAYS_WHERE_IT_IS: Final = """
    (NEW.archived_in_id = OLD.archived_in_id
    OR (NEW.archived_in_id IS NULL AND OLD.archived_in_id IS NULL))
"""
_MAY_GO: Final = """
    OLD.archived_in_id IS NULL AND NEW.archived_in_id IS NOT NULL AND length(NEW.body) = 0
    AND OLD.status IN ('processed', 'ignored')
    AND EXISTS (
        SELECT 1 FROM inbox_bodyarchive archive
        WHERE archive.id = NEW.archived_in_id AND archive.emptied_at IS NULL
        AND OLD.id BETWEEN archive.first_event_id AND archive.last_event_id
        AND OLD.received_at BETWEEN archive.received_first AND archive.received_last)
    AND NOT EXISTS (SELECT 1 FROM inbox_webhookevent other WHERE other.beside_id = OLD.id)
    AND NOT EXISTS (
        SELECT 1 FROM inbox_deferreddecision decision WHERE decision.event_id = OLD.id)
"""
_ON_POSTGRES: Final = (
    "DROP TRIGGER inbox_webhookevent_no_update ON inbox_webhookevent",
    "CREATE TRIGGER inbox_webhookevent_no_update BEFORE UPDATE OF {others} "
    "ON inbox_webhookevent FOR EACH ROW EXECUTE FUNCTION rewards_refuse_change()",
    """
    CREATE OR REPLACE FUNCTION inbox_body_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF ({may_go}) IS NOT TRUE THEN
            RAISE EXCEPTION 'inbox_webhookevent is append-only: this body is still needed'
            USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER inbox_webhookevent_body_stays BEFORE UPDATE OF body, archived_in_id "
    "ON inbox_webhookevent FOR EACH ROW EXECUTE FUNCTION inbox_body_stays()",
)
_ON_SQLITE: Final = (
    "DROP TRIGGER inbox_webhookevent_no_update",
    "CREATE TRIGGER inbox_webhookevent_no_update BEFORE UPDATE OF {others} ON inbox_webhookevent "
    "BEGIN SELECT RAISE(ABORT, 'inbox_webhookevent is append-only'); END",
    "CREATE TRIGGER inbox_webhookevent_body_stays BEFORE UPDATE OF body, archived_in_id "
    "ON inbox_webhookevent WHEN ({may_go}) IS NOT TRUE BEGIN SELECT "
    "RAISE(ABORT, 'inbox_webhookevent is append-only: this body is still needed'); END",
)
