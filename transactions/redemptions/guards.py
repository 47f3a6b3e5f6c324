"""Triggers that keep what was asked, and by which steps it went, as they were written.

What tells of a person stands in columns of its own: while the person is being forgotten, and at no
other time, a destination, a key and its answer can be overwritten by the erased value and by
nothing else, and staff's free text can be. A redemption's state changes; its steps, which say why,
do not.
"""

from __future__ import annotations

from typing import Final

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

REDEMPTION: Final = "redemptions_redemption"
KEY: Final = "redemptions_redemptionkey"
STEP: Final = "redemptions_redemptionstep"
LIMITS: Final = "redemptions_redemptionlimits"
REVEAL: Final = "redemptions_destinationreveal"
_SAME_ID = "old.id = NEW.id"
_ASKED = (
    "id",
    "public_id",
    "member_id",
    "currency",
    "amount_minor",
    "method",
    "requested_at",
    "held_until",
    "via",
)
_ERASED_DESTINATION = (
    "NEW.destination_sealed = '' AND NEW.destination_masked = 'erased' "
    "AND NEW.destination_digest = ''"
)
_ANSWERED_OR_ERASED = (
    "(OLD.answer_status = 0 AND NEW.body_digest = OLD.body_digest AND NEW.key = OLD.key) "
    "OR (NEW.answer = '' AND NEW.body_digest = '' AND NEW.answer_status = OLD.answer_status "
    "AND NEW.key = '§erased-' || NEW.id)"
)
_TABLES = {
    REDEMPTION: (_ASKED, ["old.public_id = NEW.public_id"]),
    KEY: (
        ("id", "member_id", "created_at"),
        [_SAME_ID, "old.member_id = NEW.member_id AND old.key = NEW.key"],
    ),
    STEP: (
        (
            *("id", "redemption_id", "number", "status", "actor_id", "approver_id", "at"),
            "entry_group_id",
        ),
        [
            _SAME_ID,
            "old.redemption_id = NEW.redemption_id AND old.number = NEW.number",
            "old.redemption_id = NEW.redemption_id AND old.status = NEW.status",
            "old.entry_group_id = NEW.entry_group_id",
        ],
    ),
    LIMITS: ((), ["old.currency = NEW.currency AND old.number = NEW.number"]),
    REVEAL: (("id", "redemption_id", "actor_id", "at"), [_SAME_ID]),
}
_ERASABLE = {
    REDEMPTION: ["destination_sealed", "destination_masked", "destination_digest"],
    KEY: ["key", "body_digest"],
    STEP: ["reason", "told", "reference"],
    REVEAL: ["reason"],
}
_ONE_WAY = {
    REDEMPTION: (
        "destination_sealed, destination_masked, destination_digest",
        _ERASED_DESTINATION,
    ),
    KEY: ("key, answer, answer_status, body_digest", _ANSWERED_OR_ERASED),
}


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds one of the tables."""
    for table, (columns, keys) in _TABLES.items():
        guards.append_only(editor, table, columns=columns, keys=keys)
    for table, erasable in _ERASABLE.items():
        guards.erasable(editor, table, erasable)
    is_postgres = editor.connection.vendor == "postgresql"
    for table, (columns_text, allowed) in _ONE_WAY.items():
        refuse = (
            "EXECUTE FUNCTION rewards_refuse_change()"
            if is_postgres
            else f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        editor.execute(
            f"CREATE TRIGGER {table}_one_way BEFORE UPDATE OF {columns_text} ON {table} "
            f"FOR EACH ROW WHEN (NOT ({allowed})) {refuse}",
            params=None,
        )


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    for table in _ONE_WAY:
        on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        editor.execute(f"DROP TRIGGER IF EXISTS {table}_one_way{on}", params=None)
    for table in _TABLES:
        guards.anything_goes(editor, table)
