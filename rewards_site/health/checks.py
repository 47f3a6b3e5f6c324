"""The checks that decide whether we can serve: database and migrations."""

from __future__ import annotations

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def applied_migrations() -> set[tuple[str, str]]:
    """What the database says is applied. Raises: DatabaseError, InterfaceError."""
    return set(MigrationRecorder(connection).applied_migrations())


def database_words(error: Exception) -> str:
    """Why the database cannot serve, without its names and addresses."""
    return f"the database does not answer ({type(error).__name__})"


def migrations_are_wrong(applied: set[tuple[str, str]]) -> str:
    """Which migrations this code has that the database has not; "" where none."""
    missing = [
        f"{app}.{name}"
        for (app, name), replaced in sorted(_known_migrations().items())
        if (app, name) not in applied and not (replaced and applied >= set(replaced))
    ]
    if not missing:
        return ""
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return f"not migrated: {', '.join(missing[:3])}{more}; run manage.py migrate"


@cache
def _known_migrations() -> dict[tuple[str, str], tuple[tuple[str, str], ...]]:
    """Every migration of this code, with those it replaces; read from disk once."""
    loader = MigrationLoader(None)
    return {key: tuple(migration.replaces) for key, migration in loader.disk_migrations.items()}
