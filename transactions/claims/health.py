"""What the landing page and the alarms say of claims. Registered at start."""

from __future__ import annotations

from datetime import datetime, timedelta

from rewards_site.health import registry
from rewards_site.kernel.admin.paging import bounded_count
from transactions.claims.models import Claim

OLD_DAYS = 7
"""Open for longer: whoever reported it has waited for a week."""


def register() -> None:
    registry.register("claims", claims_are_old)


def claims_are_old(at: datetime) -> str:
    """How many claims nobody answered for a week; those handed to a brand count too."""
    old = Claim.objects.filter(answered_at=None, filed_at__lt=at - timedelta(days=OLD_DAYS))
    count = bounded_count(old)
    if not count:
        return ""
    noun = "claim is" if count == 1 else "claims are"
    return (
        f"{count} {noun} open for more than {OLD_DAYS} days: answer them («Claims», oldest first)"
    )
