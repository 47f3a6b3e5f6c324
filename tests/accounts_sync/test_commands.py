from __future__ import annotations

import sqlite3
from io import StringIO
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from accounts_sync.lease import acquire
from accounts_sync.models import DeferredRow, Lease, RunStatus, SyncRun
from tests.accounts_sync.pulling import wait_until_committed
from tests.accounts_sync.world import Answer, World, refusal, wire_account, wire_row
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, balances, observe, tell


def run(*arguments: str, command: str = "sync_transactions") -> tuple[int, str, str]:
    """Exit status, standard output, and standard error with what the command ends on."""
    out, err = StringIO(), StringIO()
    try:
        call_command(command, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


def test_the_first_pull_asks_for_the_accounts_by_itself(
    committed_db: CommittedDatabase, world: World
) -> None:
    world.accounts = [wire_account(), wire_account("acc-gbp", currency="GBP")]
    world.has(wire_row("tx-1"), wire_row("tx-2"))

    status, out, err = run()

    assert (status, err) == (0, "")
    first, second = sorted(out.splitlines())
    assert f"{ACCOUNT}: done, 1 page, 2 rows: 2 applied, 0 already known, 0 deferred" in first
    assert "acc-gbp: done, 1 page, 0 rows" in second
    assert balances() == {"pending": 1000}


def test_deferred_rows_are_counted_and_do_not_change_the_exit_status(
    db: None, world: World
) -> None:
    world.has(wire_row("tx-1"), {"id": "tx-2"})

    status, out, _err = run()

    assert status == 0
    assert "2 rows: 1 applied, 0 already known, 1 deferred; read through 20" in out
    assert DeferredRow.objects.get().tx_id == "tx-2"


def test_one_account_that_fails_does_not_stop_the_others(
    committed_db: CommittedDatabase, world: World
) -> None:
    world.accounts = [wire_account("acc-0", currency="GBP"), wire_account()]
    world.has(wire_row("tx-1"))
    world.before_answer = lambda query: (
        refusal(403, "Not yours") if query["account"] == "acc-0" else None
    )

    status, out, err = run()

    assert status == 1
    assert "acc-0: failed, 0 pages, 0 rows" in err
    assert "Button refused with 403: Not yours" in err
    assert err.endswith("1 of 2 accounts did not come to the end.")
    assert f"{ACCOUNT}: done" in out
    assert balances() == {"pending": 500}


def test_a_live_run_that_does_not_end_is_exit_3_and_the_others_are_read(
    committed_db: CommittedDatabase, world: World
) -> None:
    world.accounts = [wire_account(), wire_account("acc-gbp", currency="GBP")]
    run(command="sync_accounts")
    acquire(ACCOUNT)

    status, out, err = run("--wait", "0")

    assert status == 3
    assert f"{ACCOUNT} is being read by process " in err
    assert err.endswith("1 of 2 accounts are being read by another run.")
    assert "acc-gbp: done" in out


def test_an_account_known_by_an_order_only_is_pulled_if_it_is_named(db: None, world: World) -> None:
    world.accounts = [wire_account(), wire_account("acc-unlisted")]
    tell(observe("tx-9", account_id="acc-unlisted"))
    world.accounts.pop()
    run(command="sync_accounts")
    world.accounts.append(wire_account("acc-unlisted"))

    run()
    assert [query["account"] for query in world.queries] == [ACCOUNT]
    run("--account", "acc-unlisted")
    assert [query["account"] for query in world.queries] == [ACCOUNT, "acc-unlisted"]


def test_an_unknown_account_is_looked_for_once_and_then_refused(db: None, world: World) -> None:
    status, _out, err = run("--account", "acc-nobody")

    assert (status, world.accounts_calls) == (1, 1)
    assert err == "No Button account acc-nobody is known, and Button lists none."
    assert world.queries == []


def test_times_are_sent_as_utc(db: None, world: World, settings: Settings) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("America/New_York")

    status, _out, _err = run("--since", "2026-01-31", "--until", "2026-02-01T08:00:00+01:00")

    assert status == 0
    assert world.queries[0]["start"] == "2026-01-31T05:00:00Z"
    assert world.queries[0]["end"] == "2026-02-01T07:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "2026-01-31T08:00:00"], "does not say in which time zone"),
        (["--since", "yesterday"], "neither a date (2026-11-20) nor a time"),
        (["--since", "0001-01-01T00:00:00+09:00"], "outside of the years 1 to 9999"),
        (["--since", "2026-02-02", "--until", "2026-02-02"], "--since does not lie before"),
        (["--since", "9999-01-01"], "lies in the future"),
        (["--since", "2026-02-02", "--full"], "not allowed with argument"),
    ],
)
def test_windows_that_cannot_be_are_refused(
    db: None, world: World, arguments: list[str], message: str
) -> None:
    status, _out, err = run(*arguments)

    assert status == 1
    assert message in err
    assert (world.queries, world.accounts_calls) == ([], 0)


