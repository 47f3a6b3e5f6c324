"""A click stays as it was recorded, whoever asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.models import ProtectedError

from offers.clicks.models import Click
from rewards_site.kernel.db import atomic
from tests.conftest import CommittedDatabase
from tests.offers.clicks.tapping import tapped


def execute(sql: str, *parameters: Any) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def test_a_click_is_not_changed_and_not_deleted(db: None) -> None:
    click = tapped()
    before = Click.objects.values().get()
    columns = ", ".join(
        str(field.column) for field in Click._meta.concrete_fields if not field.primary_key
    )

    for sql in (
        "UPDATE clicks_click SET terms = '{}'",
        "UPDATE clicks_click SET link = ''",
        "DELETE FROM clicks_click",
    ):
        with pytest.raises(IntegrityError, match="append-only"):
            execute(sql)
    if connection.vendor == "sqlite":
        with pytest.raises(IntegrityError, match="append-only"):
            execute(
                f"INSERT OR REPLACE INTO clicks_click (id, {columns}) "
                f"SELECT NULL, {columns} FROM clicks_click"
            )
    with pytest.raises(ProtectedError):
        click.member.delete()

    assert Click.objects.values().get() == before


def test_a_reference_names_one_click(db: None) -> None:
    click = tapped()
    again = Click(
        **{name: getattr(click, name) for name in Click.objects.values()[0] if name != "id"}
    )

    with pytest.raises(IntegrityError), atomic():
        again.save(force_insert=True)


def test_a_click_has_a_link_or_says_why_not(db: None) -> None:
    for wrong in ({"link": "", "link_problem": ""}, {"link": "x", "link_problem": "refused"}):
        click = tapped()
        values = {
            name: getattr(click, name)
            for name in Click.objects.values()[0]
            if name not in {"id", "public_id"}
        }
        with pytest.raises(IntegrityError, match="click_link_or_why_not"), atomic():
            Click.objects.create(**values | {"pub_ref": "another"} | wrong)


@pytest.mark.postgres
def test_clicks_are_not_truncated(committed_db: CommittedDatabase) -> None:
    tapped()

    with pytest.raises(IntegrityError, match="append-only"):
        execute("TRUNCATE clicks_click CASCADE")


def test_the_guards_go_and_come_with_their_migration(committed_db: CommittedDatabase) -> None:
    tapped()
    call_command("migrate", "clicks", "0001", verbosity=0)
    Click.objects.update(url="https://changed.example/")

    call_command("migrate", "clicks", verbosity=0)

    with pytest.raises(IntegrityError, match="append-only"):
        execute("UPDATE clicks_click SET url = ''")
