"""What Button told of a claim's tap and could not be applied: on the claim's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest

from accounts_sync.deferred_queue import open_events, open_rows
from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import DeferredRow
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.text import displayable, utc_text
from transactions.claims.models import Claim

LOOKED_AT_MAX = 500
"""Of each, the newest: what was deferred names its tap in its body alone."""


def deferred_panel(request: HttpRequest, claim: Claim) -> Iterator[Panel]:
    """Webhooks and rows that wait and bring the reference of this claim's tap."""
    if claim.click is None or not may_view(request, WebhookEvent):
        return
    yield Panel(
        title="What Button told of this tap, and could not be applied",
        note=f"Of the newest {LOOKED_AT_MAX} of each that wait. Settle it, and the claim is "
        "answered by the order.",
        headings=["What", "Since", "Why it waits"],
        rows=[
            [
                link(item, page_url(item)),
                utc_text(
                    item.received_at if isinstance(item, WebhookEvent) else item.first_seen_at
                ),
                displayable(item.reason),
            ]
            for item in _waiting(claim.click.pub_ref)
        ],
        empty="Nothing.",
    )


def _waiting(pub_ref: str) -> Iterator[WebhookEvent | DeferredRow]:
    newest: Any = open_events().order_by("-pk")[:LOOKED_AT_MAX]
    for event in newest:
        if pub_ref.encode() in bytes(event.body):
            yield event
    for row in open_rows().order_by("-pk")[:LOOKED_AT_MAX]:
        if pub_ref in row.row:
            yield row


panels.register(Claim, deferred_panel)
