"""Rows of every kind for the admin's tests; money moves through the services."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import get_messages
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_q.models import OrmQ, Schedule, Task

from accounts_sync.inbox.models import (
    BodyArchive,
    DeferredDecision,
    EventStatus,
    Verdict,
    WebhookEvent,
)
from accounts_sync.models import (
    DeferredRow,
    Lease,
    RunKind,
    RunStatus,
    SeenRow,
    SideReading,
    SyncRun,
    Watermark,
)
from offers.models import (
    CatalogRun,
    MerchantOverlay,
    MerchantProfile,
    MerchantRevision,
    OverlayChange,
    RefusedBrand,
)
from rewards_site.api_keys.models import ApiKey
from rewards_site.approvals.models import Proposal
from rewards_site.button.ratelimit.models import Permit
from rewards_site.health.models import Alarm, Figures, Heartbeat, Notice, Tally, Turn
from rewards_site.members.models import Member
from rewards_site.reports.models import ReportResult, ReportRun
from tests.admin_care import fill_care
from tests.admin_claims import fill_claims
from tests.admin_dates import fill_expected_dates
from tests.admin_missed import fill_missed
from tests.admin_money_out import fill_redemptions
from tests.admin_notices import fill_notices
from tests.admin_outward import fill_outward
from tests.admin_payouts import fill_payouts
from tests.admin_people import fill_people
from tests.admin_shopping import fill_shopping
from tests.factories import NOON, observe, tell
from transactions.models import ButtonAccount

PASSWORD = "correct horse battery staple"


def make_staff(role: str = "", *, username: str = "") -> User:
    """A staff member with one role, or with none."""
    user = User.objects.create_user(
        username or (role or "nobody").lower(), password=PASSWORD, is_staff=True
    )
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def said(answer: Any) -> list[tuple[str, str]]:
    """The messages that staff read after an action: (level, text)."""
    messages = get_messages(answer.wsgi_request)
    return [(message.level_tag, message.message) for message in messages]


def make_event(number: int = 1, *, status: str = "deferred", **fields: Any) -> WebhookEvent:
    """A stored webhook event; by default one whose body lacks its data."""
    hook_id = f"hook-{number:04d}"
    body = {"id": hook_id, "event_type": "tx-pending", "request_id": "attempt-1"}
    values: dict[str, Any] = {
        "hook_id": hook_id,
        "event_type": "tx-pending",
        "tx_id": f"tx-event-{number}",
        "body": json.dumps(body).encode(),
        "body_digest": f"digest-{number}",
        "received_at": NOON,
        "status": EventStatus(status),
        "reason": "data is missing" if status == "deferred" else "",
    }
    return WebhookEvent.objects.create(**(values | fields))


def make_row(number: int = 1, *, account_id: str, **fields: Any) -> DeferredRow:
    """A deferred row of the Transactions API."""
    values: dict[str, Any] = {
        "account_id": account_id,
        "tx_id": f"tx-row-{number}",
        "row": json.dumps({"id": f"tx-row-{number}", "status": "odd"}),
        "row_digest": f"digest-{number}",
        "reason": "status is not known",
        "first_seen_at": NOON,
        "last_seen_at": NOON,
    }
    return DeferredRow.objects.create(**(values | fields))


def fill(first: int, last: int) -> None:
    """A row of every kind for each number; each order with a member, brand, account of its own."""
    for number in range(first, last + 1):
        account_id = f"acc-{number:04d}"
        told: dict[str, Any] = {
            "account_id": account_id,
            "merchant_id": f"org-{number:04d}",
            "merchant_name": f"Brand {number}",
            "publisher_customer_id": f"u-{number:04d}",
        }
        [outcome] = tell(observe(f"tx-{number:04d}", minutes=number, **told))
        assert outcome.transaction_id is not None
        SeenRow.objects.create(
            tx_id=f"tx-{number:04d}",
            transaction_id=outcome.transaction_id,
            revision=1,
            mark=f"1:either:{number:064x}",
        )
        account = ButtonAccount.objects.get(pk=account_id)
        make_event(number)
        make_row(number, account_id=account.pk)
        SyncRun.objects.create(
            kind=RunKind.TRANSACTIONS,
            account=account,
            status=RunStatus.DONE,
            started_at=NOON,
            finished_at=NOON + timedelta(minutes=1),
        )
        Watermark.objects.create(account=account, through=NOON)
        Lease.objects.create(account=account)
        SideReading.objects.create(account=account, job="re-read", done_at=NOON)
        _fill_worker(number)
        _fill_health(number)
        _fill_catalogue(number)
        fill_expected_dates(number)
        fill_shopping(number)
        staff = User.objects.create(username=f"staff-{number}")
        _fill_decisions(number, staff)
        _fill_archives(number)
        fill_notices(number, staff)
        fill_outward(number, staff)
        fill_missed(number, outcome.transaction_id)
        member = Member.objects.get(customer_id=f"u-{number:04d}")
        fill_care(number, member, f"org-{number:04d}", staff)
        fill_claims(number, member, f"org-{number:04d}", staff)
        fill_redemptions(number, member, staff)
        fill_payouts(member, staff)
        fill_people(number, staff)
        ApiKey.objects.create(
            name=f"Program {number}",
            key_id=f"{number:012}",
            secret_digest=bytes(32),
            scopes=["members:read"],
            created_at=NOON,
            created_by=staff,
        )
        _fill_exports(number, staff)
        LogEntry.objects.create(
            user=staff,
            content_type=ContentType.objects.get_for_model(Member),
            object_id=str(number),
            object_repr=f"row {number}",
            action_flag=CHANGE,
            change_message="Looked at.",
        )
        Group.objects.create(name=f"Role {number}")
        TOTPDevice.objects.create(user=staff, name="authenticator app")


def _fill_archives(number: int) -> None:
    BodyArchive.objects.create(
        number=number,
        name=f"webhooks-{number:06}-2026-03-01-0123456789ab.jsonl.gz",
        sha256=f"{number:064x}",
        file_bytes=number,
        event_count=number,
        body_bytes=number,
        first_event_id=number,
        last_event_id=number,
        received_first=NOON - timedelta(days=90),
        received_last=NOON - timedelta(days=60),
        archived_at=NOON,
        emptied_at=NOON,
    )


def _fill_decisions(number: int, staff: User) -> None:
    """What staff decided about the event of this number, which waits as before; a proposal."""
    DeferredDecision.objects.create(
        event=WebhookEvent.objects.get(hook_id=f"hook-{number:04d}"),
        verdict=Verdict.REOPENED,
        deferred_because="data is missing",
        reason="A mistake.",
        actor=staff,
        decided_at=NOON,
    )
    Proposal.objects.create(
        kind="move_order",
        subject=f"transaction/{number}",
        payload={},
        summary=f"Move order {number}",
        reason="Two accounts of one person.",
        proposed_by=staff,
        proposed_at=NOON,
    )


def _fill_catalogue(number: int) -> None:
    merchant_id = f"org-{number:04d}"
    run = CatalogRun.objects.create(status="done", started_at=NOON, finished_at=NOON)
    MerchantProfile.objects.create(
        merchant_id=merchant_id,
        name=f"Brand {number}",
        described_at=NOON,
        read_at=NOON,
        changed_at=NOON,
    )
    MerchantRevision.objects.create(
        merchant_id=merchant_id,
        number=1,
        kind="changed",
        run=run,
        changes=[{"field": "name", "before": "Brand", "after": f"Brand {number}"}],
        read_at=NOON,
        recorded_at=NOON,
    )
    MerchantOverlay.objects.create(
        merchant_id=merchant_id,
        shown_name=f"Our brand {number}",
        is_featured=True,
        position=number,
        categories=["Shoes"],
        changed_at=NOON,
        change_count=1,
    )
    OverlayChange.objects.create(
        merchant_id=merchant_id,
        number=1,
        changes=[{"field": "position", "before": None, "after": number}],
        actor=User.objects.get_or_create(username="olga", is_staff=True)[0],
        reason="As agreed.",
        changed_at=NOON,
    )
    RefusedBrand.objects.create(
        row="{}",
        row_digest=f"digest-{number}",
        reason="`id` is missing.",
        first_seen_at=NOON,
        last_seen_at=NOON,
        last_run=run,
    )


def _fill_health(number: int) -> None:
    """A past alarm with its message, a worker that is gone, and what is counted."""
    alarm = Alarm.objects.create(
        name="kettle", what="cold", opened_at=NOON, last_seen_at=NOON, closed_at=NOON
    )
    Notice.objects.create(
        alarm=alarm,
        number=0,
        kind="opened",
        channel="email",
        what="cold",
        created_at=NOON,
        not_before=NOON,
        sent_at=NOON,
    )
    Heartbeat.objects.create(name=f"worker {number}", started_at=NOON, beat_at=NOON, ended_at=NOON)
    Turn.objects.create(name=f"turn {number}", due_at=NOON)
    Tally.objects.create(key=f"tally {number}", value=number)
    Permit.objects.create(slot=number, free_at=NOON)
    Figures.objects.create(name=f"figures {number}", taken_at=NOON, samples=[["pending", 1]])


def _fill_exports(number: int, staff: User) -> None:
    run = ReportRun.objects.create(
        report="liability", format="csv", as_of=NOON, door="web", actor=staff, started_at=NOON
    )
    ReportResult.objects.create(
        run=run,
        status="done",
        row_count=number,
        byte_count=number,
        sha256=f"{number:064x}",
        finished_at=NOON,
    )


def _fill_worker(number: int) -> None:
    Schedule.objects.create(name=f"Schedule {number}", func="accounts_sync.tasks.pull_due")
    OrmQ.objects.create(key="rewards", payload="not a payload", lock=NOON)
    for is_success in (True, False):
        Task.objects.create(
            id=f"{number:031d}{int(is_success)}",
            name=f"task {number}",
            func="accounts_sync.tasks.pull_due",
            started=NOON,
            stopped=NOON,
            success=is_success,
        )
