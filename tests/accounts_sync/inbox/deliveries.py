"""Button's side of the inbox: signed POSTs, one after another and at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client

from accounts_sync.inbox.models import WebhookEvent
from rewards_site.button.signature import sign
from tests.factories import ACCOUNT, MEMBER, MERCHANT

PATH = "/webhooks/button/"
LIVE = "whsec-test-0001"
LIVE_TOO = "whsec-test-0002"
SANDBOX = "whsec-sandbox-0001"
"""Secrets of tests/settings.py."""


def wire_transaction(tx_id: str = "tx-1", **changes: Any) -> dict[str, Any]:
    """`data` of a webhook: by default $10.00 of commission pending for MEMBER."""
    return {
        "id": tx_id,
        "status": "pending",
        "category": "new-user-order",
        "amount": 1000,
        "currency": "USD",
        "account_id": ACCOUNT,
        "button_order_id": "btnorder-" + tx_id.removeprefix("tx-"),
        "order_total": 20000,
        "order_currency": "USD",
        "order_purchase_date": "2026-11-20T11:58:00Z",
        "created_date": "2026-11-20T12:00:00.114Z",
        "modified_date": "2026-11-20T12:00:00.114Z",
        "validated_date": None,
        "commerce_organization": MERCHANT,
        "publisher_customer_id": MEMBER,
        "pub_ref": None,
        "btn_ref": "srctok-6d20fa8813c4be97",
    } | changes


def wire_event(hook_id: str = "hook-1", *, tx_id: str = "tx-1", **changes: Any) -> dict[str, Any]:
    """A webhook as Button words it; `changes` are of its transaction."""
    data = wire_transaction(tx_id, **changes)
    return {
        "id": hook_id,
        "request_id": f"attempt-of-{hook_id}",
        "event_type": f"tx-{data['status']}",
        "data": data,
    }


def deliver(
    said: object, *, secret: str = LIVE, path: str = PATH, signature: str | None = None
) -> HttpResponse:
    """POST `said` (bytes go as they are) as Button does."""
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    answer: Any = Client(enforce_csrf_checks=True).post(
        path,
        data=body,
        content_type="application/json",
        headers={"X-Button-Signature": sign(body, secret) if signature is None else signature},
    )
    return answer  # type: ignore[no-any-return]  # the test client's own subclass


def answered(answer: HttpResponse) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    return answer.status_code, json.loads(answer.content)


def problem(status: int, title: str, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def only_event() -> WebhookEvent:
    return WebhookEvent.objects.get()


def status_of(hook_id: str = "hook-1") -> str:
    return WebhookEvent.objects.get(hook_id=hook_id).status


@contextmanager
def database_locked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Somebody else holds the locks that the first order's next event needs, and keeps them.

    On PostgreSQL the rows, on SQLite the one write lock; we wait for a tenth of a second only.
    """
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "postgresql":
        monkeypatch.setitem(options, "options", "-c lock_timeout=100")
        statements = ["BEGIN", "SELECT * FROM transactions_transaction FOR UPDATE"]
    else:
        monkeypatch.setitem(options, "timeout", 0.1)
        statements = ["BEGIN IMMEDIATE"]
    connection.close()  # opened again with the options
    rival = connection.copy()
    rival.settings_dict["OPTIONS"] = {
        name: value for name, value in options.items() if name != "transaction_mode"
    }
    with closing(rival), rival.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        yield
        cursor.execute("ROLLBACK")
