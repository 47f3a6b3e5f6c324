"""Reading a destination in full: never without a reason, and never without a trace."""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.models import User

from rewards_site.approvals.services import checked_reason
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import NotFound
from transactions.redemptions import destinations
from transactions.redemptions.models import DestinationReveal, Redemption

log = logging.getLogger(__name__)


def reveal_destination(*, redemption_id: int, actor: User, reason: str, at: datetime) -> str:
    """The destination; who read it, and why, is on record before it is returned.

    Raises: NotFound (also: erased), InvalidInput (reason), Conflict (its key is gone).
    """
    reason = checked_reason(reason)
    row = Redemption.objects.filter(pk=redemption_id).first()
    if row is None:
        raise NotFound("There is no such redemption.")
    destination = destinations.opened(row)
    with atomic():
        DestinationReveal.objects.create(redemption=row, actor=actor, reason=reason, at=at)
    log.info("redemption.destination_read", extra={"redemption": row.pk, "actor": actor.pk})
    return destination
