"""An import that dies anywhere: the same command again ends as if it had run once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from rewards_site.members.models import Member
from tests.conftest import CommittedDatabase
from tests.factories import balances, house
from tests.spending import differences
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import EntryGroup
from transactions.opening import importing
from transactions.opening.models import OpeningImport, OpeningLine

LINES = 4000


class KilledError(BaseException):
    """The process ends here."""


def dies_at(number: int) -> Callable[..., Any]:
    """An execute wrapper under which statement `number` is never sent."""
    count = 0

    def wrapper(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            raise KilledError
        return execute(*arguments)

    return wrapper


def run(path: Path) -> str:
    out = StringIO()
    call_command("import_opening_balances", str(path), "--name", "cut-over", stdout=out)
    return out.getvalue().splitlines()[-1]


@pytest.mark.django_db
def test_killed_at_every_statement_it_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commits of two lines, so that it dies in the first, between them and in the last."""
    monkeypatch.setattr(importing, "_CHUNK", 2)
    path = tmp_path / "balances.csv"
    path.write_text(
        "customer_id,currency,available\n" + "".join(f"u-{n},USD,{n}\n" for n in range(1, 6))
    )
    deaths = 0
    for number in range(1, 200):
        try:
            with connection.execute_wrapper(dies_at(number)):
                said = run(path)
        except KilledError:
            deaths += 1
            assert len(differences()) == 0
        else:
            break

    assert deaths >= 15
    assert said.endswith(("all are booked.", "nothing changed."))
    assert [balances(f"u-{n}")["available"] for n in range(1, 6)] == [1, 2, 3, 4, 5]
    assert (OpeningImport.objects.count(), EntryGroup.objects.count()) == (1, 5)
    assert differences() == []


@pytest.mark.slow
def test_a_process_killed_outright_is_gone_on_after(
    committed_db: CommittedDatabase, tmp_path: Path
) -> None:
    path = tmp_path / "balances.csv"
    text = "".join(f"u-{number},USD,{number}\n" for number in range(1, LINES + 1))
    path.write_text(f"customer_id,currency,available\n{text}")
    environment = {
        "DATABASE_URL": committed_db.url,
        "SECRET_KEY": "only-for-tests-0123456789-0123456789",
        "LOG_LEVEL": "ERROR",
    }
    command = ["manage.py", "import_opening_balances", str(path), "--name", "cut-over"]
    process = subprocess.Popen(
        [sys.executable, *command], env=environment, stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not EntryGroup.objects.exists():
        pass
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    booked = EntryGroup.objects.count()
    assert 0 < booked < LINES
    assert OpeningLine.objects.filter(entry_group=None).count() == LINES - booked

    said = run(path)

    assert said == (
        f"«cut-over» gone on with: {LINES - booked} of {LINES} lines booked now, all are booked."
    )
    assert run(path) == f"«cut-over» was imported before, all {LINES} lines: nothing changed."
    assert EntryGroup.objects.count() == Member.objects.count() == LINES
    assert house(AccountKind.OPENING_BALANCES) == LINES * (LINES + 1) // 2
    assert balances("u-17") == {"available": 17}
    assert differences() == []
