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
KEYS = (
    "old.hook_id = NEW.hook_id",
    "old.beside_id = NEW.beside_id AND old.body_digest = NEW.body_digest",
)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table."""
    guards.append_only(editor, TABLE, columns=RAW_COLUMNS, keys=KEYS)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    guards.anything_goes(editor, TABLE)
