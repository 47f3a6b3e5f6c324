"""Which words of a revision may be overwritten when a person is forgotten; nothing else ever is."""

from __future__ import annotations

from typing import Any, Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.button.redaction import NAMES
from rewards_site.kernel import guards

REVISION: Final = "transactions_transactionrevision"
ERASABLE: Final = ("observation", "raw_row", "reason")
KEYS: Final = (
    "old.transaction_id = NEW.transaction_id AND old.number = NEW.number",
    "old.entry_group_id = NEW.entry_group_id",
)


def install_erasable(editor: BaseDatabaseSchemaEditor, model: Any) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds the table.

    `model` is the revision as the migration has it.
    """
    guards.anything_goes(editor, REVISION)
    columns = [field.column for field in model._meta.concrete_fields]
    guards.append_only(
        editor,
        REVISION,
        columns=[column for column in columns if column not in ERASABLE],
        keys=("old.id = NEW.id", *KEYS),
    )
    guards.erasable(editor, REVISION, ERASABLE)
    guards.only_keys(editor, REVISION, "observation", NAMES)


def install_as_before(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install_erasable()."""
    guards.anything_goes(editor, REVISION)
    guards.append_only(editor, REVISION, keys=KEYS)
