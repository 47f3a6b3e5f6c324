"""`order-checkout`: a signal at the checkout, no amount, no order id, not money (sheet, 5.6)."""

from __future__ import annotations

from datetime import datetime

from rewards_site.button.sandbox.clock import millisecond_text
from rewards_site.button.sandbox.records import Brand, Event

ORDER_CHECKOUT = "order-checkout"


def checkout_event(
    *, hook_id: str, brand: Brand, customer: str | None, btn_ref: str | None, at: datetime
) -> Event:
    return Event(
        hook_id=hook_id,
        event_type=ORDER_CHECKOUT,
        tx_id="",
        data={
            "event_date": millisecond_text(at),
            "merchant_organization": brand.id,
            "thirdparty_id": customer,
            "btn_ref": btn_ref,
        },
    )
