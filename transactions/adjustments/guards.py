"""Triggers that keep adjustments and the history of budgets as they were written."""

from __future__ import annotations

from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

_KEYS: Final[dict[str, list[str]]] = {
    "adjustments_adjustment": [
        "old.public_id = NEW.public_id",
        "old.proposal_id = NEW.proposal_id",
        "old.entry_group_id = NEW.entry_group_id",
    ],
    "adjustments_budgetchange": ["old.budget_id = NEW.budget_id AND old.number = NEW.number"],
}


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds a table of these."""
    for table, keys in _KEYS.items():
        guards.append_only(editor, table, keys=keys)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    for table in _KEYS:
        guards.anything_goes(editor, table)
