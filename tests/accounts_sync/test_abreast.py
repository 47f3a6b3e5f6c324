"""Several accounts side by side, by the command: at once, said in whole lines, stopped as one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from accounts_sync.abreast import each_abreast
from accounts_sync.models import Lease, RunStatus, SyncRun
from tests.accounts_sync.world import World, served, wire_account, wire_row
from tests.conftest import CommittedDatabase
from tests.factories import MEMBER, balances

ROOT = Path(__file__).resolve().parents[2]
CURRENCIES = ["EUR", "GBP", "JPY", "KWD", "USD"]


@pytest.fixture
def five(world: World) -> World:
    """Five accounts, one order each."""
    world.accounts = [wire_account(f"acc-{code}", currency=code) for code in CURRENCIES]
    for code in CURRENCIES:
        account_id = f"acc-{code}"
        row = wire_row(f"tx-{code}", account_id=account_id, currency=code)
        world.has(row, account_id=account_id)
    return world


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("sync_transactions", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


def test_accounts_are_read_at_the_same_time(committed_db: CommittedDatabase, five: World) -> None:
    """Button answers none of the first four before it was asked for all of them."""
    all_four = threading.Barrier(4, timeout=60)

    def wait_for_the_others(query: dict[str, str]) -> None:
        if query["account"] != "acc-USD":  # the fifth: it comes when one of four has ended
            all_four.wait()

    five.before_answer = wait_for_the_others

    status, out, err = run()

    assert (status, err) == (0, "")
    assert [line.split(":")[0] for line in sorted(out.splitlines())] == [
        f"acc-{code}" for code in CURRENCIES
    ]
    assert {code: balances(MEMBER, code) for code in CURRENCIES} == {
        code: {"pending": 500} for code in CURRENCIES
    }
    assert not Lease.objects.filter(token__isnull=False).exists()


def test_one_at_a_time_if_asked_for(committed_db: CommittedDatabase, five: World) -> None:
    assert run("--jobs", "1")[0] == 0
    assert [query["account"] for query in five.queries] == [f"acc-{code}" for code in CURRENCIES]


def test_one_that_fails_and_one_that_is_held_cost_the_others_nothing(
    committed_db: CommittedDatabase, five: World
) -> None:
    five.before_answer = lambda query: (403, {}, "") if query["account"] == "acc-EUR" else None

    status, out, err = run()

    assert status == 1
    assert "acc-EUR: failed, 0 pages" in err
    assert err.endswith("1 of 5 accounts did not come to the end.")
    assert len(out.splitlines()) == 4


def test_a_re_read_of_all_by_the_command(committed_db: CommittedDatabase, five: World) -> None:
    run()
    five.has(wire_row("tx-lost", account_id="acc-USD", minutes=-9000), account_id="acc-USD")

    status, out, _err = run("--reread")

    assert status == 0
    [line] = [line for line in out.splitlines() if line.startswith("acc-USD")]
    assert "2 rows: 1 applied, 1 already known, 0 deferred, 1 late; read through 20" in line
    assert {query["time_field"] for query in five.queries[-5:]} == {"created_date"}
    assert run("--reread", "--until", "2026-02-02")[2] == (
        "--reread is by when an order was created: it takes no --until."
    )


def test_the_first_error_stops_the_others_and_is_raised() -> None:
    stop = threading.Event()
    begun = threading.Barrier(2, timeout=30)

    def work(name: str) -> str:
        begun.wait()
        if name == "bad":
            raise OperationalError("the database is gone")
        assert stop.wait(timeout=30)
        return name

    with pytest.raises(OperationalError, match="the database is gone"):
        each_abreast(["bad", "good", "never"], work, jobs=2, stop=stop)


def test_ctrl_c_pauses_every_account_and_the_next_run_goes_on(
    committed_db: CommittedDatabase,
) -> None:
    world = World(page_rows_max=1)
    world.accounts = [wire_account(f"acc-{code}", currency=code) for code in CURRENCIES[:3]]
    for code in CURRENCIES[:3]:
        rows = [
            wire_row(f"tx-{code}-{number}", account_id=f"acc-{code}", currency=code)
            for number in range(3)
        ]
        world.has(*rows, account_id=f"acc-{code}")
    are_held = [threading.Event() for _ in range(3)]
    curtain = threading.Event()

    def hold_second_pages(query: dict[str, str]) -> None:
        if "cursor" in query and not curtain.is_set():
            next(event for event in are_held if not event.is_set()).set()
            curtain.wait(timeout=60)

    world.before_answer = hold_second_pages
    with served(world) as url:
        environment = os.environ | {
            "DATABASE_URL": committed_db.url,
            "BUTTON_API_URL": url,
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "sync_transactions"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever started the tests in the background had SIGINT ignored, and we inherit that
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
        )
        assert all(event.wait(timeout=60) for event in are_held)
        process.send_signal(signal.SIGINT)
        _out, err = process.communicate(timeout=60)
        curtain.set()
        assert process.returncode == 130, err
        assert "Stopped; the next run goes on where this one was." in err
        runs = SyncRun.objects.filter(kind="transactions")
        assert set(runs.values_list("status", "page_count")) == {(RunStatus.PAUSED, 1)}
        assert not Lease.objects.filter(token__isnull=False).exists()

        again = subprocess.run(
            [sys.executable, "manage.py", "sync_transactions"],
            cwd=ROOT,
            env=environment,
            check=False,
            capture_output=True,
            timeout=120,
        )

    assert again.returncode == 0
    assert [balances(MEMBER, code)["pending"] for code in CURRENCIES[:3]] == [1500] * 3
