"""Triggers that keep decisions as they were written, on both databases. Old ones may be deleted."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLES = ("rate_decisions_shownpayload", "rate_decisions_ratedecision")


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Also to be called at the end of any migration in which SQLite rebuilds one of the tables.

    On PostgreSQL the function is there: guards of rooms below have made it (kernel/guards.py).
    """
    for table in TABLES:
        if editor.connection.vendor == "postgresql":
            for event, each in (("UPDATE", "ROW"), ("TRUNCATE", "STATEMENT")):
                editor.execute(
                    f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                    f"FOR EACH {each} EXECUTE FUNCTION rewards_refuse_change()",
                    params=None,
                )
            continue
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        editor.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}", params=None
        )
        editor.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608  # ours
            f"WHEN EXISTS (SELECT 1 FROM {table} old WHERE old.id = NEW.id) {refuse}",
            params=None,
        )


def remove(editor: BaseDatabaseSchemaEditor) -> None:
    """The reverse of install()."""
    for table in TABLES:
        on = f" ON {table}" if editor.connection.vendor == "postgresql" else ""
        for name in ("no_update", "no_truncate", "no_replace"):
            editor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}", params=None)
