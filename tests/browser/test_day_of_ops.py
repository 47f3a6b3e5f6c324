"""A day of ops in a real browser: what needs a human, decided, moved by two, read, exported."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User

from accounts_sync.models import RunKind, RunStatus, SyncRun, Watermark
from rewards_site.kernel.clock import wire_text
from tests.accounts_sync.inbox.deliveries import deliver, wire_event
from tests.admin_world import PASSWORD, make_staff
from tests.browser.conftest import Visit
from tests.conftest import CommittedDatabase
from tests.factories import ACCOUNT, MEMBER, NOON

pytestmark = pytest.mark.browser

_MAY = (
    *("decide_deferred", "move_transaction", "decide_proposal", "view_proposal"),
    *("export_report", "view_reportrun", "view_deferreddecision"),
)


def _desk(username: str) -> User:
    """Somebody of ops who may do all of a day's work."""
    staff = make_staff("Ops", username=username)
    staff.user_permissions.add(*Permission.objects.filter(codename__in=_MAY))
    return staff


@pytest.fixture
def data(committed_db: CommittedDatabase) -> None:
    """A member change that waits, an order worth two people, and an account read to its end."""
    _desk("olivia")
    _desk("marc")
    deliver(wire_event("hook-1"))
    later = "2026-11-20T12:05:00Z"
    deliver(wire_event("hook-2", modified_date=later, publisher_customer_id="u-other", amount=600))
    deliver(wire_event("hook-3", tx_id="tx-2", status="validated", amount=20_000))
    end = NOON + timedelta(hours=1)
    Watermark.objects.create(account_id=ACCOUNT, through=end, covered=[[None, wire_text(end)]])
    SyncRun.objects.create(
        kind=RunKind.TRANSACTIONS,
        account_id=ACCOUNT,
        status=RunStatus.DONE,
        window_end=end,
        started_at=end,
        finished_at=end,
    )


def _says(visit: Visit, title: str) -> str:
    """The text of the first moment with this title in the order's time line."""
    return str(visit.page.locator(".moment", has_text=title).first.inner_text())


def test_a_day(visit: Visit, tmp_path: Path) -> None:
    visit.log_in("olivia", PASSWORD)
    _accepts_a_change(visit)
    _proposes_a_move(visit)
    visit.log_out()
    visit.log_in("marc", PASSWORD)
    _approves_it(visit)
    _looks_at_the_coverage(visit)

    rows = _exports_the_liability(visit, tmp_path)

    amounts = sorted((row["currency"], row["pending"], row["available"]) for row in rows)
    assert amounts == [("USD", "0", "10000"), ("USD", "300", "0")]
    assert visit.complaints == []
    assert visit.outside == []


def _accepts_a_change(visit: Visit) -> None:
    page = visit.page
    card = ".card:has-text('Deferred: could not be applied')"
    assert page.locator(f"{card} .card-count").inner_text() == "1"
    visit.follow(f"{card} a")
    assert "the member changed" in page.locator("section.panel").inner_text()
    visit.follow("section.panel tbody a >> nth=0")
    visit.follow("a.verb:has-text('Accept the change')")
    asked = page.locator("section.panel", has_text="What it would come to").inner_text()
    assert MEMBER in asked
    assert "u-other" in asked
    page.fill("#id_reason", "Their support confirmed it, case 71.")
    visit.follow("input[type=submit].default")
    assert page.locator(".messagelist .success").inner_text() == "hook-2: accepted."

    page.goto(f"{visit.address}/admin/")
    assert page.locator(card).count() == 0
    page.fill("#find-order", "btnorder-1")
    visit.follow(".desk input[type=submit]")
    visit.follow("#result_list th a")
    told = _says(visit, "Staff accepted a change that Button told")
    assert "by olivia" in told
    assert "Their support confirmed it, case 71." in told
    assert "10.00 USD → 6.00 USD" in told.replace("\n", " ")


def _proposes_a_move(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.address}/admin/")
    page.fill("#find-order", "tx-2")
    visit.follow(".desk input[type=submit]")
    visit.follow("#result_list th a")
    visit.follow("a.verb:has-text('Move to another member')")
    assert "two people" in page.locator("section.panel", has_text="taken back now").inner_text()
    page.fill("#id_customer_id", "u-new")
    page.fill("#id_reason", "One person, two accounts, case 72.")
    visit.follow("input[type=submit].default")
    assert "a second person has to approve it" in page.locator(".messagelist").inner_text()
    assert "proposed by olivia" in _says(visit, "Waits for a second person")


def _approves_it(visit: Visit) -> None:
    page = visit.page
    visit.follow(".card:has-text('Waiting for a second person') a")
    visit.follow("#result_list th a")
    visit.follow("a.verb:has-text('Approve and carry out')")
    page.fill("#id_reason", "Looked at both accounts.")
    visit.follow("input[type=submit].default")
    assert "approved." in page.locator(".messagelist .success").inner_text()

    page.goto(f"{visit.address}/admin/transactions/transaction/?q=tx-2")
    visit.follow("#result_list th a")
    moved = _says(visit, "Staff moved it to another member")
    assert "by olivia · approved by marc" in moved.replace("\n", " ")
    assert f"{MEMBER} → u-new" in moved.replace("\n", " ")


def _looks_at_the_coverage(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.address}/admin/")
    visit.follow(".room a:text-is('Coverage')")
    visit.follow("#result_list tbody th a")
    assert page.locator("h1").inner_text() == f"Coverage of {ACCOUNT} (USD)"
    assert page.locator(".field-state .label").inner_text() == "no gap"


def _exports_the_liability(visit: Visit, folder: Path) -> list[dict[str, str]]:
    page = visit.page
    page.goto(f"{visit.address}/admin/")
    visit.follow("a:text-is('Export a report')")
    page.select_option("#id_report", "liability")
    with page.expect_download() as coming:
        page.click("input[type=submit].default")
    path = folder / "liability.csv"
    coming.value.save_as(path)
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
