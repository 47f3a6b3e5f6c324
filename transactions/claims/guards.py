"""Triggers that keep what was told and found of a claim, and every step of it.

One way out there is for the member's own words: whoever forgets a person empties them, for good.
"""

from __future__ import annotations

from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

CLAIM: Final = "claims_claim"
STEP: Final = "claims_claimstep"
KEPT = (
    "id",
    "public_id",
    "member_id",
    "click_id",
    "merchant_id",
    "order_total_minor",
    "order_currency",
    "purchased_at",
    "filed_at",
    "opened_by_id",
    "verdict",
    "evidence",
    "ask_again_at",
    "estimate_minor",
    "estimate_currency",
)
STEP_KEPT = ("id", "claim_id", "number", "kind", "at", "actor_id", "answer")
STEP_ERASABLE = ("reason",)
"""What staff wrote; it may name a person in passing."""
PERSONAL = ("click_told", "order_reference", "note")
_OR_EMPTY = " AND ".join(f"(NEW.{name} = '' OR NEW.{name} = OLD.{name})" for name in PERSONAL)
_REWRITTEN = (
    f"CREATE TRIGGER {CLAIM}_no_rewording BEFORE UPDATE OF {', '.join(PERSONAL)} ON {CLAIM} "
    f"FOR EACH ROW WHEN (NOT ({_OR_EMPTY})) "
)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds a table of these."""
    guards.append_only(editor, CLAIM, columns=KEPT, keys=["old.public_id = NEW.public_id"])
    guards.append_only(
        editor,
        STEP,
        columns=STEP_KEPT,
        keys=["old.id = NEW.id", "old.claim_id = NEW.claim_id AND old.number = NEW.number"],
    )
    guards.erasable(editor, STEP, STEP_ERASABLE)
    is_postgres = editor.connection.vendor == "postgresql"
    refuse = (
        "EXECUTE FUNCTION rewards_refuse_change()"
        if is_postgres
        else f"BEGIN SELECT RAISE(ABORT, '{CLAIM} is append-only'); END"
    )
    editor.execute(_REWRITTEN + refuse, params=None)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    on = f" ON {CLAIM}" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER IF EXISTS {CLAIM}_no_rewording{on}", params=None)
    guards.anything_goes(editor, STEP)
    guards.anything_goes(editor, CLAIM)
