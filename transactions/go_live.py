"""Which orders are of the time before this program went live (GO_LIVE_AT)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from transactions.terms import is_before


def is_before_go_live(purchased_at: datetime) -> bool:
    """Whether an order bought then is booked in silence: no notice, no outward event.

    Asked whenever something about an order would be announced, so that a first pull over years
    floods nobody; whether it earns is decided with its terms (terms.py) and kept with the order.
    """
    return is_before(settings.GO_LIVE_AT, purchased_at)
