"""Fixtures of the tests of transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from rewards_site.kernel.db import in_transaction, undo


@pytest.fixture
def corrupt() -> Iterator[Callable[[str], None]]:
    """Run SQL that the triggers would refuse, with the rights of the database's owner."""

    def run(sql: str) -> None:
        sql = sql.replace("{json}", "::jsonb" if connection.vendor == "postgresql" else "")
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(sql)
                cursor.execute("SET LOCAL session_replication_role = DEFAULT")
                return
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
            cursor.execute(sql)

    yield run
    if in_transaction():
        undo()  # and nobody looks at foreign keys, as at the end of other tests
