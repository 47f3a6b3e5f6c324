"""An order's time line leads to its evidence, and tells what of it had to wait."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from accounts_sync.decisions import accept, reject
from accounts_sync.deferred_items import ItemRef, Source
from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import RunKind, RunStatus, SyncRun
from tests.accounts_sync.inbox.deliveries import answered, deliver, wire_event
from tests.admin_world import make_event, make_row, make_staff, said
from tests.factories import ACCOUNT, NOON, observe, tell_each
from transactions.admin.moments import Moment
from transactions.models import Transaction, TransactionRevision
from transactions.told import Channel

pytestmark = pytest.mark.django_db


def told(hook_id: str, *, minutes: int = 0, **changes: Any) -> Any:
    at = f"2026-11-20T12:{minutes:02}:00Z"
    return answered(deliver(wire_event(hook_id, **({"modified_date": at} | changes))))


def address() -> str:
    return f"/admin/transactions/transaction/{Transaction.objects.get().pk}/change/"


def moments(client: Client) -> list[Moment]:
    return [line.moment for line in client.get(address()).context["timeline"].lines]


def words(moment: Moment) -> list[str]:
    return [strip_tags(str(fact)) for fact in moment.facts]


def event(hook_id: str) -> WebhookEvent:
    return WebhookEvent.objects.get(hook_id=hook_id)


def test_a_revision_leads_to_its_webhook(admin_client: Client) -> None:
    told("hook-1")
    told("hook-2", minutes=5, amount=600)
    told("hook-2", minutes=5, amount=600)

    second, first = moments(admin_client)

    assert words(second)[-2:] == ["hook-2", "delivered 2 times"]
    assert words(first)[-1] == "hook-1"
    link = f'href="/admin/inbox/webhookevent/{event("hook-2").pk}/change/"'
    assert link in str(second.facts[-2])


def test_a_revision_leads_to_the_run_that_read_it(admin_client: Client) -> None:
    tell_each(observe(channel=Channel.SYNC, read_at=NOON))
    around = {"kind": RunKind.TRANSACTIONS, "account_id": ACCOUNT, "status": RunStatus.DONE}
    before, during = (
        SyncRun.objects.create(
            **around, started_at=NOON.replace(hour=hour), finished_at=NOON.replace(hour=hour + 1)
        )
        for hour in (10, 12)
    )

    [only] = moments(admin_client)
    found = admin_client.get(str(only.facts[-1]).split('"')[1].replace("&amp;", "&"))

    assert words(only)[-1] == "the sync run that read it"
    assert found["Location"] == f"/admin/accounts_sync/syncrun/{during.pk}/change/"
    assert before.pk != during.pk


@pytest.mark.parametrize(
    "at",
    [
        *("2020-01-01T00:00:00+00:00", "nonsense", "2026-13-01T00:00", ""),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    ],
)
def test_where_no_run_is_kept_the_accounts_runs_are_shown(admin_client: Client, at: str) -> None:
    answer = admin_client.get("/admin/accounts_sync/syncrun/at/", {"account": "acc-1", "at": at})

    assert answer["Location"] == "/admin/accounts_sync/syncrun/?account=acc-1"
    assert said(answer)[0][0] == "warning"


def test_a_nul_for_an_account_is_a_bad_request(admin_client: Client) -> None:
    address = "/admin/accounts_sync/syncrun/at/?account=%00&at=2026-11-20T12:00:00Z"

    assert admin_client.get(address).status_code == 400


def test_what_could_not_be_applied_waits_in_the_line(admin_client: Client) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id="u-other")

    newest, _ = moments(admin_client)

    assert (newest.title, newest.tone) == ("A webhook could not be applied, and waits", "warn")
    assert newest.warnings == ["the member changed"]
    assert words(newest) == ["tx-pending", "hook-2"]


def test_what_was_accepted_or_rejected_names_who_and_why(admin_client: Client) -> None:
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id="u-other")
    told("hook-3", minutes=6, category="existing-user-order")
    ops = User.objects.create(username="olivia")
    accept(_ref("hook-2"), actor=ops, reason="Case 7", at=NOON)
    rejected_at = TransactionRevision.objects.latest("number").recorded_at
    reject(_ref("hook-3"), actor=ops, reason="Case 8", at=rejected_at)

    titles = {moment.title: moment for moment in moments(admin_client)}

    accepted = titles["Staff accepted a change that Button told"]
    assert (accepted.reason, "by olivia" in words(accepted)) == ("Case 7", True)
    assert ("member", "u-8f14e45fceea", "u-other") in [
        (one.name, one.before, one.after) for one in accepted.differences
    ]
    rejected = titles["Staff rejected it"]
    assert (rejected.reason, words(rejected)) == ("Case 8", ["hook-3", "by olivia"])
    assert "A webhook was rejected" in titles


def test_support_reads_that_something_waits_without_its_evidence(client: Client) -> None:
    client.force_login(make_staff("Support"))
    told("hook-1")
    told("hook-2", minutes=5, publisher_customer_id="u-other")

    newest, first = moments(client)

    assert newest.warnings == ["the member changed"]
    page = client.get(address()).content.decode()
    assert "/admin/inbox/" not in page
    assert "/admin/accounts_sync/" not in page
    assert "hook-1" not in words(first)


def test_the_line_costs_the_same_for_1_and_for_50_that_wait(admin_client: Client) -> None:
    def statements() -> int:
        admin_client.get(address())
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(address())
        return len(captured)

    told("hook-1")
    order = Transaction.objects.get()
    make_event(1, transaction=order)
    make_row(1, account_id=ACCOUNT, transaction=order)
    few = statements()
    for number in range(2, 60):
        make_event(number, transaction=order)
        make_row(number, account_id=ACCOUNT, transaction=order)

    assert statements() == few
    notes = admin_client.get(address()).context["timeline"].notes
    assert notes == ["More than 50 things came in this time; the oldest are left out."]


def _ref(hook_id: str) -> ItemRef:
    return ItemRef(Source.EVENT, event(hook_id).pk)
