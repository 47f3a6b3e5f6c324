"""Triggers that keep what a batch pays to whom, who did what, and what the provider said.

How a batch and its items stand changes; what they are does not. Free text, a provider's or of
staff, may be overwritten while a person is being forgotten, and at no other time.
"""

from __future__ import annotations

from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

BATCH: Final = "payouts_payoutbatch"
ITEM: Final = "payouts_payoutitem"
STEP: Final = "payouts_batchstep"
ANSWER: Final = "payouts_provideranswer"
_SAME_ID = "old.id = NEW.id"
_SAME_PUBLIC_ID = "old.public_id = NEW.public_id"
_TABLES: dict[str, tuple[tuple[str, ...], list[str]]] = {
    BATCH: (
        ("id", "public_id", "currency", "method", "provider", "made_by_id", "made_at"),
        [_SAME_PUBLIC_ID],
    ),
    ITEM: (
        (
            *("id", "public_id", "batch_id", "redemption_id", "amount_minor", "currency"),
            *("attempt", "added_at"),
        ),
        [_SAME_PUBLIC_ID],
    ),
    STEP: (("id", "batch_id", "verb", "actor_id", "digest", "facts", "at"), [_SAME_ID]),
    ANSWER: (("id", "batch_id", "item_id", "word", "outcome", "at"), [_SAME_ID]),
}
_ERASABLE = {STEP: ["reason"], ANSWER: ["why", "evidence"]}


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds one of the tables."""
    for table, (columns, keys) in _TABLES.items():
        guards.append_only(editor, table, columns=columns, keys=keys)
    for table, erasable in _ERASABLE.items():
        guards.erasable(editor, table, erasable)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    for table in _TABLES:
        guards.anything_goes(editor, table)
