"""Setting what ops allows. Each setting is a row that stays: the last of a currency is in force."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError

from rewards_site.approvals.services import checked_reason
from rewards_site.kernel.currencies import UnknownCurrency, exponent_of
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput
from rewards_site.kernel.money import BIGINT_MAX
from transactions.redemptions.models import RedemptionLimits

log = logging.getLogger(__name__)

_HOURS_MAX = 24 * 365
_DAYS_MAX = 366
_COUNT_MAX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """All limits of one currency; None is off. Amounts in its minor units."""

    cooling_off_hours: int | None = None
    member_days: int | None = None
    member_count: int | None = None
    member_sum_minor: int | None = None
    destination_days: int | None = None
    destination_count: int | None = None
    destination_sum_minor: int | None = None
    second_person_minor: int | None = None


_LEAST_AND_MOST = {
    "cooling_off_hours": (1, _HOURS_MAX),
    "member_days": (1, _DAYS_MAX),
    "member_count": (1, _COUNT_MAX),
    "member_sum_minor": (1, BIGINT_MAX),
    "destination_days": (1, _DAYS_MAX),
    "destination_count": (1, _COUNT_MAX),
    "destination_sum_minor": (1, BIGINT_MAX),
    "second_person_minor": (0, BIGINT_MAX),
}


def set_limits(
    *, currency: str, setting: Setting, actor: User, reason: str, at: datetime
) -> RedemptionLimits:
    """Have `setting` in force from now on, for requests and approvals to come.

    Raises: InvalidInput; Conflict (it is so already; somebody else was faster).
    """
    reason = checked_reason(reason)
    _check(currency, setting)
    told = {item.name: getattr(setting, item.name) for item in fields(Setting)}
    last = RedemptionLimits.objects.filter(currency=currency).order_by("-number").first()
    before = {name: getattr(last, name, None) for name in told}
    if told == before:
        raise Conflict(f"The limits of {currency} are so already.")
    try:
        with atomic():
            row = RedemptionLimits.objects.create(
                currency=currency,
                number=last.number + 1 if last is not None else 1,
                actor=actor,
                reason=reason,
                set_at=at,
                **told,
            )
    except IntegrityError as error:
        raise Conflict("Somebody else set them this very moment. Look, and try again.") from error
    log.info("redemption.limits_set", extra={"limits": row.pk, "actor": actor.pk})
    return row


def _check(currency: str, setting: Setting) -> None:
    """Raises: InvalidInput, with every field that is wrong."""
    wrong: dict[str, str] = {}
    try:
        exponent_of(currency)
    except UnknownCurrency:
        wrong["currency"] = "An ISO 4217 code in upper case, or PTS."
    for name, (least, most) in _LEAST_AND_MOST.items():
        value = getattr(setting, name)
        if value is not None and not least <= value <= most:
            wrong[name] = f"{least} to {most}, or empty for no limit."
    for whose in ("member", "destination"):
        has_days = getattr(setting, f"{whose}_days") is not None
        has_limit = (
            getattr(setting, f"{whose}_count") is not None
            or getattr(setting, f"{whose}_sum_minor") is not None
        )
        if has_days != has_limit:
            wrong[f"{whose}_days"] = "Days go with a count, a sum, or both."
    if wrong:
        raise InvalidInput("These limits cannot be set.", fields=wrong)
