"""No member gets an opening balance twice, by another name, another file or another id."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict
from rewards_site.members.models import Member
from rewards_site.members.queries import member_ids
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase
from tests.factories import NOON, balances
from tests.spending import differences
from transactions.merging.joining import merge_members
from transactions.moving import Actors
from transactions.opening.importing import Imported, Importer, import_sheet
from transactions.opening.models import OpeningImport
from transactions.opening.reading import read_sheet


def load(name: str, *lines: str, may_add: bool = False) -> Imported:
    text = "\n".join(["customer_id,currency,available", *lines, ""])
    return import_sheet(
        read_sheet(text.encode(), may_be_pending=False),
        name=name,
        file_name="f.csv",
        by=Importer(imported_by="x"),
        may_add=may_add,
        at=NOON,
    )


@pytest.mark.django_db
def test_the_same_file_under_another_name_is_not_booked_a_second_time() -> None:
    load("cutover", "ann,USD,1000")
    for may_add in (False, True):
        with pytest.raises(Conflict, match="imported as «cutover»"):
            load("cut-over", "ann,USD,1000", may_add=may_add)
    load("cutover", "ann,USD,1000")

    assert balances("ann") == {"available": 1000}


@pytest.mark.django_db
def test_the_database_itself_refuses_a_second_import_of_a_file() -> None:
    row = load("cutover", "ann,USD,1000").row

    with pytest.raises(IntegrityError, match=r"digest|append-only"), atomic():
        OpeningImport.objects.create(
            name="another",
            file_name="f.csv",
            digest=row.digest,
            imported_by="x",
            started_at=NOON,
            line_count=1,
        )


@pytest.mark.django_db
def test_another_file_with_lines_that_were_brought_before_is_refused_and_named() -> None:
    load("cut-over", "ann,USD,1000", "bob,USD,5", "cem,JPY,7")

    with pytest.raises(Conflict) as conflict:
        load("again", "dan,USD,1", "bob,USD,6", "cem,USD,9", "ann,USD,1000")

    assert str(conflict.value) == (
        "Nothing was imported. It would add to opening balances that members have in the same "
        "currency (line 3: USD by «cut-over»; line 5: USD by «cut-over»). If they are to have "
        "both, say --also."
    )
    assert not Member.objects.filter(customer_id="dan").exists()
    assert OpeningImport.objects.count() == 1


@pytest.mark.django_db
def test_of_many_such_lines_the_first_are_named() -> None:
    load("cut-over", *(f"u-{number},USD,1" for number in range(8)))

    with pytest.raises(Conflict, match=r"line 6: USD by «cut-over»; and 3 more\)"):
        load("again", *(f"u-{number},USD,2" for number in range(8)))


@pytest.mark.django_db
def test_another_currency_or_another_member_is_no_addition() -> None:
    load("cut-over", "ann,USD,1000", "bob,USD,5")

    load("rest", "ann,JPY,3", "cem,USD,9")

    assert (balances("ann"), balances("ann", "JPY")) == ({"available": 1000}, {"available": 3})
    assert balances("cem") == {"available": 9}


@pytest.mark.django_db
def test_a_member_who_was_merged_is_known_by_either_id() -> None:
    load("cut-over", "ann,USD,1000", "bob,JPY,5")
    ids = member_ids({"ann", "bob"})
    one, other = (User.objects.create(username=name) for name in ("one", "other"))
    actors = Actors(actor_id=one.pk, approver_id=other.pk, reason="one person")
    with atomic():
        merge_members(ids["ann"], ids["bob"], actors=actors, at=NOON)

    for name in ("ann", "bob"):
        with pytest.raises(Conflict, match="line 2: USD by «cut-over»"):
            load(f"again {name}", f"{name},USD,7")

    assert balances("bob") == {"available": 1000}


@pytest.mark.django_db
def test_the_command_adds_only_when_it_is_told_to(tmp_path: Path) -> None:
    load("cut-over", "ann,USD,1000")
    path = tmp_path / "more.csv"
    path.write_text("customer_id,currency,available\nann,USD,50\n")

    def run(*arguments: str) -> str:
        out = StringIO()
        call_command("import_opening_balances", str(path), "--name", "more", *arguments, stdout=out)
        return out.getvalue().splitlines()[-1]

    for arguments in ([], ["--dry-run"]):
        with pytest.raises(CommandError, match="If they are to have both, say --also"):
            run(*arguments)
    assert run("--dry-run", "--also").startswith("Nothing is wrong with it.")
    assert balances("ann") == {"available": 1000}

    assert run("--also") == "«more» imported: 1 of 1 lines booked now, all are booked."
    assert run() == "«more» was imported before, all 1 lines: nothing changed."
    assert run("--dry-run").startswith("Nothing is wrong with it.")

    assert balances("ann") == {"available": 1050}
    assert differences() == []


def test_of_files_that_are_imported_at_once_one_is_taken(committed_db: CommittedDatabase) -> None:
    def work(number: int) -> str:
        return load(f"file {number}", "ann,USD,1000", f"bob,JPY,{number + 1}").row.name

    results = at_once(4, work)

    taken = [result for result in results if isinstance(result, str)]
    assert len(taken) == 1, results
    assert sum(isinstance(result, Conflict) for result in results) == 3, results
    assert balances("ann") == {"available": 1000}


def test_one_command_that_runs_twice_at_once_books_once(committed_db: CommittedDatabase) -> None:
    results = at_once(4, lambda _: load("cut-over", "ann,USD,1000", "bob,JPY,5"))

    booked = [result.booked_count for result in results if isinstance(result, Imported)]
    assert (len(booked), sum(booked)) == (4, 2), results
    assert balances("ann") == {"available": 1000}
    assert differences() == []
