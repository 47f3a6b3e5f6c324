"""Triggers that keep notices, and what their texts said, as they were written, on both databases.

One way out there is for a notice's facts: a masked destination and a sentence for the member stand
in them, so whoever erases a member empties them. There is no way back.
"""

from __future__ import annotations

from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

TABLE: Final = "notifications_notice"
TEXT_TABLE: Final = "notifications_noticetext"
KEYS = ("old.member_id = NEW.member_id AND old.number = NEW.number", "old.key = NEW.key")
TEXT_KEYS = ("old.kind = NEW.kind AND old.language = NEW.language AND old.number = NEW.number",)
KEPT = (
    "id",
    "public_id",
    "member_id",
    "number",
    "key",
    "kind",
    "at",
    "currency",
    "before_minor",
    "after_minor",
    "pending_change_minor",
    "available_change_minor",
    "activity_id",
    "transaction_id",
    "redemption_id",
    "claim_id",
)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds one of the tables."""
    guards.append_only(editor, TABLE, columns=KEPT, keys=KEYS)
    is_postgres = editor.connection.vendor == "postgresql"
    emptied = "NEW.facts = '{}'::jsonb" if is_postgres else "NEW.facts = '{}'"
    refuse = (
        "EXECUTE FUNCTION rewards_refuse_change()"
        if is_postgres
        else f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
    )
    editor.execute(
        f"CREATE TRIGGER {TABLE}_no_rewording BEFORE UPDATE OF facts ON {TABLE} "
        f"FOR EACH ROW WHEN (NOT ({emptied})) {refuse}",
        params=None,
    )
    guards.append_only(editor, TEXT_TABLE, keys=TEXT_KEYS)


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    on = f" ON {TABLE}" if editor.connection.vendor == "postgresql" else ""
    editor.execute(f"DROP TRIGGER IF EXISTS {TABLE}_no_rewording{on}", params=None)
    guards.anything_goes(editor, TABLE)
    guards.anything_goes(editor, TEXT_TABLE)
