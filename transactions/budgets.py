"""How much of the budgets of promotions is used, by the orders whose terms are of them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Sum

from offers.rules import gates
from transactions.models import Transaction


def budget_used(wanted: Mapping[str, str]) -> dict[str, int]:
    """rule id → what its orders are rewarded with in that currency, in minor units; one statement.

    As they stand now: an order that is declined gives back what it had used.
    """
    sums = (
        Transaction.objects.filter(
            promotion__in=wanted.keys(), reward_currency__in=set(wanted.values())
        )
        .values_list("promotion", "reward_currency")
        .annotate(Sum("reward_minor"))
        .order_by("promotion")
    )
    return {rule_id: used for rule_id, currency, used in sums if wanted[rule_id] == currency}


def register() -> None:
    gates.register_budget_used(budget_used)
