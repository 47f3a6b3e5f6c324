"""A click stays as it was recorded, whoever asks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.db.models import ProtectedError

from offers.clicks.models import Click
from rewards_site.kernel.db import atomic
from tests.conftest import CommittedDatabase
from tests.factories import MEMBER, NOON
from tests.members.erasing.under_way import erasure_under_way
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
        "UPDATE clicks_click SET url = ''",
        "UPDATE clicks_click SET link = '', url = '', link_problem = 'refused'",
        "UPDATE clicks_click SET link = 'x', url = '', link_problem = 'erased'",
        "UPDATE clicks_click SET link = '', url = 'x', link_problem = 'erased'",
        "UPDATE clicks_click SET link = '', url = '', link_problem = 'erased', pub_ref = 'x'",
        "UPDATE clicks_click SET link = '', url = '', link_problem = 'erased'",
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


def test_what_holds_the_customer_id_can_be_emptied_and_nothing_comes_back(db: None) -> None:
    with_link = tapped(link=f"https://r.bttn.io?btn_pub_user={MEMBER}&btn_ref=org-1")
    without = tapped(link="", at=NOON + timedelta(minutes=1))
    before = {row["id"]: row for row in Click.objects.values()}

    with erasure_under_way():
        Click.objects.filter(pk=with_link.pk).update(link="", url="", link_problem="erased")
        Click.objects.filter(pk=without.pk).update(link="", url="")

    emptied = {"link": "", "url": ""}
    assert {row["id"]: row for row in Click.objects.values()} == {
        with_link.pk: before[with_link.pk] | emptied | {"link_problem": "erased"},
        without.pk: before[without.pk] | emptied,
    }
    for sql in ("link = 'https://r.bttn.io', link_problem = ''", "link_problem = 'no_page'"):
        with pytest.raises(IntegrityError, match="append-only"), erasure_under_way():
            execute(f"UPDATE clicks_click SET {sql} WHERE id = {with_link.pk}")


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


@pytest.mark.slow
def test_the_guards_go_and_come_with_their_migration(committed_db: CommittedDatabase) -> None:
    tapped()
    call_command("migrate", "clicks", "0001", verbosity=0)
    Click.objects.update(url="https://changed.example/")

    call_command("migrate", "clicks", verbosity=0)

    with pytest.raises(IntegrityError, match="append-only"):
        execute("UPDATE clicks_click SET url = ''")


@pytest.mark.slow
def test_the_way_out_goes_and_comes_with_its_migration(committed_db: CommittedDatabase) -> None:
    click = tapped()
    call_command("migrate", "clicks", "0002", verbosity=0)
    with pytest.raises(IntegrityError):
        execute("UPDATE clicks_click SET link = '', url = '', link_problem = 'erased'")

    call_command("migrate", "clicks", verbosity=0)

    with erasure_under_way():
        execute("UPDATE clicks_click SET link = '', url = '', link_problem = 'erased'")
    assert Click.objects.get(public_id=click.public_id).pub_ref == click.pub_ref
    with pytest.raises(IntegrityError, match="append-only"):
        execute("DELETE FROM clicks_click")
