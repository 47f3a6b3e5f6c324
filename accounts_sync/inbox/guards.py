"""Triggers that keep each webhook event as it came, on both databases.

What Button sent and when it was received can't be changed, and no event can be deleted, whoever
asks; what became of it (status, reason, counts, times of tries, transaction) can.
"""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from transactions.ledger import guards

TABLE = "inbox_webhookevent"
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


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table."""
    guards.append_only(editor, TABLE, columns=RAW_COLUMNS)
    if editor.connection.vendor == "sqlite":
        # The name is among those that anything_goes() drops.
        editor.execute(_SQLITE_NO_REPLACE, params=None)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    guards.anything_goes(editor, TABLE)


# INSERT OR REPLACE deletes whatever row holds one of the new row's unique keys, and does so
# without firing the trigger on DELETE.
_SQLITE_NO_REPLACE = f"""
CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE}
WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM {TABLE} WHERE hook_id = NEW.hook_id)
  OR EXISTS (SELECT 1 FROM {TABLE}
             WHERE beside_id = NEW.beside_id AND body_digest = NEW.body_digest)
BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END
"""  # noqa: S608  # our own name
