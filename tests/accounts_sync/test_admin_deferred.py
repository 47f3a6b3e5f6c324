"""One queue of all that could not be applied, and what staff do about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import DeferredRow, DeferredStatus
from tests.accounts_sync.inbox.deliveries import deliver, status_of, wire_event
from tests.admin_world import make_event, make_row, make_staff, said
from tests.factories import ACCOUNT, MEMBER, NOON, balances, observe, tell

QUEUE = "/admin/accounts_sync/deferredrow/queue/"
EVENTS = "/admin/inbox/webhookevent/"
ROWS = "/admin/accounts_sync/deferredrow/"
REASON = {"reason": "Button confirmed it, case 71."}


@pytest.fixture
def ops(client: Client, db: None) -> Client:
    staff = make_staff("Ops")
    staff.user_permissions.add(Permission.objects.get(codename="decide_deferred"))
    client.force_login(staff)
    return client


@pytest.fixture
def change(db: None) -> WebhookEvent:
    """Button says that the order of MEMBER is somebody else's."""
    deliver(wire_event("hook-1"))
    deliver(
        wire_event("hook-2", modified_date="2026-11-20T12:05:00Z", publisher_customer_id="u-other")
    )
    return WebhookEvent.objects.get(hook_id="hook-2")


def lines(client: Client, address: str = QUEUE) -> list[list[str]]:
    [panel] = client.get(address).context["panels"]
    return [[str(cell) for cell in row] for row in panel.rows]


def test_nothing_waits_says_so(ops: Client) -> None:
    page = ops.get(QUEUE).content.decode()

    assert "Nothing waits: all that Button sent could be applied" in page


def test_both_ways_in_stand_in_one_list_newest_first(ops: Client, change: WebhookEvent) -> None:
    make_event(3, received_at=NOON - timedelta(days=9), reason="unknown category 'gift'")
    row = make_row(
        4,
        account_id=ACCOUNT,
        first_seen_at=NOON - timedelta(days=10),
        row='{"id": "tx-row-4", "amount": 1234, "currency": "usd"}',
        reason="unknown currency 'XYZ'",
    )
    make_row(5, account_id=ACCOUNT, status=DeferredStatus.SETTLED)

    shown = lines(ops)

    assert [(line[2], line[4], line[5]) for line in shown] == [
        ("webhook", "the member changed", "5.00 USD pending"),
        ("webhook", "unknown category 'gift'", "—"),
        ("sync", "unknown currency 'XYZ'", "12.34 USD commission told"),
    ]
    assert f'href="{EVENTS}{change.pk}/change/"' in shown[0][1]
    assert f'href="{ROWS}{row.pk}/change/"' in shown[2][1]
    assert "btnorder-1" in shown[0][3]
    assert [line[4] for line in lines(ops, f"{QUEUE}?only=changes")] == ["the member changed"]


def test_the_queue_is_paged_over_both_tables_without_a_gap(ops: Client, db: None) -> None:
    tell(observe())
    for number in range(70):
        at = NOON + timedelta(minutes=number)
        make_event(number, received_at=at)
        make_row(number, account_id=ACCOUNT, first_seen_at=at + timedelta(seconds=1))
    seen: list[str] = []
    address = QUEUE
    while address:
        answer = ops.get(address)
        seen += [str(row[0]) for row in answer.context["panels"][0].rows]
        address = answer.context["older_url"]

    assert len(seen) == 140
    assert seen == sorted(seen, reverse=True)


def test_the_queue_costs_the_same_for_1_and_for_50(ops: Client) -> None:
    tell(observe())

    def cost() -> int:
        ops.get(QUEUE)
        with CaptureQueriesContext(connection) as captured:
            ops.get(QUEUE)
        return len(captured)

    make_event(1)
    make_row(1, account_id=ACCOUNT)
    one = cost()
    for number in range(2, 30):
        make_event(number)
        make_row(number, account_id=ACCOUNT)
    assert cost() == one


def test_the_landing_page_leads_to_it(ops: Client, change: WebhookEvent) -> None:
    make_row(1, account_id=ACCOUNT)

    cards = {card.title: (card.count, card.url) for card in ops.get("/admin/").context["waiting"]}

    assert cards["Deferred: could not be applied"] == (2, QUEUE)


def test_accepting_shows_before_and_after_first_and_then_does_it(
    ops: Client, change: WebhookEvent
) -> None:
    asked = ops.get(f"{EVENTS}do/accept/", {"id": change.pk})

    what, booked = asked.context["panels"][-2:]
    assert what.rows == [["hook-2", "member", MEMBER, "u-other"]]
    assert sorted(row[3] + row[4] for row in booked.rows) == ["5.00 USD", "5.00 USD"]
    assert balances(MEMBER) == {"pending": 500}

    answer = ops.post(f"{EVENTS}do/accept/", REASON | {"id": change.pk})

    assert said(answer) == [("success", "hook-2: accepted.")]
    assert (balances(MEMBER), balances("u-other")) == ({}, {"pending": 500})
    page = ops.get(f"{EVENTS}{change.pk}/change/").content.decode()
    assert "Button confirmed it, case 71." in page
    assert "do/accept" not in page


def test_keeping_ours_and_rejecting_from_the_page(ops: Client, change: WebhookEvent) -> None:
    page = ops.get(f"{EVENTS}{change.pk}/change/").content.decode()
    for verb in ("try-again", "accept", "keep-ours", "reject"):
        assert f"do/{verb}/" in page
    assert "do/open-again/" not in page

    answer = ops.post(f"{EVENTS}do/reject/", REASON | {"id": change.pk})
    assert said(answer) == [("success", "hook-2: rejected; nothing of it is booked.")]
    assert status_of("hook-2") == "rejected"

    ops.post(f"{EVENTS}do/open-again/", REASON | {"id": change.pk})
    answer = ops.post(f"{EVENTS}do/keep-ours/", REASON | {"id": change.pk})
    assert said(answer)[-1] == ("success", "hook-2: ours kept, the rest taken.")
    assert balances(MEMBER) == {"pending": 500}


def test_what_is_no_change_can_only_be_rejected(ops: Client) -> None:
    row = make_row(1, account_id=_account())

    page = ops.get(f"{ROWS}{row.pk}/change/").content.decode()
    assert "do/accept" not in page
    assert "do/keep-ours" not in page
    answer = ops.post(f"{ROWS}do/reject/", REASON | {"id": row.pk})

    assert said(answer) == [("success", "tx-row-1: rejected; nothing of it is booked.")]
    assert DeferredRow.objects.get().status == DeferredStatus.SETTLED
    assert "rejected" in ops.get(ROWS).content.decode()
    assert lines(ops) == []


def test_a_row_is_tried_again_in_the_name_of_who_asked(ops: Client) -> None:
    row = make_row(1, account_id=_account())

    answer = ops.post(f"{ROWS}do/try-again/", {"id": row.pk})

    assert said(answer)[0][0] == "warning"
    log = ops.get("/admin/").context["user"].logentry_set.get()
    assert log.change_message.startswith("Tried again: deferred.")


def test_without_the_permission_nothing_is_decided(client: Client, change: WebhookEvent) -> None:
    client.force_login(make_staff("Auditor"))

    assert client.get(QUEUE).status_code == 200
    assert client.post(f"{EVENTS}do/accept/", REASON | {"id": change.pk}).status_code == 403
    assert balances(MEMBER) == {"pending": 500}


def test_without_any_role_the_queue_is_closed(client: Client, db: None) -> None:
    client.force_login(make_staff())

    assert client.get(QUEUE).status_code == 403


def _account() -> str:
    tell(observe())
    return ACCOUNT
