"""Whether all of a batch may be paid now: asked as long as nothing of it can have left."""

from __future__ import annotations

from datetime import datetime

from rewards_site.kernel.errors import Conflict
from transactions.payouts.models import PayoutBatch, PayoutItem
from transactions.payouts.states import ItemStatus
from transactions.redemptions.brakes import frozen_reasons, uncovered
from transactions.redemptions.models import Redemption
from transactions.redemptions.services import hold_holders
from transactions.redemptions.states import Status


def must_all_be_payable(batch: PayoutBatch, *, at: datetime) -> None:
    """And nobody, and no order that earned it, may be frozen since. Raises: Conflict."""
    live = PayoutItem.objects.filter(batch=batch.pk).exclude(status=ItemStatus.REMOVED)
    if live.exclude(redemption__status=Status.APPROVED).exists():
        raise Conflict("Some of its redemptions are no longer approved: cancel it, collect again.")
    holders = hold_holders(set(live.values_list("redemption__member", flat=True)))
    frozen = frozen_reasons(set(holders.values()), at=at)
    if frozen:
        raise Conflict(
            f"{len(frozen)} of its members were frozen since: cancel it and collect again, which "
            "leaves them out."
        )
    paid = Redemption.objects.filter(pk__in=live.values("redemption"))
    if not_covered := uncovered(list(paid.order_by("pk")), at=at):
        raise Conflict(
            f"{len(not_covered)} of its payments are of money of orders that were frozen since: "
            "cancel it and collect again, which leaves them out."
        )
