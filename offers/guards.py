"""Triggers that keep what brands changed as it was recorded, on both databases."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

TABLE = "offers_merchantrevision"
KEYS = ("old.merchant_id = NEW.merchant_id AND old.number = NEW.number",)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table."""
    guards.append_only(editor, TABLE, keys=KEYS)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    guards.anything_goes(editor, TABLE)
