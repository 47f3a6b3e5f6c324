"""What a receiver reads. Put together when it is sent, from the notice and the member as they are.

The same in every attempt, but for `customer_id`: it is the member's of that moment, and null once
they were forgotten. Nothing of commission or margin, and none of the words that members read.
"""

from __future__ import annotations

import json
from typing import Any

from rewards_site.kernel import clock
from rewards_site.members.customer_ids import is_erased
from rewards_site.notifications.models import Notice
from rewards_site.outward.models import Delivery


def webhook_id(delivery: Delivery) -> str:
    """Stable over all attempts, and another for each subscription."""
    return f"msg_{delivery.public_id.hex}"


def body_of(delivery: Delivery) -> str:
    """JSON. The delivery's notice and its member are loaded."""
    notice = delivery.notice
    if notice is None:
        at, data = delivery.created_at, {"sequence": delivery.sequence}
    else:
        at, data = notice.at, _data(notice, sequence=delivery.sequence)
    told = {"type": delivery.event_type, "timestamp": clock.wire_text(at), "data": data}
    return json.dumps(told, separators=(",", ":"))


def _data(notice: Notice, *, sequence: int) -> dict[str, Any]:
    customer_id = notice.member.customer_id
    return {
        "sequence": sequence,
        "event_id": str(notice.public_id),
        "member_id": str(notice.member.public_id),
        "customer_id": None if is_erased(customer_id) else customer_id,
        "member_number": notice.number,
        "currency": notice.currency or None,
        "before": notice.before_minor,
        "after": notice.after_minor,
        "pending_change": notice.pending_change_minor,
        "available_change": notice.available_change_minor,
        "activity": _text(notice.activity_id),
        "transaction": _text(notice.transaction_id),
        "redemption": _text(notice.redemption_id),
        "claim": _text(notice.claim_id),
    }


def _text(public_id: object) -> str | None:
    return None if public_id is None else str(public_id)
