"""What may be erased goes and comes with its migrations, and the guards with it."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from rewards_site.kernel.db import atomic
from tests.accounts_sync.inbox.deliveries import deliver, wire_event
from tests.conftest import CommittedDatabase
from tests.factories import MEMBER
from tests.members.erasing.person import traces
from tests.members.erasing.test_scanner import erase

TOLD = "UPDATE transactions_transactionrevision SET raw_row = 'x'"


def refused(sql: str) -> bool:
    try:
        with atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


@pytest.mark.slow
def test_there_and_back(committed_db: CommittedDatabase) -> None:
    deliver(wire_event())
    call_command("migrate", "members", "0002", verbosity=0)
    assert refused(TOLD)

    call_command("migrate", verbosity=0)

    assert refused(TOLD)
    erase(MEMBER)
    assert traces((MEMBER,)) == {}
