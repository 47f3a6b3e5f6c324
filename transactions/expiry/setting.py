"""set_expiry(): whether, and when, idle balances of a currency expire. Off until it is set."""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from rewards_site.kernel.currencies import EXPONENTS, POINTS
from rewards_site.kernel.db import atomic, insert_missing, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput
from transactions.expiry.models import (
    IDLE_DAYS_MAX,
    WARN_DAYS_MIN,
    ExpiryPolicy,
    ExpiryPolicyChange,
)

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500


def set_expiry(
    *,
    currency: str,
    is_on: bool,
    idle_days: int,
    warn_days: int,
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> ExpiryPolicyChange:
    """From now on idle balances of this currency expire after so many days, or do not.

    Whoever was warned already expires no earlier than they were told. Raises: InvalidInput,
    Conflict (it is so already).
    """
    reason = _checked(currency, idle_days, warn_days, reason)

    def work() -> ExpiryPolicyChange:
        with atomic():
            told = {"is_on": is_on, "idle_days": idle_days, "warn_days": warn_days}
            insert_missing(
                [ExpiryPolicy(currency=currency, **(told | {"is_on": False}), changed_at=at)]
            )
            row = ExpiryPolicy.objects.select_for_update(of=("self",)).get(currency=currency)
            has_history = ExpiryPolicyChange.objects.filter(currency=currency).exists()
            if has_history and told == {name: getattr(row, name) for name in told}:
                raise Conflict("It is so already.")
            for name, value in told.items():
                setattr(row, name, value)
            row.changed_at = at
            row.save(update_fields=[*told, "changed_at"])
            return ExpiryPolicyChange.objects.create(
                currency=currency, **told, actor_id=actor.pk, reason=reason, at=at
            )

    made = retry_deadlocks(work)
    log.info("expiry.set", extra={"currency": currency, "is_on": is_on, "actor": actor.pk})
    return made


def _checked(currency: str, idle_days: int, warn_days: int, reason: str) -> str:
    reason = reason.strip()
    wrong = {}
    if currency not in EXPONENTS and currency != POINTS:
        wrong["currency"] = "an ISO 4217 code, or PTS"
    if warn_days < WARN_DAYS_MIN:
        wrong["warn_days"] = f"{WARN_DAYS_MIN} or more"
    if not warn_days < idle_days <= IDLE_DAYS_MAX:
        wrong["idle_days"] = f"more than those of the warning, and {IDLE_DAYS_MAX} at most"
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        wrong["reason"] = f"1-{REASON_LENGTH_MAX} characters"
    if wrong:
        raise InvalidInput("That cannot be set.", fields=wrong)
    return reason
