"""The page of an account's coverage: what was read, where a gap is, and what to do about it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from accounts_sync import tasks
from accounts_sync.models import Job, RunKind, RunStatus, SideReading, SyncRun, Watermark
from rewards_site.kernel import clock
from tests.accounts_sync.pulling import ONE, pull
from tests.accounts_sync.world import World, wire_row
from tests.admin_world import make_staff, said
from tests.factories import ACCOUNT, NOON, balances

pytestmark = pytest.mark.usefixtures("db")
LIST = "/admin/accounts_sync/watermark/"
PAGE = f"{LIST}{ACCOUNT}/change/"
HOUR = timedelta(hours=1)


def queued() -> list[tuple[str, tuple[object, ...], dict[str, object]]]:
    found = [row.task for row in OrmQ.objects.order_by("pk")]
    return [(row["func"].rpartition(".")[2], row["args"], row["kwargs"]) for row in found]


def panel(client: Client, title: str) -> list[list[str]]:
    [found] = [one for one in client.get(PAGE).context["panels"] if one.title == title]
    return [[str(cell) for cell in row] for row in found.rows]


def leave_a_gap(world: World) -> None:
    """Noon to one was never read, and yet the watermark stands at two."""
    pull(until=NOON, full=True)
    pull(since=ONE, until=ONE + HOUR, at=ONE + HOUR)
    Watermark.objects.update(through=ONE + HOUR)
    world.has(wire_row("tx-1", minutes=30))


def test_without_a_gap_it_says_so(admin_client: Client, world: World, account: str) -> None:
    pull()
    pull(at=ONE + HOUR)

    page = admin_client.get(PAGE).content.decode()

    assert '<span class="label label-good">no gap</span>' in page
    assert "No gap: the good runs together read everything from the beginning" in page
    assert panel(admin_client, "What was read, by when a transaction was last modified") == [
        ["the beginning", "2026-11-20 14:00:00 UTC"]
    ]
    assert len(panel(admin_client, "Latest runs")) == 2
    assert "style=" not in page
    assert "do/read-gaps/" not in page


def test_a_gap_stands_out_and_is_read_by_a_click(
    admin_client: Client, world: World, account: str
) -> None:
    leave_a_gap(world)

    page = admin_client.get(PAGE).content.decode()
    assert '<span class="label label-bad">1 gap</span>' in page
    assert panel(admin_client, "Gaps") == [
        [
            '<span class="label label-bad">gap</span>',
            "2026-11-20 12:00:00 UTC",
            "2026-11-20 13:00:00 UTC",
            "«Read the gaps», above: the worker reads it. It does so by itself, too.",
        ]
    ]
    assert f"{LIST}do/read-gaps/?id={ACCOUNT}" in page

    answer = admin_client.post(f"{LIST}do/read-gaps/", {"id": ACCOUNT})

    assert said(answer)[0][0] == "success"
    assert queued() == [("read_beside", (ACCOUNT, "gap"), {})]
    assert tasks.read_beside(ACCOUNT, "gap") == "done"
    assert balances() == {"pending": 500}
    assert panel(admin_client, "Gaps") == []
    assert LogEntry.objects.get().change_message.startswith("Read the gaps: queued")


def test_reading_on_and_re_reading_are_queued(
    admin_client: Client, world: World, account: str
) -> None:
    with time_machine.travel(ONE):
        pull()
        for verb in ("read-now", "re-read"):
            admin_client.post(f"{LIST}do/{verb}/", {"id": ACCOUNT})

        assert queued() == [
            ("pull_account", (ACCOUNT,), {"is_asked_for": True}),
            ("read_beside", (ACCOUNT, "re-read"), {}),
        ]
        assert tasks.pull_account(ACCOUNT) == "not due"
        assert tasks.pull_account(ACCOUNT, is_asked_for=True) == "done"
        assert tasks.read_beside(ACCOUNT, "re-read") == "done"
    assert SideReading.objects.get(job=Job.REREAD).wanted_at is None


def test_what_differs_from_the_runs_is_shown_and_taken_over_with_a_reason(
    admin_client: Client, world: World, account: str
) -> None:
    pull()
    Watermark.objects.update(covered=[[None, "2026-11-20T15:00:00Z"]])

    answer = admin_client.post(f"{LIST}do/check/", {"id": ACCOUNT})
    assert said(answer)[0][0] == "warning"
    assert "the good runs come to the beginning to 2026-11-20T13:00:00Z" in said(answer)[0][1]
    assert "do/rebuild/" in admin_client.get(PAGE).content.decode()

    admin_client.post(f"{LIST}do/rebuild/", {"id": ACCOUNT, "reason": "restored a backup"})
    assert Watermark.objects.get().covered == [[None, "2026-11-20T13:00:00Z"]]
    answer = admin_client.post(f"{LIST}do/check/", {"id": ACCOUNT})
    assert said(answer)[-1] == (
        "success",
        f"{ACCOUNT}: the union of all good runs is what stands here.",
    )


def test_the_bar_shows_a_day_that_was_left_out(
    admin_client: Client, admin_user: User, world: World, account: str
) -> None:
    pull()
    Watermark.objects.update(
        through=datetime.fromisoformat("2026-11-20T13:00:00Z"),
        covered=[
            [None, "2026-11-17T05:00:00Z"],
            ["2026-11-17T06:00:00Z", "2026-11-20T13:00:00Z"],
        ],
    )

    with time_machine.travel(ONE + timedelta(days=2)):
        admin_client.force_login(admin_user)
        page = admin_client.get(PAGE).content.decode()

    assert '<span class="gap" title="2026-11-17: something was left out"></span>' in page
    assert '<span class="read" title="2026-11-18: read"></span>' in page
    assert page.count('<span class="unread"') == 2
    assert 'aria-label="57 days read, 1 with a gap, 2 to come"' in page


def test_the_runs_that_found_more_are_listed(
    admin_client: Client, world: World, account: str
) -> None:
    pull()
    world.has(wire_row("tx-late", minutes=10))
    pull(at=ONE + timedelta(minutes=5))

    page = admin_client.get(PAGE).content.decode()
    assert '<a href="/admin/transactions/transactionrevision/?missing=yes">1</a>' in page
    assert (
        admin_client.get("/admin/transactions/transactionrevision/?missing=yes").status_code == 200
    )
    [row] = panel(admin_client, "Runs that found more than was told")
    assert row[1:] == [
        "transactions",
        '<span class="label label-good">done</span>',
        "2026-11-20 12:00:00 UTC",
        "2026-11-20 13:05:00 UTC",
        "1",
        "1",
        "1",
        "1",
    ]


def test_a_re_read_that_found_something_stands_on_the_landing_page(
    admin_client: Client, world: World, account: str
) -> None:
    for kind, late in ((RunKind.REREAD, 3), (RunKind.TRANSACTIONS, 2), (RunKind.REREAD, 0)):
        SyncRun.objects.create(
            kind=kind,
            account_id=ACCOUNT,
            status=RunStatus.DONE,
            started_at=clock.now(),
            finished_at=clock.now(),
            late_count=late,
        )

    cards = {card.title: card for card in admin_client.get("/admin/").context["waiting"]}

    card = cards["Re-reads that found what nothing had told"]
    assert card.count == 1
    assert len(admin_client.get(card.url).context["cl"].result_list) == 1


def test_the_page_costs_the_same_after_a_year(
    admin_client: Client, world: World, account: str
) -> None:
    def statements() -> int:
        admin_client.get(PAGE)
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(PAGE).status_code == 200
        return len(captured)

    pull()
    few = statements()
    for number in range(30):
        pull(at=ONE + number * HOUR)

    assert statements() == few
    assert Watermark.objects.get().covered == [[None, "2026-11-21T18:00:00Z"]]


def test_the_accounts_own_page_leads_here(admin_client: Client, world: World, account: str) -> None:
    pull()

    page = admin_client.get(f"/admin/transactions/buttonaccount/{ACCOUNT}/change/")

    assert PAGE in page.content.decode()


@pytest.mark.parametrize(("role", "status"), [("Ops", 302), ("Auditor", 403), ("Finance", 403)])
def test_ops_have_it_read_and_others_look(
    client: Client, world: World, account: str, role: str, status: int
) -> None:
    pull()
    client.force_login(make_staff(role))

    assert client.get(PAGE).status_code == 200
    assert client.post(f"{LIST}do/read-now/", {"id": ACCOUNT}).status_code == status
    assert len(queued()) == (1 if status == 302 else 0)
