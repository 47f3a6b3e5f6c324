"""Control calls for payouts.

GET    /control/payouts                  batches taken, calls, and the provider's own books
POST   /control/payouts/faults           kind, on (token, send, ask), count, seconds; DELETE clears
POST   /control/payouts/items/{id}       status: what is told of a sender_item_id from now on
"""

from __future__ import annotations

import re

from rewards_site.button.sandbox.answers import Reply, Request, json_reply
from rewards_site.button.sandbox.clock import second_text
from rewards_site.button.sandbox.control import ControlRoutes
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.payouts import Payouts
from rewards_site.button.sandbox.payouts_faults import STALL_SECONDS, PayoutFault
from rewards_site.kernel.errors import InvalidInput, NotFound

STATUSES = (
    *("SUCCESS", "FAILED", "PENDING", "UNCLAIMED", "RETURNED"),
    *("ONHOLD", "BLOCKED", "REFUNDED", "REVERSED"),
)


def routes(payouts: Payouts) -> ControlRoutes:
    def state(_request: Request, _match: re.Match[str]) -> Reply:
        at = payouts.clock.now()
        with payouts.lock:
            return json_reply(
                {
                    "batches": [
                        {
                            "payout_batch_id": batch.payout_batch_id,
                            "sender_batch_id": batch.sender_batch_id,
                            "taken_at": second_text(batch.taken_at),
                            "items": len(batch.items),
                        }
                        for batch in payouts.bank.batches
                    ],
                    "calls": list(payouts.calls),
                    "ledger": payouts.bank.ledger(at),
                }
            )

    def list_faults(_request: Request, _match: re.Match[str]) -> Reply:
        return json_reply({"faults": payouts.faults.as_json()})

    def add_fault(request: Request, match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        kind = PayoutFault(fields.choice("kind", list(PayoutFault)))
        on = fields.choice("on", ("token", "send", "ask"), default="send")
        count = fields.whole("count", default=1, least=1)
        seconds = fields.number("seconds")
        fields.end()
        payouts.faults.add(
            kind, on=on, count=count, seconds=STALL_SECONDS if seconds is None else seconds
        )
        return list_faults(request, match)

    def clear_faults(request: Request, match: re.Match[str]) -> Reply:
        payouts.faults.clear()
        return list_faults(request, match)

    def tell_item(request: Request, match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        status = fields.text("status")
        fields.end()
        if not status:
            raise InvalidInput(f"status: one of {', '.join(STATUSES)}, or a word nobody knows")
        with payouts.lock:
            items = payouts.bank.items_of(match["item"])
            if not items:
                raise NotFound(f"No payment of {match['item']} was taken")
            for item in items:
                item.told_status = status
        return json_reply({"sender_item_id": match["item"], "status": status})

    return {
        r"/control/payouts": {"GET": state},
        r"/control/payouts/faults": {
            "GET": list_faults,
            "POST": add_fault,
            "DELETE": clear_faults,
        },
        r"/control/payouts/items/(?P<item>[^/]{1,63})": {"POST": tell_item},
    }
