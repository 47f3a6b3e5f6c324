"""Rows of every kind for the admin's tests; money moves through the services."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import get_messages
from django_q.models import OrmQ, Schedule, Task

from accounts_sync.inbox.models import EventStatus, WebhookEvent
from accounts_sync.models import DeferredRow, Lease, RunKind, RunStatus, SyncRun, Watermark
from rewards_site.members.models import Member
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
        tell(observe(f"tx-{number:04d}", minutes=number, **told))
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
        _fill_worker(number)
        LogEntry.objects.create(
            user=User.objects.create(username=f"staff-{number}"),
            content_type=ContentType.objects.get_for_model(Member),
            object_id=str(number),
            object_repr=f"row {number}",
            action_flag=CHANGE,
            change_message="Looked at.",
        )
        Group.objects.create(name=f"Role {number}")


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
