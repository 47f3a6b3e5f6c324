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
ADJUSTMENT: Final = "adjustments_adjustment"
KEPT: Final = (
    *("id", "public_id", "kind", "member_id", "currency", "amount_minor", "claim_id"),
    *("proposal_id", "proposed_by_id", "approved_by_id", "approved_at", "budget_month"),
    *("budget_minor", "entry_group_id"),
)
ERASABLE: Final = ("reason",)
"""What staff wrote; it may name a person in passing."""


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds a table of these."""
    for table, keys in _KEYS.items():
        if table == ADJUSTMENT:
            keys = ["old.id = NEW.id", *keys]  # noqa: PLW2901
            guards.append_only(editor, table, columns=KEPT, keys=keys)
            guards.erasable(editor, table, ERASABLE)
        else:
            guards.append_only(editor, table, keys=keys)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    for table in _KEYS:
        guards.anything_goes(editor, table)
