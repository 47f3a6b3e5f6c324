"""What the landing page and the alarms say of promotions. Registered at start."""

from __future__ import annotations

from datetime import datetime

from offers.rules import gates
from offers.rules.models import RuleState, RuleVersion
from offers.rules.store import rule_of
from rewards_site.health import registry

_NAMED_MAX = 3


def register() -> None:
    registry.register("promotions", promotions_are_wrong)


def promotions_are_wrong(at: datetime) -> str:
    """Which promotions in force have used more than their budget, and how to stop them."""
    versions = RuleVersion.objects.filter(
        state=RuleState.PUBLISHED, is_promotion=True
    ).select_related("rule")
    holding = {rule.id: version for version in versions if (rule := rule_of(version)).holds_at(at)}
    used = gates.budget_used({one: holding[one].budget_currency for one in holding})
    over = sorted(
        version.rule.name
        for rule_id, version in holding.items()
        if used.get(rule_id, 0) > (version.budget_minor or 0)
    )
    if not over:
        return ""
    named = ", ".join(f"«{name}»" for name in over[:_NAMED_MAX])
    more = " and more" if len(over) > _NAMED_MAX else ""
    return (
        f"more than the budget is used of {named}{more}, by orders clicked before or without a "
        "click: withdraw the promotion («Reward rules») to have orders without a click earn "
        "by it no more"
    )
