"""What a command says where it cannot even begin: one line, and a status that tells."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MANAGE = Path(__file__).resolve().parent.parent / "manage.py"


def run(*arguments: str, cwd: Path, **environment: str) -> tuple[int, str]:
    found = subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "READ_DOT_ENV": "off", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return found.returncode, found.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({}, "The settings are not right: SECRET_KEY is not set."),
        (
            {"SECRET_KEY": "x", "SYNC_PEAK_HOURS": "abc"},
            "The settings are not right: SYNC_PEAK_HOURS is two hours of the day",
        ),
        (
            {"SECRET_KEY": "x", "DATABASE_URL": "garbage"},
            "The settings are not right: DATABASE_URL is no address of a database",
        ),
    ],
    ids=["no key", "bad hours", "bad database"],
)
def test_settings_that_are_not_right_are_named(
    tmp_path: Path, environment: dict[str, str], line: str
) -> None:
    status, said = run("verify_ledger", cwd=tmp_path, **environment)

    assert (status, said[: len(line)]) == (1, line)


@pytest.mark.parametrize("command", ["verify_ledger", "replay_webhooks"])
def test_a_database_that_is_down_is_no_difference_in_the_books(
    tmp_path: Path, command: str
) -> None:
    url = "postgres://user:secret@127.0.0.1:1/none"

    status, said = run(command, cwd=tmp_path, SECRET_KEY="x", DATABASE_URL=url)

    assert status == 2
    assert said.startswith("The database cannot be used (")
    assert said.endswith("Is it up, and DATABASE_URL right?")
    assert "secret" not in said


def test_a_database_without_tables_says_what_to_run(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/empty.db"

    status, said = run("verify_ledger", cwd=tmp_path, SECRET_KEY="x", DATABASE_URL=url)

    assert (status, said.endswith("Run manage.py migrate.")) == (2, True)


def test_who_wants_the_traceback_gets_it(tmp_path: Path) -> None:
    status, said = run("verify_ledger", "--traceback", cwd=tmp_path)

    assert status == 1
    assert said.startswith("django.core.exceptions.ImproperlyConfigured: SECRET_KEY is not set.")
