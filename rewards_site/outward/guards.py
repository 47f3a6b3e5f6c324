"""What never changes about subscriptions and deliveries, refused by both databases.

Deliveries and their attempts are deleted when they are old (pruning.py), so DELETE of them is free.
"""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from rewards_site.kernel import guards

_SUBSCRIPTION = "outward_subscription"
_FIXED = ("id", "public_id", "created_at", "begins_after", "created_by_id")
_KEPT_A_WHILE = {
    "outward_delivery": (
        *("id", "public_id", "subscription_id", "notice_id", "event_type", "sequence"),
        "created_at",
    ),
    "outward_deliveryattempt": (),
}
"""Table → the columns that stay as they were written; none named: all of them."""


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds one of the tables."""
    guards.append_only(editor, _SUBSCRIPTION, columns=_FIXED)
    for table, columns in _KEPT_A_WHILE.items():
        of = f" OF {', '.join(columns)}" if columns else ""
        if editor.connection.vendor == "postgresql":
            for event, each in ((f"UPDATE{of}", "ROW"), ("TRUNCATE", "STATEMENT")):
                verb = event.split()[0]
                editor.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {event} ON {table} "
                    f"FOR EACH {each} EXECUTE FUNCTION rewards_refuse_change()",
                    params=None,
                )
            continue
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        editor.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE{of} ON {table} {refuse}", params=None
        )
        editor.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608  # ours
            f"WHEN EXISTS (SELECT 1 FROM {table} old WHERE old.id = NEW.id) {refuse}",
            params=None,
        )


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    for table in (_SUBSCRIPTION, *_KEPT_A_WHILE):
        guards.anything_goes(editor, table)