@pytest.mark.parametrize("command", ["sync_transactions", "sync_accounts"])
def test_without_a_key_it_says_what_to_do(db: None, settings: Settings, command: str) -> None:
    settings.BUTTON_API_KEY = ""

    status, out, err = run(command=command)

    assert (status, out) == (1, "")
    assert err == (
        "BUTTON_API_KEY is not set. Set it in the environment or in .env: "
        "it stands in Button's Dashboard under Settings."
    )


def test_accounts_in_one_line(db: None, world: World) -> None:
    assert run(command="sync_accounts") == (0, f"1 account listed, new: {ACCOUNT}\n", "")
    assert run(command="sync_accounts") == (0, "1 account listed\n", "")


def test_accounts_that_cannot_be_taken_over_are_exit_1(db: None, world: World) -> None:
    world.accounts.append(wire_account("acc-pts", currency="PTS"))

    status, out, err = run(command="sync_accounts")

    assert status == 1
    assert out == f"2 accounts listed, new: {ACCOUNT}\n"
    assert "acc-pts is listed with PTS" in err
    assert err.endswith("1 problem, see above.")


def test_a_stop_in_the_middle_is_exit_130_and_is_gone_on_with(db: None, world: World) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))

    def interrupt(query: dict[str, str]) -> Answer | None:
        if "cursor" in query and len(world.queries) == 2:
            raise KeyboardInterrupt
        return None

    world.before_answer = interrupt

    status, _out, err = run()
    assert (status, err) == (130, "Stopped; the next run goes on where this one was.")

    assert run()[0] == 0
    assert balances() == {"pending": 1000}


class Outage:
    """The database ends our connection (PostgreSQL), or cannot be written to (SQLite)."""

    def __init__(self, database: CommittedDatabase) -> None:
        self._database = database
        self._blocker: sqlite3.Connection | None = None
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA busy_timeout=0")
            else:
                cursor.execute("SELECT pg_backend_pid()")
                self._process_id = cursor.fetchone()[0]

    def begin(self) -> None:
        """In the thread that fetches pages, once the first one is committed."""
        wait_until_committed(pages=1)
        if connection.vendor == "sqlite":
            self._blocker = sqlite3.connect(
                self._database.name, isolation_level=None, check_same_thread=False, timeout=30
            )
            self._blocker.execute("BEGIN IMMEDIATE")
            return
        with psycopg.connect(
            host=connection.settings_dict["HOST"], user="postgres", dbname="postgres"
        ) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [self._process_id])

    def end(self) -> None:
        if self._blocker:
            self._blocker.close()


def test_a_database_that_goes_away_leaves_nothing_half_booked(
    committed_db: CommittedDatabase, world: World
) -> None:
    world.page_rows_max = 1
    world.has(wire_row("tx-1"), wire_row("tx-2"))
    outage = Outage(committed_db)
    world.before_answer = lambda query: outage.begin() if "cursor" in query else None

    status, _out, err = run()
    outage.end()

    assert status == 1
    assert err.startswith("The database did not answer (OperationalError)")
    assert balances() == {"pending": 500}
    assert SyncRun.objects.latest("pk").page_count == 1

    world.before_answer = lambda _query: None
    Lease.objects.update(expires_at=None, token=None)  # as after 25 seconds
    assert run()[0] == 0
    assert balances() == {"pending": 1000}
    assert SyncRun.objects.latest("pk").status == RunStatus.DONE
