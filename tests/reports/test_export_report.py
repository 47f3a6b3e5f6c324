"""`manage.py export_report`."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from rewards_site.kernel.clock import wire_text
from rewards_site.reports.models import ReportResult, ReportRun
from rewards_site.reports.registry import Report
from tests.conftest import CommittedDatabase
from tests.factories import observe, tell
from tests.reports.reading import export
from transactions.ledger.horizon import settle

ROOT = Path(__file__).resolve().parents[2]


def refused(*arguments: str, **options: object) -> tuple[int, str]:
    """The exit status and the words of a refusal."""
    with pytest.raises(CommandError) as error:
        call_command("export_report", *arguments, stdout=StringIO(), stderr=StringIO(), **options)
    return error.value.returncode, str(error.value)


@pytest.mark.django_db
def test_a_file_is_whole_and_its_digest_is_told_and_kept(tmp_path: Path) -> None:
    tell(observe("tx-1"))
    file, said = tmp_path / "liability.csv", StringIO()

    call_command("export_report", "liability", out=str(file), stderr=said)

    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    run, result = ReportRun.objects.get(), ReportResult.objects.get()
    assert (result.run, result.status, result.sha256) == (run, "done", digest)
    assert (result.row_count, result.byte_count) == (1, file.stat().st_size)
    assert said.getvalue() == (
        f"liability as of {wire_text(run.as_of)}: 1 rows, {file.stat().st_size} bytes, "
        f"sha256 {digest} (export {run.pk}) → {file}\n"
    )
    assert list(tmp_path.iterdir()) == [file]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~mask


@pytest.mark.django_db
def test_who_and_what_was_asked_for_is_kept() -> None:
    as_of = settle()
    export(
        "journal",
        as_of=as_of,
        start="2026-11-01",
        to="2026-12-01",
        currency="usd",
        format="beancount",
        with_customer_ids=True,
    )

    run = ReportRun.objects.get()
    assert (run.report, run.format, run.as_of, run.currency) == (
        "journal",
        "beancount",
        as_of,
        "USD",
    )
    assert (run.period_from, run.period_to) == (
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 12, 1, tzinfo=UTC),
    )
    assert (run.with_customer_ids, run.door, run.actor) == (True, "command", None)
    assert run.system_user != ""


@pytest.mark.django_db
def test_the_same_instant_has_the_same_digest() -> None:
    tell(observe("tx-1"))
    as_of = settle()
    export("journal", as_of=as_of)
    tell(observe("tx-2"))
    export("journal", as_of=as_of)

    assert len(set(ReportResult.objects.values_list("sha256", flat=True))) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (["profit"], {}, "There are: "),
        (["liability"], {"as_of": "2999-01-01T00:00:00Z"}, "lies in the future"),
        (["liability"], {"to": "2026-11-20"}, "liability is of one instant"),
        (["liability"], {"format": "beancount"}, "has no Beancount form"),
        (["journal"], {"currency": "EURO"}, "is not an ISO 4217 currency"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_no_trace(
    arguments: list[str], options: dict[str, str], words: str
) -> None:
    status, said = refused(*arguments, **options)

    assert status == 2
    assert words in said
    assert not ReportRun.objects.exists()


@pytest.mark.django_db
def test_a_place_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    status, said = refused("liability", out=str(tmp_path / "nowhere" / "file.csv"))
    assert (status, "nowhere" in said) == (1, True)

    assert refused("liability", out=str(tmp_path)) == (2, f"{tmp_path} is a directory.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_an_export_that_fails_half_way_leaves_the_file_as_it_was(
    tmp_path: Path, half_a_report: Report
) -> None:
    file = tmp_path / "last.csv"
    file.write_text("the last one")

    with pytest.raises(ZeroDivisionError):
        call_command("export_report", half_a_report.name, out=str(file), stderr=StringIO())

    assert file.read_text() == "the last one"
    assert list(tmp_path.iterdir()) == [file]
    result = ReportResult.objects.get()
    assert (result.status, result.row_count) == ("failed", 3000)


@pytest.mark.django_db
def test_a_workbook_is_for_a_file(tmp_path: Path) -> None:
    tell(observe("tx-1"))
    assert refused("liability", format="xlsx") == (2, "xlsx is not for a terminal: say --out FILE.")

    file = tmp_path / "liability.xlsx"
    call_command("export_report", "liability", format="xlsx", out=str(file), stderr=StringIO())

    with zipfile.ZipFile(file) as archive:
        assert "xl/worksheets/sheet1.xml" in archive.namelist()


def manage(database: CommittedDatabase, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {
        "DATABASE_URL": database.url,
        "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "export_report", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_the_command_itself(committed_db: CommittedDatabase) -> None:
    tell(observe("tx-1"))

    done = manage(committed_db, "liability")
    assert done.returncode == 0
    assert done.stdout.startswith(b"member_id,currency,pending,available,redeeming\r\n")
    assert done.stderr.decode().count("\n") == 1
    assert hashlib.sha256(done.stdout).hexdigest() in done.stderr.decode()

    helped = manage(committed_db, "--help").stdout.decode()
    assert all(name in helped for name in ("liability", "transactions", "journal", "exit status"))

    soon = datetime.now(tz=UTC) + timedelta(hours=1)
    late = manage(committed_db, "liability", "--as-of", soon.isoformat())
    assert (late.returncode, late.stdout) == (2, b"")


def test_a_reader_that_goes_away_ends_it_quietly(committed_db: CommittedDatabase) -> None:
    tell(*(observe(f"tx-{number}") for number in range(400)))
    environment = os.environ | {
        "DATABASE_URL": committed_db.url,
        "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
    }
    with subprocess.Popen(
        [sys.executable, "manage.py", "export_report", "journal"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        said = running.stderr.read().decode()
        assert running.wait(60) == 1

    assert said.strip() == "CommandError: The reader went away."
    assert ReportResult.objects.get().status == "abandoned"
