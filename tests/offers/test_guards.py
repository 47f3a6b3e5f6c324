"""What a brand changed stays as it was recorded, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.models import ProtectedError

from offers.models import Merchant, MerchantRevision
from rewards_site.kernel.db import atomic
from tests.conftest import CommittedDatabase
from tests.offers.brands import listed, read_catalog, wire_brand


def execute(sql: str, *parameters: Any) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def describe_one(button: responses.RequestsMock) -> None:
    listed(button, wire_brand())
    read_catalog()


def test_a_revision_is_not_changed_and_not_deleted(
    db: None, button: responses.RequestsMock
) -> None:
    describe_one(button)
    before = MerchantRevision.objects.values().get()

    for sql in (
        "UPDATE offers_merchantrevision SET kind = 'relisted'",
        "DELETE FROM offers_merchantrevision",
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(sql)
    if connection.vendor == "sqlite":
        with pytest.raises(IntegrityError, match="append-only"):
            execute(
                "INSERT OR REPLACE INTO offers_merchantrevision (id, merchant_id, number, kind, "
                "run_id, changes, row, read_at, recorded_at) SELECT NULL, merchant_id, number, "
                "kind, run_id, '[]', row, read_at, recorded_at FROM offers_merchantrevision"
            )

    assert MerchantRevision.objects.values().get() == before


def test_a_merchant_with_a_history_is_not_deleted(db: None, button: responses.RequestsMock) -> None:
    describe_one(button)

    with pytest.raises(ProtectedError):
        Merchant.objects.get().delete()


@pytest.mark.postgres
def test_revisions_are_not_truncated(
    committed_db: CommittedDatabase, button: responses.RequestsMock
) -> None:
    describe_one(button)

    with pytest.raises(IntegrityError, match="append-only"):
        execute("TRUNCATE offers_merchantrevision")


@pytest.mark.slow
def test_the_guards_go_and_come_with_their_migration(
    committed_db: CommittedDatabase, button: responses.RequestsMock
) -> None:
    describe_one(button)
    call_command("migrate", "offers", "0002", verbosity=0)
    MerchantRevision.objects.update(row="changed")

    call_command("migrate", "offers", verbosity=0)

    with pytest.raises(IntegrityError, match="append-only"):
        execute("UPDATE offers_merchantrevision SET row = ''")
