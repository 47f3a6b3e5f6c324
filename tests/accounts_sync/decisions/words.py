"""Words of Button that could not be applied, told in one line; what is decided about them."""

from __future__ import annotations

from typing import Any

from accounts_sync.deferred_items import ItemRef, Source
from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import DeferredRow
from tests.accounts_sync.inbox.deliveries import answered, deliver, wire_event
from transactions.models import TransactionRevision

OTHER = "u-other"
BRAND = "org-other"


def told(hook_id: str, *, minutes: int = 0, **changes: Any) -> Any:
    at = f"2026-11-20T12:{minutes:02}:00Z"
    return answered(deliver(wire_event(hook_id, **({"modified_date": at} | changes))))


def event(hook_id: str) -> ItemRef:
    return ItemRef(Source.EVENT, WebhookEvent.objects.get(hook_id=hook_id).pk)


def row(tx_id: str = "tx-1") -> ItemRef:
    return ItemRef(Source.ROW, DeferredRow.objects.get(tx_id=tx_id).pk)


def last_revision() -> TransactionRevision:
    return TransactionRevision.objects.latest("number")
