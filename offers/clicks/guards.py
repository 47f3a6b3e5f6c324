"""Triggers that keep clicks as they were written, on both databases."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

TABLE = "clicks_click"
KEYS = ("old.public_id = NEW.public_id", "old.pub_ref = NEW.pub_ref")


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table."""
    guards.append_only(editor, TABLE, keys=KEYS)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    guards.anything_goes(editor, TABLE)
