"""Triggers that keep what brands changed, and what ops decided of them, as it was recorded."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

TABLE = "offers_merchantrevision"
OVERLAY_TABLE = "offers_overlaychange"
KEYS = ("old.merchant_id = NEW.merchant_id AND old.number = NEW.number",)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table."""
    guards.append_only(editor, TABLE, keys=KEYS)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    guards.anything_goes(editor, TABLE)


def install_overlay(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table."""
    guards.append_only(editor, OVERLAY_TABLE, keys=KEYS)


def remove_overlay(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install_overlay()."""
    guards.anything_goes(editor, OVERLAY_TABLE)
