"""How much may be given to members in a calendar month, per currency: off until it is set.

What is taken back from a member gives the budget nothing back: it was another decision.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import BigIntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from rewards_site.kernel.currencies import UnknownCurrency, exponent_of
from rewards_site.kernel.db import atomic, in_transaction, insert_missing
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from rewards_site.kernel.money import BIGINT_MAX, decimal_text
from transactions.adjustments.models import Adjustment, AdjustmentBudget, BudgetChange

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What may be given in one currency and month, and what was; in minor units."""

    currency: str
    month: date
    limit_minor: int | None
    """None: no limit is set."""
    used_minor: int

    @property
    def left_minor(self) -> int | None:
        return None if self.limit_minor is None else max(0, self.limit_minor - self.used_minor)

    def objection(self, amount_minor: int) -> str:
        """Why so much cannot be given any more; empty if it can, or if it is taken."""
        if amount_minor <= 0 or self.left_minor is None or amount_minor <= self.left_minor:
            return ""
        return (
            f"{_money(amount_minor, self)} is more than is left of the budget of "
            f"{self.month:%Y-%m}: {_money(self.left_minor, self)}. Finance can raise it under "
            "«Adjustment budgets»; the next month has a budget of its own"
        )


def month_of(at: datetime) -> date:
    """The first day of the calendar month of `at`, in BUSINESS_TIME_ZONE."""
    return at.astimezone(settings.BUSINESS_TIME_ZONE).date().replace(day=1)


def budget_at(currency: str, at: datetime) -> Budget:
    """As it stands, without a lock."""
    row = AdjustmentBudget.objects.filter(currency=currency).first()
    return _budget(currency, row, month_of(at))


def locked_budget(currency: str, at: datetime) -> Budget:
    """The same, and nobody else gives in that currency, or sets it, until the caller's commit."""
    assert in_transaction()
    insert_missing([AdjustmentBudget(currency=currency, changed_at=at)])
    rows = AdjustmentBudget.objects.select_for_update(no_key=True, of=("self",))
    row = rows.get(currency=currency)
    # Read after the lock: what others gave meanwhile is in it
    return _budget(currency, row, month_of(at))


def _budget(currency: str, row: AdjustmentBudget | None, month: date) -> Budget:
    given = Adjustment.objects.filter(currency=currency, budget_month=month, amount_minor__gt=0)
    return Budget(
        currency=currency,
        month=month,
        limit_minor=row.month_minor if row is not None else None,
        used_minor=int(given.aggregate(sum=Sum("amount_minor"))["sum"] or 0),
    )


def used_in(month: date) -> Coalesce:
    """What was given in `month`, for each row of budgets in one statement."""
    given = (
        Adjustment.objects.filter(
            currency=OuterRef("currency"), budget_month=month, amount_minor__gt=0
        )
        .order_by()
        .values("currency")
        .annotate(sum=Sum("amount_minor"))
        .values("sum")
    )
    return Coalesce(Subquery(given), 0, output_field=BigIntegerField())


def set_budget(
    *, currency: str, month_minor: int | None, actor: User, reason: str, at: datetime
) -> AdjustmentBudget:
    """Say how much may be given in each month from now on, this one included; None: no limit.

    What was given stays. Raises: InvalidInput; Conflict (it is so already); Refused (not theirs).
    """
    reason = reason.strip()
    fields = {}
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        fields["reason"] = f"1-{REASON_LENGTH_MAX} characters"
    if month_minor is not None and not 0 <= month_minor <= BIGINT_MAX:
        fields["month_minor"] = "0 or more, in minor units"
    try:
        exponent_of(currency)
    except UnknownCurrency:
        fields["currency"] = "an ISO 4217 code, or PTS"
    if fields:
        raise InvalidInput("The budget cannot be set so.", fields=fields)
    if not actor.has_perm("adjustments.set_adjustmentbudget"):
        raise Refused("Budgets are not yours to set.")
    with atomic():
        locked_budget(currency, at)
        row = AdjustmentBudget.objects.get(currency=currency)
        if row.month_minor == month_minor and (row.change_count or month_minor is None):
            raise Conflict("The budget is that already.")
        change = BudgetChange(
            budget=row,
            number=row.change_count + 1,
            before_minor=row.month_minor,
            after_minor=month_minor,
            actor=actor,
            reason=reason,
            changed_at=at,
        )
        row.month_minor = month_minor
        row.change_count += 1
        row.changed_at = at
        row.save(update_fields=["month_minor", "change_count", "changed_at"])
        change.save(force_insert=True)
    log.info("adjustments.budget_set", extra={"currency": currency, "actor": actor.pk})
    return row


def _money(minor: int, budget: Budget) -> str:
    return f"{decimal_text(minor, budget.currency)} {budget.currency}"
